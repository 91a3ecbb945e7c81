import { once } from 'node:events'
import type { Server } from 'node:http'
import { connect } from 'node:net'
import type { Express } from 'express'
import express from 'express'
import type { ProductInfoOptions } from 'express-esql-async-query'
import {
  ElasticsearchStore,
  esqlProductInfo,
  jwtCaller,
  MemoryStore,
  newSealingKey,
} from 'express-esql-async-query'
import supertest from 'supertest'
import { parse as parseYaml } from 'yaml'
import { OBJECT_FORMATS } from '../../../lib/formats/formats'
import { assertDocumented } from '../../support/api-contract'
import { apiSpec } from '../../support/api-document'
import type { Cluster } from '../../support/cluster'
import { refusal, SERVICE_ACCOUNT, startCluster } from '../../support/cluster'
import type { StoreOptions } from '../../support/elasticsearch-gateway'
import { createStore, TRANSPORTS } from '../../support/elasticsearch-gateway'
import { testCaller } from '../../support/gateway'
import { token } from '../../support/tokens'
import { until } from '../../support/until'

const ALICE = { authorization: `Bearer ${token({ sub: 'alice' })}` }
const store = new MemoryStore({ execute: async () => ({ columns: [], values: [] }) })

let logged: [object, string][] = []
const logger = {
  debug() {},
  info() {},
  warn() {},
  error: (details: object, message: string) => void logged.push([details, message]),
}

beforeEach(() => {
  logged = []
})

function appOf(options: Partial<ProductInfoOptions> = {}, prefix = '/') {
  const app = express().disable('x-powered-by')
  app.use(prefix, esqlProductInfo({ store, resolveCaller: testCaller(), logger, ...options }))
  return app.use((_request, response) => void response.status(418).json('the host'))
}

const INFO = {
  name: 'express-esql-async-query',
  cluster_name: 'express-esql-async-query',
  cluster_uuid: 'ZXNxbC1hc3luYy1xdWVyeQ',
  version: {
    number: '9.5.0',
    build_flavor: 'default',
    build_type: 'unknown',
    build_hash: 'unknown',
    build_date: '1970-01-01T00:00:00.000Z',
    build_snapshot: false,
    lucene_version: '10.5.0',
    minimum_wire_compatibility_version: '8.19.0',
    minimum_index_compatibility_version: '8.0.0',
  },
  tagline: 'You Know, for Search',
}

/** Sends a request as Alice. The answer must fit `api-spec.yaml`. */
async function askDocumented(
  app: Express,
  method: 'get' | 'head' | 'put',
  path: string,
  headers: Record<string, string> = ALICE,
) {
  const collect = supertest(app)[method](path).set(headers).buffer(true)
  const answer = await collect.parse((response, done) => {
    const chunks: Buffer[] = []
    response.on('data', (chunk: Buffer) => chunks.push(chunk))
    response.on('end', () => done(null, Buffer.concat(chunks)))
  })
  const body = Buffer.isBuffer(answer.body) ? answer.body : Buffer.alloc(0)
  assertDocumented({ method, path, status: answer.status, headers: answer.headers, body })
  return { status: answer.status, headers: answer.headers, text: body.toString() }
}

