import { createSecretKey, randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { newSealingKey } from 'express-esql-async-query'
import { readDefaultCatalogue } from '../../lib/sample/catalogue'
import { HELP, parseCommandLine } from '../../lib/server/config'
import { ConfigError } from '../../lib/server/config-error'
import { ALL_SETTINGS } from '../../lib/server/settings'
import { rsaKeys, signToken } from '../support/tokens'

const PEM = rsaKeys.publicKey.export({ type: 'spki', format: 'pem' }).toString()

const FILES: Readonly<Record<string, string>> = {
  'key.pem': PEM,
  'secret.txt': 'a secret of more than thirty-two bytes\n',
  'empty.txt': '\n',
  'catalogue.json': '{ "queries": [{ "query": "FROM logs", "response": { "columns": [], "values": [] } }] }',
  'broken.json': '{ "queries": [',
  'wrong.json': '{ "queries": [{ "query": "FROM logs" }] }',
}

/** No UTF-8, and ends like a text. */
const RANDOM = Buffer.concat([Buffer.of(0xff), randomBytes(62), Buffer.from('\n')])

const TEXT = 'a secret of more than thirty-two bytes, schl\u00fcssel'

const TOKEN_CHECK = {
  ESQL_ASYNC_SAMPLES: 'true',
  ESQL_ASYNC_JWT_KEY: PEM,
  ESQL_ASYNC_JWT_ALGORITHMS: 'RS256,PS256',
  ESQL_ASYNC_JWT_ISSUER: 'https://issuer.example',
  ESQL_ASYNC_JWT_AUDIENCE: 'queries',
}

/** Secrets are no flags. */
const JWT_KEY = 'did you mean the variable ESQL_ASYNC_JWT_KEY?'

const folder = mkdtempSync(path.join(tmpdir(), 'config-spec-'))
const at = (name: string): string => path.join(folder, name)
const missing = (name: string): string => `ENOENT: no such file or directory, open '${at(name)}'`

beforeAll(() => {
  for (const [name, text] of Object.entries(FILES)) writeFileSync(at(name), text)
})

afterAll(() => rmSync(folder, { recursive: true }))

function read(environment: Record<string, string> = {}, args: string[] = []) {
  return parseCommandLine(args, environment)
}

function configOf(environment: Record<string, string> = {}, args: string[] = []) {
  const command = read(environment, args)
  if (command.action !== 'serve') throw new Error(`it asks for ${command.action}`)
  return command.config
}

/** What a person gets to read. */
function refusal(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    if (error instanceof ConfigError) return error.message
    throw error
  }
  throw new Error('it is not refused')
}

