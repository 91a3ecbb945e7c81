import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import net from 'node:net'
import { text as readText } from 'node:stream/consumers'
import { promisify } from 'node:util'
import { Client } from '@elastic/elasticsearch'
import { transformSync } from 'esbuild'
import { ElasticsearchStore, newSealingKey, postgresSchema } from 'express-esql-async-query'
import { version } from '../../package.json'
import type { Cluster } from '../support/cluster'
import { API_KEY, refusal, startCluster } from '../support/cluster'
import { freePort } from '../support/free-port'
import { Issuer, jwk } from '../support/issuer'
import { processesOfTests } from '../support/server-process'
import { audience, issuer, rsaKeys, token } from '../support/tokens'
import { answerThat } from '../support/until'

const { start, startShared, fileOf } = processesOfTests()

/** Puts a file beside the compiled package and returns its path. */
function file(name: string, content: string): string {
  const filePath = fileOf(name)
  writeFileSync(filePath, content)
  return filePath
}

/** A server on a free port that checks the tokens of `spec/support/tokens`. */
async function startChecked(environment: Record<string, string> = {}, starting = start) {
  const hasQueries = Object.keys(environment).some((name) => /^ELASTICSEARCH_URL$|_CATALOGUE$/.test(name))
  const server = starting({
    ...(!hasQueries && { ESQL_ASYNC_SAMPLES: 'true' }),
    ESQL_ASYNC_HOST: '127.0.0.1',
    ESQL_ASYNC_PORT: '0',
    ESQL_ASYNC_JWT_KEY_FILE: file(
      'key.pem',
      rsaKeys.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    ),
    ESQL_ASYNC_JWT_ALGORITHMS: 'RS256',
    ESQL_ASYNC_JWT_ISSUER: issuer,
    ESQL_ASYNC_JWT_AUDIENCE: audience,
    ...environment,
  })
  const url = await server.url()
  const headers = { authorization: `Bearer ${token({ sub: 'alice' })}`, 'content-type': 'application/json' }
  const submit = (body: object) =>
    fetch(`${url}/_query/async`, { method: 'POST', headers, body: JSON.stringify(body) })
  const submitSlow = async (): Promise<string> => {
    const response = await submit({ query: 'FROM slower', wait_for_completion_timeout: '0s' })
    return response.headers.get('x-elasticsearch-async-id') ?? ''
  }
  return { server, url, headers, submit, submitSlow }
}

/** The official client, unmodified, for a user of the issuer. */
function clientOf(node: string, aud: string = audience): Client {
  const bearer = token({ sub: 'alice', preferred_username: 'al', aud })
  return new Client({ node, auth: { bearer }, maxRetries: 0, compression: true })
}

