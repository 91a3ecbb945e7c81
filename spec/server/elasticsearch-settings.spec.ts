import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { newSealingKey } from 'express-esql-async-query'
import { parseCommandLine } from '../../lib/server/config'
import { ConfigError } from '../../lib/server/config-error'
import { CERTIFICATE } from '../support/certificate'
import { rsaKeys } from '../support/tokens'

const KEY = newSealingKey()
const OLD_KEY = newSealingKey()

const FILES: Readonly<Record<string, string>> = {
  'keys.txt': `${KEY}\n${OLD_KEY}\n`,
  'empty.txt': '\n',
  'ca.pem': `\ufeff${CERTIFICATE}`,
  'two.pem': `# ours\n${CERTIFICATE}\n# theirs\n${CERTIFICATE}`,
  'key.pem': rsaKeys.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  'text.pem': 'PEM',
  'escaped.pem': CERTIFICATE.replaceAll('\n', '\\n'),
  'cut.pem': `${CERTIFICATE}${CERTIFICATE.slice(0, 300)}`,
  'spoiled.pem': `${CERTIFICATE.replace('MIIB', 'AAAA')}${CERTIFICATE}`,
}

const ELASTICSEARCH_URL = 'https://es.example:9200/prefix'
const URL_REFUSED =
  'ELASTICSEARCH_URL must be an http or https URL such as https://es.example:9200, without credentials and query; ' +
  'credentials have variables of their own'
const CLUSTER = { ELASTICSEARCH_URL, ESQL_ASYNC_SEALING_KEYS: KEY }

const folder = mkdtempSync(path.join(tmpdir(), 'elasticsearch-settings-spec-'))
const at = (name: string): string => path.join(folder, name)

beforeAll(() => {
  for (const [name, text] of Object.entries(FILES)) writeFileSync(at(name), text)
})

afterAll(() => rmSync(folder, { recursive: true }))

function configOf(environment: Record<string, string>, args: string[] = []) {
  const command = parseCommandLine(args, { ESQL_ASYNC_DEVELOPMENT: 'true', ...environment })
  if (command.action !== 'serve') throw new Error(`it asks for ${command.action}`)
  return command.config
}

/** What a person gets to read. */
function refusal(environment: Record<string, string>, args: string[] = []): string {
  try {
    configOf(environment, args)
  } catch (error) {
    if (error instanceof ConfigError) return error.message
    throw error
  }
  throw new Error('it is not refused')
}