describe('the configuration of the standalone server', () => {
  it('without anything is development mode on the loopback address', () => {
    expect(configOf()).toEqual({
      host: '127.0.0.1',
      port: 3000,
      tokenCheck: undefined,
      elasticsearch: undefined,
      queries: readDefaultCatalogue().map(({ usage }) => expect.objectContaining({ usage })),
      isOwnCatalogue: false,
      watchedFiles: [],
      router: {},
      store: {},
      info: {},
      compresses: true,
      cors: undefined,
      shutdownDelayMs: 0,
      shutdownGraceMs: 10_000,
      logLevel: 'info',
      logFormat: undefined,
      metrics: undefined,
    })
  })

  it('has a variable for everything', () => {
    expect(
      configOf({
        ...TOKEN_CHECK,
        ESQL_ASYNC_SAMPLES: 'false',
        ESQL_ASYNC_PRINT: 'json',
        ESQL_ASYNC_HOST: '::1',
        ESQL_ASYNC_PORT: '0',
        ESQL_ASYNC_JWT_OWNER_CLAIM: 'client_id',
        ESQL_ASYNC_JWT_CANCEL_TASKS: 'scope=cancel_task',
        ESQL_ASYNC_JWT_MONITOR_QUERIES: 'scope=monitor_esql',
        ESQL_ASYNC_JWT_CLOCK_TOLERANCE: '30s',
        ESQL_ASYNC_CATALOGUE: at('catalogue.json'),
        ESQL_ASYNC_WATCH: 'true',
        ESQL_ASYNC_WAIT_BY_DEFAULT: 'false',
        ESQL_ASYNC_MAX_WAIT: '55s',
        ESQL_ASYNC_MAX_KEEP_ALIVE: '2d',
        ESQL_ASYNC_MAX_QUERY: '10m',
        ESQL_ASYNC_MAX_RUN: '1h',
        ESQL_ASYNC_ON_MAX_RUN: 'fail',
        ESQL_ASYNC_MAX_WAITS: '300',
        ESQL_ASYNC_MAX_WAITS_PER_OWNER: '200',
        ESQL_ASYNC_MAX_BODY_BYTES: '4096',
        ESQL_ASYNC_MAX_CACHED_BYTES: '0',
        ESQL_ASYNC_MAX_QUERIES: '100',
        ESQL_ASYNC_MAX_QUERIES_PER_OWNER: '10',
        ESQL_ASYNC_MAX_BYTES: '1000000',
        ESQL_ASYNC_MAX_BYTES_PER_OWNER: '100000',
        ESQL_ASYNC_PRODUCT_VERSION: '8.19.4',
        ESQL_ASYNC_COMPRESSION: 'false',
        ESQL_ASYNC_CORS_ALLOW_ORIGIN: 'https://a.example,http://localhost:5601',
        ESQL_ASYNC_CORS_ALLOW_CREDENTIALS: 'true',
        ESQL_ASYNC_CORS_ALLOW_HEADERS: 'Authorization, X-Mine',
        ESQL_ASYNC_CORS_MAX_AGE: '1h',
        ESQL_ASYNC_SHUTDOWN_DELAY: '20s',
        ESQL_ASYNC_SHUTDOWN_GRACE: '1500ms',
        ESQL_ASYNC_LOG_LEVEL: 'warn',
      }),
    ).toEqual({
      host: '::1',
      port: 0,
      tokenCheck: {
        resolveCaller: expect.any(Function),
        options: expect.objectContaining({ issuer: 'https://issuer.example' }),
      },
      elasticsearch: undefined,
      queries: [expect.objectContaining({ usage: 'FROM logs' })],
      isOwnCatalogue: true,
      watchedFiles: [at('catalogue.json')],
      router: {
        waitByDefault: false,
        maxWaitMs: 55_000,
        maxQueryMs: 600_000,
        maxWaits: 300,
        maxWaitsPerOwner: 200,
        maxKeepAliveMs: 172_800_000,
        maxBodyBytes: 4_096,
        maxCachedBytes: 0,
      },
      store: {
        maxQueries: 100,
        maxQueriesPerOwner: 10,
        maxBytes: 1_000_000,
        maxBytesPerOwner: 100_000,
        maxRunMs: 3_600_000,
        onMaxRun: 'fail',
      },
      info: { version: '8.19.4' },
      compresses: false,
      cors: {
        allowOrigin: ['https://a.example', 'http://localhost:5601'],
        allowCredentials: true,
        allowHeaders: ['Authorization', 'X-Mine'],
        maxAgeMs: 3_600_000,
      },
      shutdownDelayMs: 20_000,
      shutdownGraceMs: 1_500,
      logLevel: 'warn',
      print: 'json',
    })
  })

  it.each<[string, unknown]>([
    ['*', '*'],
    ['/https:..\\w+.example/', /^(?:https:..\w+.example)$/],
    ['/https:..a|https:..b/', /^(?:https:..a|https:..b)$/],
  ])('lets pages of the origins %s ask', (text, allowOrigin) => {
    expect(configOf({ ESQL_ASYNC_CORS_ALLOW_ORIGIN: text }).cors).toEqual({
      allowOrigin,
      allowCredentials: false,
      allowHeaders: expect.arrayContaining(['Authorization', 'Content-Type', 'X-Elastic-Client-Meta']),
      maxAgeMs: 1_728_000_000,
    })
  })

  it('takes the port of a platform where ours is not given', () => {
    expect(configOf({ PORT: '8080' }).port).toBe(8080)
    expect(configOf({ PORT: '8080', ESQL_ASYNC_PORT: '80' }).port).toBe(80)
    expect(configOf({ PORT: '8080' }, ['--port', '81']).port).toBe(81)
    expect(refusal(() => read({ PORT: 'tcp' }))).toBe('PORT must be a port, 0 to 65535, got `tcp`')
  })

  it.each<[string, Record<string, string>, string[]]>([
    ['that says it by name', {}, []],
    ['that says it with a flag', { ESQL_ASYNC_SAMPLES: 'false' }, ['--samples']],
  ])('answers sample queries to real tokens for somebody %s', (_, environment, args) => {
    expect(configOf({ ...TOKEN_CHECK, ...environment }, args).isOwnCatalogue).toBe(false)
  })

  it('takes flags too, which win over variables', () => {
    const args = [
      '--development',
      'true',
      '--port',
      '4000',
      '--host=0.0.0.0',
      '--max-wait',
      '2m',
      '--catalogue',
      at('catalogue.json'),
    ]
    expect(configOf({ ESQL_ASYNC_PORT: '5000', ESQL_ASYNC_LOG_LEVEL: 'debug' }, args)).toMatchObject({
      host: '0.0.0.0',
      port: 4000,
      queries: [{ usage: 'FROM logs' }],
      router: { maxWaitMs: 120_000 },
      logLevel: 'debug',
    })
  })

  it.each<[string[], boolean]>([
    [['--watch'], true],
    [['--watch', '--port', '4000'], true],
    [['--watch', 'true'], true],
    [['--watch=false'], false],
    [['--watch', 'false'], false],
  ])('reads %j: a flag that is true or false may stand alone', (args, watches) => {
    const catalogue = at('catalogue.json')
    expect(configOf({ ESQL_ASYNC_CATALOGUE: catalogue }, args).watchedFiles).toEqual(
      watches ? [catalogue] : [],
    )
  })

  describe.each<[string, Record<string, string>, string]>([
    ['on another address than the loopback', { ESQL_ASYNC_HOST: '0.0.0.0' }, 'on 0.0.0.0'],
    [
      'in front of a cluster',
      { ELASTICSEARCH_URL: 'http://localhost:9200', ESQL_ASYNC_SEALING_KEYS: newSealingKey() },
      'in front of a cluster',
    ],
  ])('%s', (_, environment, where) => {
    it('prints no tokens without a key', () => {
      expect(refusal(() => configOf(environment))).toBe(
        `there is no key to check tokens with, and the server prints no tokens ${where}: set one of ` +
          'ESQL_ASYNC_JWT_KEY, ESQL_ASYNC_JWT_KEY_FILE, ESQL_ASYNC_JWT_JWKS, or ESQL_ASYNC_DEVELOPMENT=true to ' +
          'let in anybody who reads the console',
      )
      expect(refusal(() => configOf({ ...environment, ESQL_ASYNC_DEVELOPMENT: 'false' }))).toContain(where)
    })

    it('starts with a key, or when the configuration lets it print tokens', () => {
      const { ESQL_ASYNC_SAMPLES: _, ...check } = TOKEN_CHECK
      const catalogue =
        'ELASTICSEARCH_URL' in environment ? {} : { ESQL_ASYNC_CATALOGUE: at('catalogue.json') }
      expect(configOf({ ...environment, ...check, ...catalogue }).tokenCheck).toBeDefined()
      expect(configOf({ ...environment, ESQL_ASYNC_DEVELOPMENT: 'true' }).tokenCheck).toBeUndefined()
    })
  })

  it('listens on all addresses once tokens are checked', () => {
    expect(configOf(TOKEN_CHECK).host).toBeUndefined()
  })

  it('reads the key from a file, without the line break that ends it', () => {
    const { ESQL_ASYNC_JWT_KEY: _, ...others } = TOKEN_CHECK
    expect(configOf({ ...others, ESQL_ASYNC_JWT_KEY_FILE: at('key.pem') }).tokenCheck).toBeDefined()
    expect(() =>
      configOf({ ...others, ESQL_ASYNC_JWT_KEY_FILE: at('secret.txt'), ESQL_ASYNC_JWT_ALGORITHMS: 'HS384' }),
    ).toThrow('a secret of 38 bytes')
  })

  it.each<[string, string | Buffer, Buffer]>([
    ['bytes as they are, a line break at their end included', RANDOM, RANDOM],
    ['a text without its byte order mark and line breaks', `\ufeff${TEXT}\r\n`, Buffer.from(TEXT)],
    ['a text with blanks at its end', `${TEXT} \n`, Buffer.from(`${TEXT} `)],
  ])('takes for a secret the %s of a file', async (_, content, secret) => {
    writeFileSync(at('secret'), content)
    const { ESQL_ASYNC_JWT_KEY: __, ...others } = TOKEN_CHECK
    const environment = {
      ...others,
      ESQL_ASYNC_JWT_KEY_FILE: at('secret'),
      ESQL_ASYNC_JWT_ALGORITHMS: 'HS256',
    }
    const { tokenCheck } = configOf(environment)
    const claims = { iss: 'https://issuer.example', aud: 'queries', sub: 'alice', exp: 9_999_999_999 }
    const authorization = `Bearer ${signToken(claims, { algorithm: 'HS256', key: createSecretKey(secret) })}`
    const request = { headers: { authorization }, rawHeaders: ['Authorization', authorization] }
    expect(await tokenCheck?.resolveCaller(request as never)).toMatchObject({ canCancelTasks: false })
  })

  it.each(['discover', 'https://issuer.example/jwks?p=policy'])(
    'takes the key set %s in place of a key',
    (location) => {
      const { ESQL_ASYNC_JWT_KEY: _, ...others } = TOKEN_CHECK
      const { host, tokenCheck } = configOf({ ...others, ESQL_ASYNC_JWT_JWKS: location })
      expect([host, tokenCheck?.resolveCaller]).toEqual([undefined, expect.any(Function)])
    },
  )

  it('leaves variables of others alone, those of a Kubernetes service of a similar name included', () => {
    const environment = {
      HOST: 'me',
      ESQL_ASYNC_QUERY_SERVICE_HOST: '10.0.0.1',
      ESQL_ASYNC_QUERY_SERVICE_PORT_HTTP: '80',
      ESQL_ASYNC_QUERY_PORT: 'tcp://10.0.0.1:80',
      ESQL_ASYNC_QUERY_PORT_80_TCP_ADDR: '10.0.0.1',
    }
    expect(configOf(environment)).toEqual({ ...configOf(), queries: expect.any(Array) })
  })

  it.each([
    [['--help'], 'help'],
    [['-h', '--port', '80a'], 'help'],
    [['--version'], 'version'],
    [['--new-sealing-key'], 'new-sealing-key'],
    [['--postgres-schema'], 'postgres-schema'],
  ])('%j asks for something else', (args, action) => {
    expect(read({}, args)).toEqual({ action })
  })

  it('is described by the help, flag by flag and variable by variable', () => {
    const flags = [...HELP.matchAll(/^ {2}--([a-z-]+) [A-Z=]+ +(?:ESQL_ASYNC_)?([A-Z_]+)$/gm)]
    expect(flags.map(([, flag]) => flag)).toEqual(
      flags.map(([, , variable = '']) => variable.toLowerCase().replaceAll('_', '-')),
    )
    expect(flags).toHaveLength(ALL_SETTINGS.filter(({ isSecret }) => !isSecret).length)
    expect(HELP).toContain(' (no flag)                        ESQL_ASYNC_JWT_KEY\n')
  })
})