describe('the bin', () => {
  it('prints its version', async () => {
    const server = start({}, ['--version'])
    expect(await server.exited).toBe(0)
    expect(server.stdout).toBe(`${version}\n`)
  })

  it('prints a new sealing key', async () => {
    const server = start({}, ['--new-sealing-key'])
    expect(await server.exited).toBe(0)
    const sealingKeys = server.stdout.split('\n').filter(Boolean)
    expect(sealingKeys).toHaveLength(1)
    expect(() => new ElasticsearchStore({ url: 'http://localhost:9200', sealingKeys })).not.toThrow()
  })

  it('prints the SQL that creates the tables of a PostgresStore', async () => {
    const server = start({}, ['--postgres-schema'])
    expect(await server.exited).toBe(0)
    expect(server.stdout).toBe(postgresSchema())
  })

  it.each(['bin.js', 'index.js'])(
    'refuses an old Node.js by name before it loads anything else: %s',
    async (entry) => {
      const version = '18.20.8'
      const old = file(
        'old.cjs',
        `Object.defineProperty(process, 'versions', { value: { node: '${version}' } })
        const { Module } = require('module')
        const load = Module._load
        Module._load = (name, ...others) => { console.log(name); return load(name, ...others) }
        require('./dist/${entry}')`,
      )
      const child = promisify(execFile)(process.execPath, [old], { env: {} })
      const { code, stdout, stderr } = await child.catch((error) => error)
      expect(code).toBe(1)
      expect(stderr).toContain(
        `express-esql-async-query needs Node.js 20.19, 21.7 or later, and this is ${version}\n`,
      )
      expect(stdout).toBe(`./dist/${entry}\n./core/supported-node\n`)
    },
  )

  it.each(['bin', 'index', 'core/supported-node'])('can be read by an old Node.js so far: %s', (name) => {
    const code = readFileSync(fileOf('dist', `${name}.js`), 'utf8')
    const inWordsOf = (target: string) =>
      transformSync(code, { target, minifyWhitespace: true, format: 'cjs' }).code
    expect(inWordsOf('node10')).toBe(inWordsOf('esnext'))
  })

  it('prints its help', async () => {
    const server = start({ ESQL_ASYNC_PORT: '80a' }, ['--help'])
    expect(await server.exited).toBe(0)
    expect(server.stdout).toContain('Usage: express-esql-async-query [FLAGS]')
  })

  it('ends with 1 and one line if its configuration is wrong', async () => {
    const server = start({ ESQL_ASYNC_PORT: '80a' })
    expect(await server.exited).toBe(1)
    expect(server.stdout).toBe('')
    expect(server.stderr).toBe(
      'express-esql-async-query: ESQL_ASYNC_PORT must be a port, 0 to 65535, got `80a`\n',
    )
  })

  it('ends with 1 and one line if the port is in use', async () => {
    const other = net.createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const { port } = other.address() as AddressInfo
    const server = start({ ESQL_ASYNC_PORT: String(port) })
    expect(await server.exited).toBe(1)
    other.close()
    expect(server.stdout).toBe('')
    expect(server.stderr).toBe(
      `express-esql-async-query: listen EADDRINUSE: address already in use 127.0.0.1:${port}; ` +
        'choose others with --host and --port, or ESQL_ASYNC_HOST and ESQL_ASYNC_PORT\n',
    )
  })

  it('ends with 1 and one line if the address belongs to another machine', async () => {
    const server = start({}, ['--development', 'true', '--host', '192.0.2.1', '--port', '0'])
    expect(await server.exited).toBe(1)
    expect(server.stderr).toBe(
      'express-esql-async-query: listen EADDRNOTAVAIL: address not available 192.0.2.1; ' +
        'choose others with --host and --port, or ESQL_ASYNC_HOST and ESQL_ASYNC_PORT\n',
    )
  })
})