describe('a cluster in the configuration of the standalone server', () => {
  it('takes a URL and sealing keys, and leaves no sample queries', () => {
    expect(configOf(CLUSTER)).toMatchObject({
      elasticsearch: { url: new URL(ELASTICSEARCH_URL), sealingKeys: [KEY], headers: {} },
      queries: [],
      isOwnCatalogue: false,
      watchedFiles: [],
    })
  })

  it('takes everything else too', () => {
    const { elasticsearch } = configOf({
      ELASTICSEARCH_URL: 'https://localhost:9200',
      ELASTICSEARCH_API_KEY: 'a2V5OnNlY3JldA==',
      ELASTICSEARCH_CA_FILE: at('ca.pem'),
      ESQL_ASYNC_SEALING_KEYS_FILE: at('keys.txt'),
      ESQL_ASYNC_RUN_AS_CLAIM: 'preferred_username',
      ESQL_ASYNC_ABANDON_AFTER: '2m',
      ESQL_ASYNC_JWT_KEY: rsaKeys.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
      ESQL_ASYNC_JWT_ALGORITHMS: 'RS256',
      ESQL_ASYNC_JWT_ISSUER: 'https://issuer.example',
      ESQL_ASYNC_JWT_AUDIENCE: 'queries',
    })
    expect(elasticsearch).toEqual({
      url: new URL('https://localhost:9200'),
      sealingKeys: [KEY, OLD_KEY],
      headers: { authorization: 'ApiKey a2V5OnNlY3JldA==' },
      ca: CERTIFICATE.trimEnd(),
      runAs: expect.any(Function),
      abandonAfterMs: 120_000,
    })
    expect(elasticsearch?.runAs?.({ owner: 'o', user: 'alice' })).toBe('alice')
  })

  it("takes basic credentials, and the caller's own", () => {
    const { elasticsearch } = configOf({
      ...CLUSTER,
      ELASTICSEARCH_USERNAME: 'gateway',
      ELASTICSEARCH_PASSWORD: 's\u00e9cret:',
      ESQL_ASYNC_FORWARD_AUTHORIZATION: 'true',
    })
    expect(elasticsearch).toEqual({
      url: new URL(ELASTICSEARCH_URL),
      sealingKeys: [KEY],
      headers: { authorization: `Basic ${Buffer.from('gateway:s\u00e9cret:').toString('base64')}` },
      forwardAuthorization: true,
    })
  })

  it('takes several keys in a variable', () => {
    const keys = `${KEY},${OLD_KEY}`
    expect(configOf({ ...CLUSTER, ESQL_ASYNC_SEALING_KEYS: keys }).elasticsearch?.sealingKeys).toEqual([
      KEY,
      OLD_KEY,
    ])
  })

  it('takes a file with several certificates', () => {
    const { elasticsearch } = configOf({ ...CLUSTER, ELASTICSEARCH_CA_FILE: at('two.pem') })
    expect(elasticsearch?.ca).toBe(FILES['two.pem']?.trimEnd())
  })

  it('takes flags for what is no secret', () => {
    const url = 'http://localhost:9200'
    const args = ['--elasticsearch-url', url, `--sealing-keys-file=${at('keys.txt')}`, '--abandon-after=5s']
    expect(configOf({}, args).elasticsearch).toMatchObject({
      url: new URL(url),
      sealingKeys: [KEY, OLD_KEY],
      abandonAfterMs: 5_000,
    })
  })

  it.each([
    ['sealing-keys', 'ESQL_ASYNC_SEALING_KEYS'],
    ['elasticsearch-api-key', 'ELASTICSEARCH_API_KEY'],
    ['elasticsearch-password', 'ELASTICSEARCH_PASSWORD'],
  ])('takes no flag --%s, which everybody on the machine could read', (flag, variable) => {
    const hint = `did you mean the variable ${variable}?`
    expect(refusal({}, [`--${flag}`, 'secret'])).toBe(`the flag --${flag} is not known; ${hint}`)
  })
})