describe('a configuration that is refused', () => {
  const { ESQL_ASYNC_JWT_KEY: _, ...withoutKey } = TOKEN_CHECK

  it.each([
    ['PORT', '80a', 'a port, 0 to 65535'],
    ['PORT', '65536', 'a port, 0 to 65535'],
    ['PORT', '-1', 'a port, 0 to 65535'],
    ['PORT', '', 'a port, 0 to 65535'],
    ['HOST', '', 'a text that is not empty'],
    ['WAIT_BY_DEFAULT', 'yes', 'true or false'],
    ['MAX_WAIT', '30', 'a time value such as 500ms, 30s or 5d'],
    ['MAX_WAIT', '1.5s', 'a time value such as 500ms, 30s or 5d'],
    ['MAX_WAIT', '-1', 'a time value such as 500ms, 30s or 5d'],
    ['MAX_KEEP_ALIVE', '0s', 'a time value such as 500ms, 30s or 5d'],
    ['MAX_BODY_BYTES', '1mb', 'a whole number above 0'],
    ['MAX_QUERIES', '0', 'a whole number above 0'],
    ['MAX_QUERIES_PER_OWNER', '1e3', 'a whole number above 0'],
    ['MAX_BYTES', '99999999999999999999', 'a whole number above 0'],
    ['MAX_BYTES_PER_OWNER', ' 5', 'a whole number above 0'],
    ['SHUTDOWN_DELAY', 'later', 'a time value such as 500ms, 30s or 5d'],
    ['SHUTDOWN_GRACE', 'soon', 'a time value such as 500ms, 30s or 5d'],
    ['LOG_LEVEL', 'verbose', 'debug, info, warn or error'],
    ['JWT_ALGORITHMS', 'RS256,', 'a comma-separated list'],
    ['JWT_ISSUER', '', 'a text that is not empty'],
    ['JWT_AUDIENCE', '', 'a comma-separated list'],
    ['JWT_CANCEL_TASKS', 'admin', 'a claim and a value, such as scope=cancel_task'],
    ['JWT_MONITOR_QUERIES', 'admin', 'a claim and a value, such as scope=monitor_esql'],
    ['JWT_KEY_FILE', '', 'the path of a file'],
    ['JWT_JWKS_MAX_AGE', '10', 'a time value such as 500ms, 30s or 5d'],
    ['JWT_JWKS_MAX_OUTAGE', 'never', 'a time value such as 500ms, 30s or 5d'],
    ['JWT_JWKS_ALLOW_HTTP', 'yes', 'true or false'],
    ['CATALOGUE', '', 'the path of a file'],
    ['PRODUCT_VERSION', '9', 'a version such as 9.5.0'],
    ['COMPRESSION', 'gzip', 'true or false'],
    ...['', 'app.example', 'https://app.example/', 'https://App.example', '/(/', '*,https://a.example'].map(
      (origins) => [
        'CORS_ALLOW_ORIGIN',
        origins,
        'a list of origins such as https://app.example, a regular expression between slashes, or *',
      ],
    ),
  ])('says what %s must be, not `%s`', (name, text, expected) => {
    expect(refusal(() => read({ ...TOKEN_CHECK, [`ESQL_ASYNC_${name}`]: text }))).toBe(
      `ESQL_ASYNC_${name} must be ${expected}, got \`${text}\``,
    )
  })

  it('names the flag where the value came from one', () => {
    expect(refusal(() => read({ ESQL_ASYNC_PORT: '80' }, ['--port', '80a']))).toBe(
      '--port must be a port, 0 to 65535, got `80a`',
    )
  })

  it.each<[string, Record<string, string>, string | RegExp]>([
    [
      'an empty key, without showing more',
      { ...withoutKey, ESQL_ASYNC_JWT_KEY: '' },
      'ESQL_ASYNC_JWT_KEY must be a text that is not empty',
    ],
    [
      'a key alone',
      { ESQL_ASYNC_JWT_KEY: PEM },
      'ESQL_ASYNC_JWT_KEY alone cannot check tokens; set ESQL_ASYNC_JWT_ALGORITHMS, ESQL_ASYNC_JWT_ISSUER, ' +
        'ESQL_ASYNC_JWT_AUDIENCE too',
    ],
    [
      'everything but a key',
      withoutKey,
      'ESQL_ASYNC_JWT_ALGORITHMS, ESQL_ASYNC_JWT_ISSUER, ESQL_ASYNC_JWT_AUDIENCE alone cannot check tokens; ' +
        'set ESQL_ASYNC_JWT_KEY or ESQL_ASYNC_JWT_KEY_FILE or ESQL_ASYNC_JWT_JWKS too',
    ],
    [
      'an issuer alone',
      { ESQL_ASYNC_JWT_ISSUER: 'i' },
      'ESQL_ASYNC_JWT_ISSUER alone cannot check tokens; set ESQL_ASYNC_JWT_KEY or ESQL_ASYNC_JWT_KEY_FILE or ' +
        'ESQL_ASYNC_JWT_JWKS, ESQL_ASYNC_JWT_ALGORITHMS, ESQL_ASYNC_JWT_AUDIENCE too',
    ],
    [
      'an owner claim alone',
      { ESQL_ASYNC_JWT_OWNER_CLAIM: 'client_id' },
      'ESQL_ASYNC_JWT_OWNER_CLAIM alone cannot check tokens; set ESQL_ASYNC_JWT_KEY or ' +
        'ESQL_ASYNC_JWT_KEY_FILE or ESQL_ASYNC_JWT_JWKS, ESQL_ASYNC_JWT_ALGORITHMS, ESQL_ASYNC_JWT_ISSUER, ' +
        'ESQL_ASYNC_JWT_AUDIENCE too',
    ],
    [
      'rules for origins where none may ask',
      { ESQL_ASYNC_CORS_MAX_AGE: '1h', ESQL_ASYNC_CORS_ALLOW_CREDENTIALS: 'false' },
      'ESQL_ASYNC_CORS_ALLOW_CREDENTIALS, ESQL_ASYNC_CORS_MAX_AGE: set ESQL_ASYNC_CORS_ALLOW_ORIGIN too',
    ],
    [
      'two keys',
      { ...TOKEN_CHECK, ESQL_ASYNC_JWT_KEY_FILE: at('key.pem') },
      'ESQL_ASYNC_JWT_KEY and ESQL_ASYNC_JWT_KEY_FILE are both set; remove one',
    ],
    [
      'a key file that is not there',
      { ...withoutKey, ESQL_ASYNC_JWT_KEY_FILE: at('gone.pem') },
      `ESQL_ASYNC_JWT_KEY_FILE names a file that cannot be read: ${missing('gone.pem')}`,
    ],
    [
      'an empty key file',
      { ...withoutKey, ESQL_ASYNC_JWT_KEY_FILE: at('empty.txt') },
      `ESQL_ASYNC_JWT_KEY_FILE names an empty file: ${at('empty.txt')}`,
    ],
    [
      'a key that does not fit the algorithm',
      { ...TOKEN_CHECK, ESQL_ASYNC_JWT_ALGORITHMS: 'HS256' },
      /`HS256` of `ESQL_ASYNC_JWT_ALGORITHMS`: .* `ESQL_ASYNC_JWT_KEY` is .* 2048 bits$/,
    ],
    [
      'a key that is none',
      { ...TOKEN_CHECK, ESQL_ASYNC_JWT_KEY: '-----BEGIN PUBLIC KEY-----' },
      /`ESQL_ASYNC_JWT_KEY`: .*PEM/,
    ],
    [
      'an algorithm that does not exist',
      { ...TOKEN_CHECK, ESQL_ASYNC_JWT_ALGORITHMS: 'RS257' },
      /`ESQL_ASYNC_JWT_ALGORITHMS.* `RS257`/,
    ],
    [
      'a clock tolerance of a day',
      { ...TOKEN_CHECK, ESQL_ASYNC_JWT_CLOCK_TOLERANCE: '1d' },
      /`ESQL_ASYNC_JWT_CLOCK_TOLERANCE` .*`86400`/,
    ],
    [
      'a key and a key set',
      { ...TOKEN_CHECK, ESQL_ASYNC_JWT_JWKS: 'discover' },
      'ESQL_ASYNC_JWT_KEY and ESQL_ASYNC_JWT_JWKS are both set; remove one',
    ],
    [
      'a key set alone',
      { ESQL_ASYNC_JWT_JWKS: 'https://issuer.example/jwks' },
      'ESQL_ASYNC_JWT_JWKS alone cannot check tokens; set ESQL_ASYNC_JWT_ALGORITHMS, ESQL_ASYNC_JWT_ISSUER, ' +
        'ESQL_ASYNC_JWT_AUDIENCE too',
    ],
    [
      'times of a key set that is not there',
      { ...TOKEN_CHECK, ESQL_ASYNC_JWT_JWKS_MAX_AGE: '5m', ESQL_ASYNC_JWT_JWKS_ALLOW_HTTP: 'true' },
      'ESQL_ASYNC_JWT_JWKS_MAX_AGE, ESQL_ASYNC_JWT_JWKS_ALLOW_HTTP: set ESQL_ASYNC_JWT_JWKS too',
    ],
    [
      'a key set that is none, without showing it',
      { ...withoutKey, ESQL_ASYNC_JWT_JWKS: 'https://user:secret@issuer.example/jwks' },
      'ESQL_ASYNC_JWT_JWKS must be an http or https URL without credentials, or `discover`',
    ],
    [
      'a key set that comes over http',
      { ...withoutKey, ESQL_ASYNC_JWT_JWKS: 'http://issuer.example/jwks' },
      '`ESQL_ASYNC_JWT_JWKS` of jwtCaller expects `url` to be an https URL without credentials, or an http URL ' +
        'with `ESQL_ASYNC_JWT_JWKS_ALLOW_HTTP=true`',
    ],
    [
      'an issuer that cannot be discovered',
      { ...withoutKey, ESQL_ASYNC_JWT_JWKS: 'discover', ESQL_ASYNC_JWT_ISSUER: 'accounts' },
      'jwtCaller cannot discover the keys of this `ESQL_ASYNC_JWT_ISSUER`, which is not an https URL without ' +
        'credentials, or an http URL with `ESQL_ASYNC_JWT_JWKS_ALLOW_HTTP=true`; give their `url` in ' +
        '`ESQL_ASYNC_JWT_JWKS`',
    ],
    [
      'an age beyond the outage',
      {
        ...withoutKey,
        ESQL_ASYNC_JWT_JWKS: 'discover',
        ESQL_ASYNC_JWT_JWKS_MAX_AGE: '2h',
        ESQL_ASYNC_JWT_JWKS_MAX_OUTAGE: '1h',
      },
      '`ESQL_ASYNC_JWT_JWKS` of jwtCaller expects `ESQL_ASYNC_JWT_JWKS_MAX_AGE` (7200000) to be at most ' +
        '`ESQL_ASYNC_JWT_JWKS_MAX_OUTAGE` (3600000)',
    ],
    [
      'a secret of a key set',
      { ...withoutKey, ESQL_ASYNC_JWT_JWKS: 'discover', ESQL_ASYNC_JWT_ALGORITHMS: 'HS256' },
      /^jwtCaller cannot use `HS256` of `ESQL_ASYNC_JWT_ALGORITHMS` with `ESQL_ASYNC_JWT_JWKS`/,
    ],
    [
      'a catalogue that is not there',
      { ESQL_ASYNC_CATALOGUE: at('gone.json') },
      `ESQL_ASYNC_CATALOGUE names a file that cannot be read: ${missing('gone.json')}`,
    ],
    [
      'a catalogue that is no JSON',
      { ESQL_ASYNC_CATALOGUE: at('broken.json') },
      `ESQL_ASYNC_CATALOGUE: ${at('broken.json')}: [1:15] Unexpected end-of-input`,
    ],
    [
      'a catalogue that is none',
      { ESQL_ASYNC_CATALOGUE: at('wrong.json') },
      `ESQL_ASYNC_CATALOGUE: ${at('wrong.json')}: queries[0] must have exactly one of \`response\`, \`responses\` and \`response_file\``,
    ],
    [
      'real tokens, and nothing to answer with',
      { ...TOKEN_CHECK, ESQL_ASYNC_SAMPLES: 'false' },
      'tokens are checked, but there is nothing to answer with: set ELASTICSEARCH_URL for a cluster, or ' +
        'ESQL_ASYNC_CATALOGUE for queries of your own; ESQL_ASYNC_SAMPLES=true serves the sample queries',
    ],
    [
      'samples beside a catalogue',
      { ESQL_ASYNC_SAMPLES: 'true', ESQL_ASYNC_CATALOGUE: at('catalogue.json') },
      'ESQL_ASYNC_SAMPLES and ESQL_ASYNC_CATALOGUE exclude each other; remove one',
    ],
    [
      'half a configuration whose other half has a foreign name',
      { ESQL_ASYNC_JWT_ISSUER: 'https://issuer.example', JWKS_URI: 'https://issuer.example/jwks' },
      /^ESQL_ASYNC_JWT_ISSUER alone cannot check tokens; .*; the variable JWKS_URI is not read; did you mean ESQL_ASYNC_JWT_JWKS\?$/,
    ],
    [
      'a catalogue to watch that is not named',
      { ESQL_ASYNC_WATCH: 'true' },
      'ESQL_ASYNC_WATCH needs ESQL_ASYNC_CATALOGUE, the file to watch',
    ],
    [
      'a bad value of a setting that decides nothing here',
      { ESQL_ASYNC_SAMPLES: 'maybe' },
      'ESQL_ASYNC_SAMPLES must be true or false, got `maybe`',
    ],
    [
      'an unknown variable',
      { ESQL_ASYNC_PROT: '80' },
      'the variable ESQL_ASYNC_PROT is not known; did you mean ESQL_ASYNC_PORT?',
    ],
  ])('names what is wrong with %s', (_what, environment, message) => {
    expect(refusal(() => read(environment))).toEqual(
      message instanceof RegExp ? expect.stringMatching(message) : message,
    )
  })

  it.each([
    [['--prot', '80'], 'the flag --prot is not known; did you mean --port?'],
    [['--catalog=x'], 'the flag --catalog is not known; did you mean --catalogue?'],
    [
      ['--elasticsearch-uri', 'x'],
      'the flag --elasticsearch-uri is not known; did you mean --elasticsearch-url?',
    ],
    [['--max_waits', '3'], 'a flag is not known; did you mean --max-waits?'],
    [['--chek'], 'the flag --chek is not known; did you mean --check?'],
    [['--tour=1'], 'the flag --tour takes no value'],
    [['--jwt-key', 'secret'], `the flag --jwt-key is not known; ${JWT_KEY}`],
    [['--max-waits3'], 'a flag is not known; did you mean --max-waits?'],
    [['--qqqqqqqq'], 'the flag --qqqqqqqq is not known; see --help'],
    [['-p', '80'], 'the flag -p is not known; see --help'],
    [['--port'], 'the flag --port needs a value'],
    [['--port', '--help'], 'the flag --port needs a value'],
    [['--version=1'], 'the flag --version takes no value'],
    [['--jwt-key=secret'], `the flag --jwt-key is not known; ${JWT_KEY}`],
    ...[
      ['s3cret'],
      ['--', 's3cret'],
      ['--port', '80', 's3cret'],
      ['--S3cret'],
      ['---s3cret'],
      ['--s3 cret'],
    ].map((args): [string[], string] => [args, 'an argument belongs to no flag; see --help']),
  ])('refuses the arguments %j', (args, message) => {
    expect(refusal(() => parseCommandLine(args, {}, ['--tour', '--check']))).toBe(message)
  })

  it('never shows the key', () => {
    const secrets = ['short secret', '-----BEGIN secret', '{"kty":"secret"}']
    for (const secret of secrets) {
      for (const environment of [{}, withoutKey]) {
        const message = refusal(() => read({ ...environment, ESQL_ASYNC_JWT_KEY: secret }))
        expect(message).not.toContain(secret)
      }
    }
  })
})