describe('development mode', () => {
  it('says in one line of JSON what it serves, who may use it and where to click', async () => {
    const server = start({ ESQL_ASYNC_LOG_LEVEL: 'debug' }, ['--port', '0'])
    const url = await server.url()
    const { tokens, queries, ...others } = (await server.started()) as {
      tokens: Record<string, string>
      queries: object[]
    }
    expect(others).toEqual({ url, version, pid: expect.any(Number), serves: 'samples', console: `${url}/` })
    expect(queries).toContainEqual({
      query: 'FROM books',
      shows: 'a small table: text, a multi-value, a null',
    })
    expect(queries).toContainEqual(expect.objectContaining({ params: '[9007199254740993, "text"]' }))
    const { alice = '', mallory = '' } = tokens
    const listOf = (token: string) =>
      fetch(`${url}/_query/queries`, { headers: { authorization: `Bearer ${token}` } })
    expect(
      await Promise.all([alice, mallory, 'x'].map(async (token) => (await listOf(token)).status)),
    ).toEqual([200, 200, 401])
    server.kill('SIGTERM')
    expect(await server.exited).toBe(0)
    expect(server.stdout.split('\n')).toHaveLength(2)
    expect(server.stderr).not.toContain(alice)
  })

  it('says the same to people, with lines that work when pasted', async () => {
    const server = start({}, ['--port=0', '--print=text'])
    const url = await server.url()
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
    const announcement = await server.announcement()
    expect(announcement.split('\n').slice(0, 11)).toEqual([
      `express-esql-async-query ${version} is listening on ${url}`,
      '',
      'DEVELOPMENT MODE: no key to check tokens with is configured. Anybody who reads these lines can use this server.',
      'For real tokens set ESQL_ASYNC_JWT_JWKS or ESQL_ASYNC_JWT_KEY (see --help).',
      '',
      expect.stringMatching(
        /^ {2}Serves {3}sample queries, which are recordings \(ELASTICSEARCH_URL for a cluster/,
      ),
      '  Callers  alice and mallory, with the tokens below',
      `  Console  ${url}/`,
      '  Tour     start it with --tour to see the whole story, in any shell',
      '',
      'Queries it answers:',
    ])
    expect(announcement).toMatch(/\n {2}FROM books {2,}a small table: text, a multi-value, a null\n/)
    expect(await paste(announcement)).toMatchObject({ is_running: false, values: expect.any(Array) })
  })

  it('lists and answers the queries of a catalogue', async () => {
    const response = { columns: [{ name: 'n', type: 'long' }], values: [[1]] }
    const catalogue = JSON.stringify({
      queries: [
        { query: 'FROM shop', shows: 'one row', response },
        { pattern: 'FROM .+', response },
      ],
    })
    const server = start({}, ['--port=0', '--print=text', '--catalogue', file('catalogue.json', catalogue)])
    const url = await server.url()
    const announcement = await server.announcement()
    const [, alice = ''] = /ALICE='Authorization: (Bearer [^']+)'/.exec(announcement) ?? []
    const answer = await fetch(`${url}/_query/async`, {
      method: 'POST',
      headers: { authorization: alice, 'content-type': 'application/json' },
      body: JSON.stringify({ query: 'FROM  shop' }),
    })
    expect(await answer.json()).toMatchObject({ is_running: false, ...response })
    expect(announcement).toContain('  Serves   the queries of a catalogue\n')
    expect(announcement).toContain('Queries it answers:\n  FROM shop  one row\n  FROM .+\n')
  })

  it('says that a catalogue has no query', async () => {
    const empty = file('empty.json', '{ "queries": [] }')
    const server = start({}, ['--port=0', '--print=text', '--catalogue', empty])
    expect(await server.announcement()).toContain('\nIt answers no query: the catalogue is empty.\n')
  })

  it('offers Arrow in its console only where the package for it is installed', async () => {
    const hook = file(
      'without-arrow.cjs',
      `const { Module } = require('module')
      const resolve = Module._resolveFilename
      Module._resolveFilename = (name, ...others) => resolve(name === 'apache-arrow' ? 'not-installed' : name, ...others)`,
    )
    const has = async (environment: Record<string, string>) => {
      const url = await start(environment, ['--port=0']).url()
      const { hasArrow } = (await (await fetch(`${url}/_console/session.json`)).json()) as {
        hasArrow: boolean
      }
      return hasArrow
    }
    expect([await has({}), await has({ NODE_OPTIONS: `--require ${hook}` })]).toEqual([true, false])
  })

  it('listens on the port that a platform gives, unless ours says another', async () => {
    const [port, own] = [await freePort(), await freePort()]
    const given = start({ PORT: String(port) })
    expect(await given.url()).toBe(`http://127.0.0.1:${port}`)
    const other = start({ PORT: String(port), ESQL_ASYNC_PORT: String(own) })
    expect(await other.url()).toBe(`http://127.0.0.1:${own}`)
  })

  it('names variables that look like its settings, without their values', async () => {
    const server = start({ ESQL_ASYNC_PORT: '0', ELASTICSEARCH_URI: 'http://u:s3cret@es', HOST: 'me' })
    await server.logged('listening')
    expect(server.log.map(({ level, message }) => [level, message])).toEqual([
      ['warn', 'the variable ELASTICSEARCH_URI is not read; did you mean ELASTICSEARCH_URL?'],
      ['info', 'listening'],
    ])
    expect(server.stderr).not.toContain('s3cret')
  })
})