describe('a cluster that is refused in the configuration', () => {
  it.each<[string, Record<string, string>, string]>([
    ['a URL without a scheme', { ELASTICSEARCH_URL: 'localhost:9200' }, URL_REFUSED],
    [
      'a URL with a password, without showing it',
      { ...CLUSTER, ELASTICSEARCH_URL: 'https://gateway:secret@es.example' },
      URL_REFUSED,
    ],
    ['a URL with a query', { ...CLUSTER, ELASTICSEARCH_URL: 'https://es.example/?pretty' }, URL_REFUSED],
    [
      'a URL alone',
      { ELASTICSEARCH_URL },
      'ELASTICSEARCH_URL: set ESQL_ASYNC_SEALING_KEYS or ESQL_ASYNC_SEALING_KEYS_FILE too; ' +
        '--new-sealing-key makes a key',
    ],
    [
      'everything but a URL',
      {
        ELASTICSEARCH_API_KEY: 'c2VjcmV0',
        ESQL_ASYNC_SEALING_KEYS: KEY,
        ESQL_ASYNC_RUN_AS_CLAIM: 'sub',
      },
      'ELASTICSEARCH_API_KEY, ESQL_ASYNC_SEALING_KEYS, ESQL_ASYNC_RUN_AS_CLAIM: set ELASTICSEARCH_URL too',
    ],
    [
      'what belongs to sample queries',
      { ...CLUSTER, ESQL_ASYNC_CATALOGUE: 'catalogue.json', ESQL_ASYNC_MAX_QUERIES: '5' },
      'ESQL_ASYNC_CATALOGUE, ESQL_ASYNC_MAX_QUERIES: for sample queries only; remove it, or ELASTICSEARCH_URL',
    ],
    [
      'keys in two places',
      { ...CLUSTER, ESQL_ASYNC_SEALING_KEYS_FILE: at('keys.txt') },
      'ESQL_ASYNC_SEALING_KEYS and ESQL_ASYNC_SEALING_KEYS_FILE are both set; remove one',
    ],
    [
      'a file without keys',
      { ELASTICSEARCH_URL, ESQL_ASYNC_SEALING_KEYS_FILE: at('empty.txt') },
      `ESQL_ASYNC_SEALING_KEYS_FILE names an empty file: ${at('empty.txt')}`,
    ],
    [
      'a short key',
      { ...CLUSTER, ESQL_ASYNC_SEALING_KEYS: `${KEY},key.short` },
      'ElasticsearchStore expects the secret of `ESQL_ASYNC_SEALING_KEYS[1]` to be 32 bytes in base64url, ' +
        'got 3 bytes; --new-sealing-key makes one',
    ],
    [
      'a user name alone',
      { ...CLUSTER, ELASTICSEARCH_USERNAME: 'gateway' },
      'ELASTICSEARCH_USERNAME: set ELASTICSEARCH_PASSWORD too',
    ],
    [
      'a password alone',
      { ...CLUSTER, ELASTICSEARCH_PASSWORD: 'secret' },
      'ELASTICSEARCH_PASSWORD: set ELASTICSEARCH_USERNAME too',
    ],
    [
      'two service accounts',
      { ...CLUSTER, ELASTICSEARCH_USERNAME: 'a', ELASTICSEARCH_PASSWORD: 'b', ELASTICSEARCH_API_KEY: 'c' },
      'ELASTICSEARCH_USERNAME, ELASTICSEARCH_PASSWORD and ELASTICSEARCH_API_KEY exclude each other; remove one',
    ],
    [
      'an API key that no header can carry',
      { ...CLUSTER, ELASTICSEARCH_API_KEY: 'c2VjcmV0\n' },
      'ELASTICSEARCH_API_KEY must be an API key as Elasticsearch returns it in `encoded`',
    ],
    [
      'certificates that are not there',
      { ...CLUSTER, ELASTICSEARCH_CA_FILE: at('gone.pem') },
      'ELASTICSEARCH_CA_FILE names a file that cannot be read: ' +
        `ENOENT: no such file or directory, open '${at('gone.pem')}'`,
    ],
    [
      'a file without certificates',
      { ...CLUSTER, ELASTICSEARCH_CA_FILE: at('empty.txt') },
      `ELASTICSEARCH_CA_FILE names an empty file: ${at('empty.txt')}`,
    ],
    ...['key.pem', 'text.pem', 'escaped.pem', 'cut.pem', 'spoiled.pem'].map(
      (file): [string, Record<string, string>, string] => [
        `${file} in place of certificates`,
        { ...CLUSTER, ELASTICSEARCH_CA_FILE: at(file) },
        'ElasticsearchStore expects `ELASTICSEARCH_CA_FILE` to be certificates in PEM',
      ],
    ),
    [
      'certificates for a cluster that shows none',
      { ...CLUSTER, ELASTICSEARCH_URL: 'http://es.example:9200', ELASTICSEARCH_CA_FILE: at('ca.pem') },
      'ElasticsearchStore takes `ELASTICSEARCH_CA_FILE` only with an https `ELASTICSEARCH_URL`',
    ],
    [
      'queries that are given up at once',
      { ...CLUSTER, ESQL_ASYNC_ABANDON_AFTER: '5ms' },
      'ESQL_ASYNC_ABANDON_AFTER must be a time value, 1s or more, got `5ms`',
    ],
    [
      'callers who would be two users at once',
      { ...CLUSTER, ESQL_ASYNC_RUN_AS_CLAIM: 'sub', ESQL_ASYNC_FORWARD_AUTHORIZATION: 'true' },
      'ElasticsearchStore takes `ESQL_ASYNC_RUN_AS_CLAIM` or `ESQL_ASYNC_FORWARD_AUTHORIZATION`, not both',
    ],
  ])('is %s', (_what, environment, message) => {
    expect(refusal(environment)).toBe(message)
  })

  it('names the flag where the value came from one', () => {
    expect(refusal({}, ['--elasticsearch-url', ELASTICSEARCH_URL, '--catalogue', 'mine.json'])).toBe(
      '--catalogue: for sample queries only; remove it, or --elasticsearch-url',
    )
  })
})