describe('esqlProductInfo', () => {
  it.each(OBJECT_FORMATS.flatMap((format) => [format, `vnd_${format}`]))(
    'answers as documented in %s',
    async (format) => {
      const path = `/?format=${format}`
      const { status, headers } = await askDocumented(appOf(), 'get', path)
      const head = await askDocumented(appOf(), 'head', path)
      expect([status, head.status, head.headers['content-type']]).toEqual([200, 200, headers['content-type']])
    },
  )

  it('takes the documented parameters, and no others', async () => {
    const documented =
      apiSpec.paths['/']?.get?.parameters.filter((parameter) => parameter.in === 'query') ?? []
    const names = documented.map(({ name }) => name).sort()
    expect(names).toEqual(['error_trace', 'filter_path', 'format', 'human', 'pretty'])
    const { status } = await askDocumented(
      appOf(),
      'get',
      '/?error_trace&filter_path=version&format=json&human=false&pretty=true',
    )
    expect(status).toBe(200)
    expect((await askDocumented(appOf(), 'get', '/?keep_alive=1d')).status).toBe(400)
  })

  it('answers GET / as Elasticsearch does, pretty unless the request says otherwise', async () => {
    const pretty = await supertest(appOf()).get('/').set(ALICE).set('x-opaque-id', 'me')
    expect([pretty.status, pretty.body]).toEqual([200, INFO])
    expect(pretty.headers).toMatchObject({
      'x-elastic-product': 'Elasticsearch',
      'x-opaque-id': 'me',
      'content-type': 'application/json',
    })
    expect(pretty.text).toMatch(/^\{\n {2}"name" : "express-esql-async-query",\n[\s\S]*\n\}\n$/)
    const plain = await supertest(appOf()).get('/?pretty=false').set(ALICE)
    expect(plain.text).toBe(JSON.stringify(INFO))
  })

  it('answers HEAD / with the headers of the GET', async () => {
    const { headers: got } = await supertest(appOf()).get('/').set(ALICE)
    const { status, headers, text } = await supertest(appOf()).head('/').set(ALICE)
    expect([status, text ?? '']).toEqual([200, ''])
    expect({ ...headers, date: '' }).toEqual({ ...got, date: '' })
  })

  it('has the version that is configured, the formats of objects, and filters', async () => {
    const app = appOf({ version: '8.19.4' })
    const { text, headers } = await supertest(app)
      .get('/?format=yaml&filter_path=version.number,tagline')
      .set(ALICE)
      .buffer(true)
    expect(headers['content-type']).toBe('application/yaml')
    expect(parseYaml(text)).toEqual({ version: { number: '8.19.4' }, tagline: INFO.tagline })
  })

  it('answers below the prefix of the router, and leaves other paths to the host', async () => {
    const ask = (path: string) => supertest(appOf({}, '/es')).get(path).set(ALICE)
    expect((await ask('/es')).body).toEqual(INFO)
    expect((await ask('/es/')).body).toEqual(INFO)
    for (const path of ['/', '/es/_cluster/health', '/es/_query/async/a']) {
      expect((await ask(path)).status).toBe(418)
    }
  })

  it.each([
    ['without a token', 'get', '/', {}, 401, 'missing authentication credentials for REST request [/]'],
    [
      'with another method',
      'put',
      '/?a=b',
      ALICE,
      405,
      'Incorrect HTTP method for uri [/?a=b] and method [PUT], allowed: [GET, HEAD]',
    ],
    [
      'with unknown parameters',
      'get',
      '/?prety',
      ALICE,
      400,
      'request [/] contains unrecognized parameter: [prety] -> did you mean [pretty]?',
    ],
    [
      'with a bad flag',
      'get',
      '/?pretty=yes',
      ALICE,
      400,
      'Failed to parse value [yes] as only [true] or [false] are allowed.',
    ],
  ] as const)('refuses a request %s', async (_, method, path, headers, status, reason) => {
    const answer = await askDocumented(appOf(), method, path, headers)
    const body = JSON.parse(answer.text)
    expect([answer.status, body.status, body.error.reason ?? body.error]).toEqual([status, status, reason])
    expect(answer.headers.allow).toBe(status === 405 ? 'GET,HEAD' : undefined)
    expect(logged).toEqual([])
  })

  it.each(['content-length: 2\r\n\r\n{}', 'transfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n'])(
    'refuses a body: %j',
    async (rest) => {
      const server = appOf().listen(0, '127.0.0.1')
      await once(server, 'listening')
      const text = await exchange(
        server,
        `GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: ${ALICE.authorization}\r\n` +
          `content-type: application/json\r\n${rest}`,
      )
      server.close()
      expect(text).toMatch(/^HTTP\/1\.1 400 .*"request \[GET \/\] does not support having a body"/s)
    },
  )

  it('answers OPTIONS with the methods, without a token', async () => {
    const { status, headers } = await supertest(appOf()).options('/')
    expect([status, headers.allow]).toEqual([200, 'GET,HEAD'])
  })

  it('answers 503 when callers cannot be identified, and logs why', async () => {
    const app = appOf({
      resolveCaller: () => {
        throw new Error('the key server is down')
      },
    })
    const { status, body, headers } = await supertest(app).get('/')
    expect([status, body.error.type, headers['retry-after']]).toEqual([
      503,
      'no_shard_available_action_exception',
      '1',
    ])
    const cause = expect.objectContaining({ message: 'the key server is down' })
    expect(logged).toEqual([
      [{ err: expect.objectContaining({ cause }) }, 'the product information cannot be given'],
    ])
  })

  it.each([
    [
      'version',
      { version: 'nine' },
      'esqlProductInfo expects `version` to be a version such as 9.5.0, got `nine` (string)',
    ],
    [
      'resolveCaller',
      { resolveCaller: jwtCaller as never },
      'esqlProductInfo needs what jwtCaller returns: write `resolveCaller: jwtCaller({ … })`',
    ],
    [
      'store',
      { store: undefined as never },
      'esqlProductInfo needs the option `store`: an AsyncQueryStore, an object with a `get` method and functions for what else it offers',
    ],
  ])('refuses a wrong %s', (_, options, message) => {
    expect(() => appOf(options)).toThrow(new TypeError(message))
  })
})