/** Runs the lines to paste, and returns the answer. */
async function paste(announcement: string): Promise<unknown> {
  const lines = announcement.slice(announcement.indexOf('\nURL='))
  const { stdout, stderr } = await promisify(execFile)('bash', ['-c', lines])
  expect(stderr).toBe('')
  return JSON.parse(stdout)
}

describe('a configured server that is asked, and then ended', () => {
  let run: Awaited<ReturnType<typeof startChecked>>
  let statuses: number[]
  let exitCode: number | string

  beforeAll(async () => {
    run = await startChecked({}, startShared)
    const { server, url, headers } = run
    const { authorization: good } = headers
    statuses = []
    for (const authorization of [good, `Bearer ${token({ aud: 'others' })}`, '']) {
      const answer = await fetch(`${url}/_query/async/none`, { headers: { ...headers, authorization } })
      statuses.push(answer.status)
    }
    for (const path of ['/healthz', '/readyz']) statuses.push((await fetch(url + path)).status)
    server.kill('SIGTERM')
    exitCode = await server.exited
  })

  it('accepts only callers with a token of the issuer', () => {
    const { server, headers } = run
    expect([...statuses, exitCode]).toEqual([400, 401, 401, 200, 200, 0])
    expect(server.stdout).not.toContain('DEVELOPMENT')
    expect(server.stderr).not.toContain(headers.authorization.slice('Bearer '.length))
  })

  it('logs lines of JSON', () => {
    const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
    const entry = { time, level: 'info' }
    const refused = { ...entry, message: 'a caller was refused', status: 401 }
    expect(run.server.log).toEqual([
      { ...entry, message: 'listening', url: run.url },
      expect.objectContaining({ ...entry, message: 'an async query request was refused', status: 400 }),
      expect.objectContaining(refused),
      expect.objectContaining(refused),
      { ...entry, message: 'shutting down', signal: 'SIGTERM' },
    ])
  })

  it('does not log probes', () => {
    const statusesOfLog = run.server.log.map(({ status }) => status)
    expect(statusesOfLog.filter((status) => status !== undefined)).toEqual([400, 401, 401])
  })
})

describe('a configured server', () => {
  let shared: Awaited<ReturnType<typeof startChecked>>

  beforeAll(async () => {
    const environment = { ESQL_ASYNC_PRODUCT_VERSION: '9.4.1', ESQL_ASYNC_COMPRESSION: 'true' }
    shared = await startChecked(environment, startShared)
  })

  it.each<[string, Record<string, string>, object]>([
    ['the sample queries', {}, { serves: 'samples', queries: expect.arrayContaining([expect.anything()]) }],
    [
      'the queries of a catalogue',
      { ESQL_ASYNC_CATALOGUE: 'shop.json' },
      { serves: 'catalogue', queries: [{ query: 'FROM shop' }] },
    ],
    [
      'a cluster',
      { ELASTICSEARCH_URL: 'http://localhost:9', ESQL_ASYNC_SEALING_KEYS: newSealingKey() },
      { serves: 'cluster', cluster: 'http://localhost:9/' },
    ],
  ])('says what it serves, and whose tokens it takes: %s', async (_, environment, said) => {
    const response = { columns: [], values: [] }
    const catalogue = file('shop.json', JSON.stringify({ queries: [{ query: 'FROM shop', response }] }))
    const { ESQL_ASYNC_CATALOGUE: own } = environment
    const { server, url } =
      Object.keys(environment).length === 0
        ? shared
        : await startChecked({ ...environment, ...(own && { ESQL_ASYNC_CATALOGUE: catalogue }) })
    const who = { issuer, audience: [audience] }
    expect(await server.started()).toEqual({ url, version, pid: expect.any(Number), ...who, ...said })
  })

  it('says it to people too', async () => {
    const { server, url } = await startChecked({ ESQL_ASYNC_PRINT: 'text' })
    await server.logged('listening')
    server.kill('SIGTERM')
    await server.exited
    const [first, , serves, callers] = server.stdout.split('\n')
    expect(first).toBe(`express-esql-async-query ${version} is listening on ${url}`)
    expect(serves).toMatch(/^ {2}Serves {3}sample queries/)
    expect(callers).toBe(`  Callers  with a token of ${issuer} for ${audience}`)
    expect(server.stdout).not.toContain('DEVELOPMENT')
  })

  it('ends with 1 and one line where it checks tokens, and nobody has said what it answers', async () => {
    const server = start({
      ESQL_ASYNC_JWT_KEY: 'k'.repeat(32),
      ESQL_ASYNC_JWT_ALGORITHMS: 'HS256',
      ESQL_ASYNC_JWT_ISSUER: issuer,
      ESQL_ASYNC_JWT_AUDIENCE: audience,
      ES_URL: 'http://es:9200',
    })
    expect([await server.exited, server.stdout]).toEqual([1, ''])
    expect(server.stderr).toBe(
      'express-esql-async-query: tokens are checked, but there is nothing to answer with: set ELASTICSEARCH_URL for a ' +
        'cluster, or ESQL_ASYNC_CATALOGUE for queries of your own; ESQL_ASYNC_SAMPLES=true serves the sample queries; ' +
        'the variable ES_URL is not read; did you mean ELASTICSEARCH_URL?\n',
    )
  })

  it('reads a catalogue that it watches again', async () => {
    const holding = (query: string, response: object) =>
      file('watched.json', JSON.stringify({ version: 2, queries: [{ query, keep_alive: '5m', response }] }))
    const response = { columns: [{ name: 'n', type: 'long' }], values: [[1]] }
    const catalogue = holding('FROM old', response)
    const { server, submit } = await startChecked({
      ESQL_ASYNC_CATALOGUE: catalogue,
      ESQL_ASYNC_WATCH: 'true',
    })
    const asked = async (query: string) => {
      const answer = await submit({ query, keep_on_completion: true, keep_alive: '1d' })
      const body = (await answer.json()) as Record<string, number>
      const { start_time_in_millis: begin = 0, expiration_time_in_millis: end = 0 } = body
      return [answer.status, body.values, end - begin]
    }
    expect(await asked('from old')).toEqual([200, [[1]], 300_000])
    holding('FROM broken', { ...response, values: [['a']] })
    await server.logged('the catalogue has a fault; its queries stay as they were')
    expect(await asked('from old')).toEqual([200, [[1]], 300_000])
    holding('FROM new', response)
    await server.logged('read the catalogue again')
    expect(await asked('from new')).toEqual([200, [[1]], 300_000])
    expect((await submit({ query: 'FROM old' })).status).toBe(400)
  })

  it('says what it is to the official client', async () => {
    const { url } = shared
    const client = clientOf(url)
    expect(await client.info()).toMatchObject({
      version: { number: '9.4.1', build_flavor: 'default' },
      tagline: 'You Know, for Search',
    })
    expect(await client.ping()).toBe(true)
    await expect(clientOf(url, 'nobody').info()).rejects.toMatchObject({ statusCode: 401 })
  })

  it('compresses what the official client gets, unless that is turned off', async () => {
    const without = await startChecked({ ESQL_ASYNC_COMPRESSION: 'false' })
    for (const [{ url }, encoding] of [
      [shared, 'gzip'],
      [without, undefined],
    ] as const) {
      const { body, headers } = await clientOf(url).esql.asyncQuery({ query: 'FROM types' }, { meta: true })
      expect(headers['content-encoding']).toBe(encoding)
      expect(body).toMatchObject({ is_running: false })
    }
  })

  it('lets pages of the configured origins ask, before anybody is authenticated', async () => {
    const { url, headers } = await startChecked({
      ESQL_ASYNC_CORS_ALLOW_ORIGIN: '/https://\\w+\\.example/',
      ESQL_ASYNC_CORS_MAX_AGE: '10m',
    })
    const ask = async (method: string, sent: Record<string, string>) => {
      const answer = await fetch(`${url}/_query/async`, { method, headers: sent })
      return [answer.status, answer.headers.get('access-control-allow-origin'), await answer.text()]
    }
    const preflight = (origin: string) => ({ origin, 'access-control-request-method': 'POST' })
    expect(await ask('OPTIONS', preflight('https://app.example'))).toEqual([200, 'https://app.example', ''])
    expect(await ask('OPTIONS', preflight('https://app.example.org'))).toEqual([403, null, ''])
    expect(await ask('POST', { ...headers, origin: 'https://app.example.org' })).toEqual([403, null, ''])
    expect((await ask('POST', { origin: 'https://app.example' })).slice(0, 2)).toEqual([
      401,
      'https://app.example',
    ])
  })

  it.each([
    ['GET', '/_cluster/health'],
    ['POST', '/_search?q=1'],
    ['PUT', '/_query/asynchronous'],
  ])('answers %s %s as Elasticsearch answers unknown paths', async (method, target) => {
    const { url } = shared
    const response = await fetch(url + target, { method, headers: { 'x-opaque-id': 'me' } })
    expect(response.status).toBe(400)
    expect(await response.text()).toBe(
      JSON.stringify({ error: `no handler found for uri [${target}] and method [${method}]` }),
    )
    expect(Object.fromEntries(response.headers)).toEqual({
      'x-elastic-product': 'Elasticsearch',
      'x-opaque-id': 'me',
      'content-type': 'application/json',
      'content-length': expect.any(String),
      vary: 'Accept-Encoding',
      connection: 'keep-alive',
      'keep-alive': 'timeout=75',
      date: expect.any(String),
    })
  })

  it('keeps the configured limits', async () => {
    const { url, headers, submit, submitSlow } = await startChecked({
      ESQL_ASYNC_MAX_WAIT: '10ms',
      ESQL_ASYNC_MAX_KEEP_ALIVE: '1h',
      ESQL_ASYNC_MAX_BODY_BYTES: '200',
      ESQL_ASYNC_MAX_QUERIES_PER_OWNER: '1',
    })
    const id = await submitSlow()
    const running = await fetch(`${url}/_query/async/${id}?keep_alive=5h`, { headers })
    const body = (await running.json()) as Record<string, number>
    expect(body).toMatchObject({ is_running: true })
    expect(Number(body.expiration_time_in_millis) - Date.now()).toBeLessThanOrEqual(3_600_000)
    expect((await submit({ query: 'FROM books' })).status).toBe(429)
    expect((await submit({ query: `FROM books${' '.repeat(200)}` })).status).toBe(413)
  })
})