async function exchange(server: Server, request: string): Promise<string> {
  const address = server.address()
  if (typeof address !== 'object' || address === null) return ''
  const socket = connect(address.port, '127.0.0.1')
  socket.write(request)
  let text = ''
  socket.on('data', (chunk) => {
    text += chunk
  })
  await once(socket, 'close')
  return text
}

describe.each(TRANSPORTS)('esqlProductInfo in front of a cluster, by %s', (transport) => {
  let cluster: Cluster
  let close: () => Promise<void>

  beforeEach(async () => {
    cluster = await startCluster()
  })
  afterEach(async () => {
    await close()
    await cluster.close()
  })

  function appInFront(options: StoreOptions = {}) {
    const bench = createStore(transport, cluster.url, options)
    close = bench.close
    return appOf({ store: bench.store, version: '1.2.3' })
  }

  it('gives the answer of the cluster, with what the client asked for', async () => {
    const { status, text, headers } = await supertest(appInFront())
      .get('/?format=yaml&filter_path=version.number')
      .set({ ...ALICE, 'x-opaque-id': 'me' })
      .buffer(true)
    expect(status).toBe(200)
    expect(parseYaml(text)).toMatchObject({ version: { number: cluster.flavour.number } })
    expect(headers).toMatchObject({
      'content-type': 'application/yaml',
      'x-elastic-product': 'Elasticsearch',
    })
    expect(cluster.request).toMatchObject({
      method: 'GET',
      url: '/?format=yaml&filter_path=version.number',
      headers: { 'x-opaque-id': 'me' },
    })
    expect(cluster.request.headers.authorization).not.toBe(ALICE.authorization)
  })

  it('answers HEAD with the length of that answer', async () => {
    const app = appInFront()
    const { headers: got } = await supertest(app).get('/').set(ALICE)
    const { status, headers } = await supertest(app).head('/').set(ALICE)
    expect([status, headers['content-length']]).toEqual([200, got['content-length']])
    expect(cluster.requests.map(({ method }) => method)).toEqual(['GET', 'GET'])
  })

  it('acts as the user of the caller where it is told to', async () => {
    await supertest(appInFront({ runAs: () => 'al' }))
      .get('/')
      .set(ALICE)
    expect(cluster.request.headers['es-security-runas-user']).toBe('al')
  })

  it('asks nothing for a caller whom it does not know', async () => {
    expect((await supertest(appInFront()).get('/')).status).toBe(401)
    expect(cluster.requests).toEqual([])
  })

  const forbidden = {
    type: 'security_exception',
    reason: 'unauthorized for user [gateway] with roles [reader]',
  }
  it.each([
    [
      'a refusal of the service account',
      refusal(403, forbidden),
      /grant its role the cluster privilege `monitor`/,
    ],
    ['a refusal of its credentials', refusal(401, forbidden), /refuses the credentials of the gateway/],
    [
      'an error of a proxy',
      { kind: 'answer', status: 502, body: '<html>' },
      /answers 502 without an error of Elasticsearch/,
    ],
    ['another server', { kind: 'answer', status: 200, body: { tagline: 'hello' } }, / is not Elasticsearch/],
    ['a broken connection', { kind: 'drop' }, /does not answer/],
  ] as const)('answers 503 without details for %s', async (_, fault, why) => {
    const app = appInFront()
    cluster.inject('info', fault, 5)
    const { status, body, headers } = await supertest(app).get('/').set(ALICE)
    const { type, reason } = body.error
    expect([status, type, reason]).toEqual([
      503,
      'no_shard_available_action_exception',
      expect.stringMatching(/^the (async query store|cluster) is not available, try again later$/),
    ])
    expect(headers['x-elastic-product']).toBe('Elasticsearch')
    expect(JSON.stringify(logged)).toMatch(why)
  })

  it('hands on what the cluster refuses the caller', async () => {
    const app = appInFront({ runAs: () => 'al' })
    cluster.inject('info', refusal(403, forbidden))
    const { status, body } = await supertest(app).get('/').set(ALICE)
    expect([status, body.error.reason]).toEqual([403, forbidden.reason])
  })

  it('gives its request to the cluster up when the client leaves', async () => {
    const server = appInFront().listen(0, '127.0.0.1')
    await once(server, 'listening')
    cluster.inject('info', { kind: 'silence' })
    const leaving = supertest(server).get('/').set(ALICE)
    leaving.end(() => {})
    await until(() => cluster.open.length === 1)
    leaving.abort()
    await until(() => cluster.open.length === 0)
    server.close()
    expect(logged).toEqual([])
  })
})