describe('a server in front of a cluster', () => {
  let cluster: Cluster

  beforeEach(async () => {
    cluster = await startCluster()
  })

  afterEach(() => cluster.close())

  const settings = () => ({
    ELASTICSEARCH_URL: cluster.url,
    ELASTICSEARCH_API_KEY: API_KEY.encoded,
    ESQL_ASYNC_SEALING_KEYS: newSealingKey(),
    ESQL_ASYNC_RUN_AS_CLAIM: 'preferred_username',
  })

  it('sends the user that the token names to the cluster', async () => {
    const { url, submit } = await startChecked(settings())
    const headers = { authorization: `Bearer ${token({ sub: 'alice', preferred_username: 'al' })}` }
    const submitted = await fetch(`${url}/_query/async`, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify({ query: 'FROM anything', keep_on_completion: true }),
    })
    expect(submitted.status).toBe(200)
    expect(cluster.request.headers).toMatchObject({
      authorization: API_KEY.authorization,
      'es-security-runas-user': 'al',
    })
    const id = submitted.headers.get('x-elasticsearch-async-id')
    const statusFor = async (claims: Record<string, unknown>) => {
      const authorization = `Bearer ${token(claims)}`
      return (await fetch(`${url}/_query/async/${id}`, { headers: { authorization } })).status
    }
    expect(await statusFor({ sub: 'alice', preferred_username: 'al' })).toBe(200)
    expect(await statusFor({ sub: 'mallory', preferred_username: 'al' })).toBe(404)
    expect((await submit({ query: 'FROM anything' })).status).toBe(403)
  })

  it('gives the official client the answer of the cluster to what it is', async () => {
    const { url } = await startChecked(settings())
    const client = clientOf(url)
    expect(await client.info()).toMatchObject({ name: 'node-1', version: { number: cluster.flavour.number } })
    expect(await client.ping()).toBe(true)
    await cluster.kill()
    await expect(client.info()).rejects.toMatchObject({ statusCode: 503 })
    await cluster.listen()
  })

  it('is ready while the cluster answers and takes its credentials', async () => {
    const { server, url } = await startChecked(settings())
    // An outcome counts for a second.
    const ready = async (expected: number) => {
      const answer = await answerThat(
        ({ status }) => status === expected,
        () => fetch(`${url}/readyz`),
      )
      return answer.json()
    }
    const fine = { ready: true, checks: { drain: 'ok', store: 'ok' } }
    const ill = { ready: false, checks: { drain: 'ok', store: 'not available' } }
    expect(await ready(200)).toEqual(fine)
    await Promise.all(Array.from({ length: 20 }, () => fetch(`${url}/readyz`)))
    expect(cluster.requestsFor('info').length).toBeLessThanOrEqual(2)
    await cluster.kill()
    expect(await ready(503)).toEqual(ill)
    expect((await fetch(`${url}/healthz`)).status).toBe(200)
    await cluster.listen()
    expect(await ready(200)).toEqual(fine)
    cluster.inject('info', refusal(401, { type: 'security_exception', reason: 'no' }), 100)
    expect(await ready(503)).toEqual(ill)
    const messages = server.log.filter(({ check }) => check === 'store').map(({ message }) => message)
    expect(messages).toEqual([
      'a check of readiness fails',
      'a check of readiness succeeds again',
      'a check of readiness fails',
    ])
  })

  it('is not ready without keys to check tokens with', async () => {
    const issuer = await new Issuer().start()
    const environment = {
      ESQL_ASYNC_JWT_JWKS: issuer.jwksUrl,
      ESQL_ASYNC_JWT_JWKS_ALLOW_HTTP: 'true',
      ESQL_ASYNC_JWT_ALGORITHMS: 'RS256',
      ESQL_ASYNC_JWT_ISSUER: issuer.url,
      ESQL_ASYNC_JWT_AUDIENCE: audience,
      ...settings(),
    }
    const readyOf = async () => {
      const answer = await fetch(`${await start(environment, ['--port=0']).url()}/readyz`)
      return [answer.status, await answer.json()]
    }
    issuer.keys = [jwk(rsaKeys.publicKey, { kid: 'first' })]
    const fine = { ready: true, checks: { keys: 'ok', store: 'ok', drain: 'ok' } }
    expect(await readyOf()).toEqual([200, fine])
    await issuer.stop()
    const keys = 'callers cannot be authenticated at the moment: the key source is unavailable'
    expect(await readyOf()).toEqual([503, { ready: false, checks: { keys, store: 'ok', drain: 'ok' } }])
  })

  it('in development mode lists no queries, and sends its users to the cluster', async () => {
    const environment = { ...settings(), ESQL_ASYNC_DEVELOPMENT: 'true' }
    const server = start(environment, ['--port=0', '--print=text'])
    const announcement = await server.announcement()
    expect(announcement).not.toContain('Queries it answers')
    expect(announcement).toContain(`  Serves   a cluster, ${cluster.url}/\n`)
    expect(await paste(announcement)).toMatchObject({ is_running: false })
    expect(cluster.request.headers).toMatchObject({ 'es-security-runas-user': 'alice' })
  })
})

describe('a signal', () => {
  it.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)(
    '%s answers every wait and ends with 0',
    async (signal) => {
      const { server, url, headers, submitSlow } = await startChecked()
      const ids = await Promise.all(Array.from({ length: 5 }, submitSlow))
      const { hostname, port } = new URL(url)
      const silent = net.connect(Number(port), hostname)
      await once(silent, 'connect')
      const waits = ids.map((id) => fetch(`${url}/_query/async/${id}?keep_alive=6d`, { headers }))
      await Promise.all(ids.map((id) => untilExtended(`${url}/_query/async/${id}`, headers)))
      const signalledMs = performance.now()
      server.kill(signal)
      const answers = await Promise.all(waits)
      expect(answers.map(({ status, headers }) => [status, headers.get('connection')])).toEqual(
        ids.map(() => [200, 'close']),
      )
      expect(await Promise.all(answers.map((answer) => answer.json()))).toEqual(
        ids.map((id) => expect.objectContaining({ id, is_running: true })),
      )
      expect(await server.exited).toBe(0)
      expect(performance.now() - signalledMs).toBeLessThan(5_000)
      silent.destroy()
    },
  )

  it('lets an answer that is being sent finish', async () => {
    const { server, headers, url, submit } = await startChecked({ ESQL_ASYNC_SHUTDOWN_GRACE: '600s' })
    const response = await getLargeResult(url, headers, submit)
    server.kill('SIGTERM')
    await server.logged('shutting down')
    const body = JSON.parse(await readText(response))
    expect(body.values).toHaveLength(100_000)
    expect(await server.exited).toBe(0)
  })

  it('that comes twice disconnects clients that do not read', async () => {
    const { server, headers, url, submit } = await startChecked({ ESQL_ASYNC_SHUTDOWN_GRACE: '600s' })
    const response = await getLargeResult(url, headers, submit)
    const broken = once(response, 'error')
    server.kill('SIGTERM')
    await server.logged('shutting down')
    server.kill('SIGTERM')
    expect(await server.exited).toBe(0)
    response.resume()
    expect(await broken).toEqual([expect.objectContaining({ code: 'ECONNRESET' })])
  })

  it('disconnects clients that do not read after the configured time', async () => {
    const { server, headers, url, submit } = await startChecked({ ESQL_ASYNC_SHUTDOWN_GRACE: '100ms' })
    const response = await getLargeResult(url, headers, submit)
    response.on('error', () => {})
    server.kill('SIGTERM')
    expect(await server.exited).toBe(0)
    response.destroy()
  })
})

/** Resolves when a query has a longer keep-alive than at submit, which shows that a wait has begun. */
async function untilExtended(url: string, headers: Record<string, string>): Promise<void> {
  const keptMs = async () => {
    const response = await fetch(`${url}?wait_for_completion_timeout=0s`, { headers })
    const body = (await response.json()) as Record<string, number>
    return Number(body.expiration_time_in_millis) - Number(body.start_time_in_millis)
  }
  await answerThat((kept) => kept > 5.5 * 86_400_000, keptMs)
}

/** Asks for a result that exceeds the buffers between the processes, and reads only its head. */
async function getLargeResult(
  url: string,
  headers: Record<string, string>,
  submit: (body: object) => Promise<Response>,
): Promise<IncomingMessage> {
  const submitted = await submit({
    query: 'FROM many | LIMIT 100000',
    keep_on_completion: true,
    wait_for_completion_timeout: '0s',
  })
  const id = submitted.headers.get('x-elasticsearch-async-id')
  const request = http.get(`${url}/_query/async/${id}?pretty`, { headers })
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  return response
}