describe('the check of ElasticsearchStore', () => {
  let cluster: Cluster
  beforeEach(async () => {
    cluster = await startCluster()
  })
  afterEach(() => cluster.close())

  async function outcome(options: StoreOptions = {}): Promise<string> {
    const headers = { authorization: SERVICE_ACCOUNT.authorization }
    const checked = new ElasticsearchStore({
      url: cluster.url,
      headers,
      sealingKeys: [newSealingKey()],
      ...options,
    })
    try {
      await checked.check(new AbortController().signal)
      return 'ok'
    } catch (error) {
      return String(error)
    } finally {
      await checked.close()
    }
  }

  it('asks the cluster one small question', async () => {
    expect(await outcome()).toBe('ok')
    expect(cluster.requests.map(({ method, url }) => `${method} ${url}`)).toEqual([
      'GET /?filter_path=tagline',
    ])
  })

  it.each([
    ['Elasticsearch that lets others ask', refusal(403, { type: 'security_exception', reason: 'no' }), 'ok'],
    ['Elasticsearch under load', refusal(429, { type: 'circuit_breaking_exception', reason: 'no' }), 'ok'],
    ['Elasticsearch that is ill', refusal(503, { type: 'cluster_block_exception', reason: 'no' }), /503/],
    [
      'Elasticsearch that refuses the credentials',
      refusal(401, { type: 'security_exception', reason: 'no' }),
      /credentials/,
    ],
    ['another server', { kind: 'answer', status: 200, body: {} }, /is not Elasticsearch/],
    ['the 403 of a proxy', { kind: 'answer', status: 403, body: { error: 'no' } }, /is not Elasticsearch/],
    ['nobody', { kind: 'drop' }, /does not answer/],
  ] as const)('meets %s', async (_, fault, expected) => {
    cluster.inject('info', fault, 3)
    expect(await outcome()).toMatch(expected)
  })

  it('needs no credentials where callers have their own', async () => {
    expect(await outcome({ headers: {}, forwardAuthorization: true })).toBe('ok')
  })

  it('gives up when it is told to', async () => {
    cluster.inject('info', { kind: 'silence' })
    const checked = new ElasticsearchStore({ url: cluster.url, sealingKeys: [newSealingKey()] })
    const controller = new AbortController()
    const checking = checked.check(controller.signal)
    await until(() => cluster.open.length === 1)
    controller.abort()
    await expect(checking).rejects.toThrow('the cluster does not answer')
    await until(() => cluster.open.length === 0)
    await checked.close()
  })
})
