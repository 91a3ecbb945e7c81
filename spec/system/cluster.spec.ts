import { Client, errors } from '@elastic/elasticsearch'
import { ManualClock } from '../../lib/test-kit'
import type { Cluster, ClusterOptions, Fault } from '../support/cluster'
import { API_KEY, FAILURE, SERVICE_ACCOUNT, startCluster, TABLE, WARNING } from '../support/cluster'
import { token } from '../support/tokens'
import { until } from '../support/until'

const CSV = 'n,name,gone\r\n9007199254740993,"one, ""1""",\r\n2,tw\u00f6,\r\n'
const COLUMNS =
  '"columns":[{"name":"n","type":"long"},{"name":"name","type":"keyword"},{"name":"gone","type":"keyword"}],' +
  '"values":[[9007199254740993,"one, \\"1\\"",null],[2,"tw\u00f6",null]]}'

let cluster: Cluster

afterEach(() => cluster.close())

async function start(options: ClusterOptions = {}): Promise<void> {
  cluster = await startCluster(options)
}

interface Sent {
  headers?: Record<string, string>
  body?: object
  signal?: AbortSignal
}

function send(target: string, { headers = {}, body, signal }: Sent = {}): Promise<Response> {
  const [method = '', path = ''] = target.split(' ')
  return fetch(`${cluster.url}${path}`, {
    method,
    headers: {
      authorization: SERVICE_ACCOUNT.authorization,
      'accept-encoding': 'identity',
      ...(body && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body && { body: JSON.stringify(body) }),
    ...(signal && { signal }),
  })
}

async function submit(query: string, fields: object = {}, headers = {}): Promise<string> {
  const body = { query, keep_on_completion: true, wait_for_completion_timeout: '0s', ...fields }
  const response = await send('POST /_query/async', { body, headers })
  return response.headers.get('x-elasticsearch-async-id') ?? ''
}

async function textOf(target: string, sent?: Sent): Promise<string> {
  return (await send(target, sent)).text()
}

async function statusOf(target: string, sent?: Sent): Promise<number> {
  const response = await send(target, sent)
  await response.arrayBuffer()
  return response.status
}

async function reasonOf(target: string, sent?: Sent): Promise<string> {
  return `${(JSON.parse(await textOf(target, sent)) as { error: { reason: string } }).error.reason}`
}

describe('a stand-in cluster', () => {
  it('runs a synchronous query, which has neither id nor state', async () => {
    const clock = new ManualClock()
    await start({ clock })
    const answer = send('POST /_query', { body: { query: 'RUN' } })
    await until(() => cluster.running.length === 1)
    await clock.advance(86_400_000)
    cluster.query.complete(TABLE)
    const response = await answer
    const begun = cluster.query.startTimeMs
    expect(await response.text()).toBe(
      `{"took":86400000,"is_partial":false,"completion_time_in_millis":${begun + 86_400_000},"documents_found":0,` +
        '"values_loaded":0,"rows_emitted":0,"bytes_read":0,"read_nanos":0,"cpu_nanos":0,' +
        `"start_time_in_millis":${begun},"expiration_time_in_millis":${begun + 432_000_000},${COLUMNS}`,
    )
    expect([...response.headers.keys()].filter((name) => name.includes('async'))).toEqual([])
    expect(await reasonOf('POST /_query', { body: { query: 'x', keep_alive: '1d' } })).toBe(
      '[1:1] [esql/query] unknown field [keep_alive]',
    )
  })

  it('cancels a synchronous query whose client leaves', async () => {
    await start()
    const leaving = new AbortController()
    const answer = send('POST /_query', { body: { query: 'RUN' }, signal: leaving.signal })
    await until(() => cluster.running.length === 1)
    leaving.abort()
    await expect(answer).rejects.toThrow()
    await until(() => cluster.running.length === 0)
    expect(cluster.query.error).toMatchObject({ message: 'task cancelled [http channel closed]' })
  })

  it('answers as 9.5 does', async () => {
    const clock = new ManualClock()
    await start({ clock })
    const now = clock.now()
    const running = await submit('RUN', { keep_alive: '1m' })
    const counters =
      '"documents_found":0,"values_loaded":0,"rows_emitted":0,"bytes_read":0,"read_nanos":0,"cpu_nanos":0,' +
      `"start_time_in_millis":${now},"expiration_time_in_millis":${now + 60_000},`
    expect(await textOf(`GET /_query/async/${running}`)).toBe(
      `{"id":"${running}","is_running":true,${counters}"columns":[],"values":[]}`,
    )
    await clock.advance(5)
    cluster.query.complete(TABLE)
    const response = await send(`GET /_query/async/${running}`)
    expect(Object.fromEntries(response.headers)).toEqual({
      connection: 'keep-alive',
      'content-type': 'application/json',
      'took-nanos': '5000000',
      'transfer-encoding': 'chunked',
      'x-elastic-product': 'Elasticsearch',
      'x-elasticsearch-async-id': running,
      'x-elasticsearch-async-is-running': '?0',
    })
    expect(await response.text()).toBe(
      `{"id":"${running}","is_running":false,"took":5,"is_partial":false,` +
        `"completion_time_in_millis":${now + 5},${counters}${COLUMNS}`,
    )
  })

  it('answers as 8.19 does', async () => {
    await start({ release: '8.19' })
    const id = await submit('RUN')
    const counters = '"documents_found":0,"values_loaded":0,'
    expect(await textOf(`GET /_query/async/${id}`)).toBe(
      `{"id":"${id}","is_running":true,${counters}"columns":[],"values":[]}`,
    )
    cluster.query.complete(TABLE)
    const took = Math.floor((cluster.query.tookNanos ?? 0) / 1e6)
    expect(await textOf(`GET /_query/async/${id}`)).toBe(
      `{"id":"${id}","is_running":false,"took":${took},"is_partial":false,${counters}${COLUMNS}`,
    )
    const vendor = 'application/vnd.elasticsearch+json; compatible-with=9'
    const response = await send(`GET /_query/async/${id}`, { headers: { accept: vendor } })
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({
      error: {
        type: 'media_type_header_exception',
        reason: 'Invalid media-type value on headers [Accept]',
        caused_by: {
          type: 'status_exception',
          reason: `Accept version must be either version 8 or 7, but found 9. Accept=${vendor}`,
        },
      },
      status: 400,
    })
  })

  it('has ids in Elasticsearch\u2019s shape', async () => {
    await start()
    const id = Buffer.from(await submit('RUN'), 'base64url').toString()
    expect([id.codePointAt(0), id.codePointAt(23)]).toEqual([22, 26])
    expect([id.slice(1, 23), id.slice(24)]).toEqual([
      expect.stringMatching(/^[\w-]{22}$/),
      expect.stringMatching(/^[\w-]{22}:101$/),
    ])
  })

  it('gives no id and keeps nothing if a query ends in time without keep_on_completion', async () => {
    await start()
    const body = { query: 'ROW n = 1' }
    const response = await send('POST /_query/async?format=csv', { body })
    expect(response.headers.get('x-elasticsearch-async-id')).toBeNull()
    expect(response.headers.get('content-type')).toBe('text/csv; charset=utf-8; header=present')
    expect(await response.text()).toBe(CSV)
    expect(await statusOf(`GET /_query/async/${cluster.query.id}`)).toBe(404)
  })

  it('shows no id in the body of a result without keep_on_completion', async () => {
    await start()
    const id = await submit('RUN', { keep_on_completion: false })
    cluster.query.complete(TABLE)
    const response = await send(`GET /_query/async/${id}`)
    expect(response.headers.get('x-elasticsearch-async-id')).toBe(id)
    expect(await response.json()).not.toHaveProperty('id')
  })

  it('answers a get at once, unless the get asks to wait', async () => {
    await start()
    const id = await submit('RUN')
    expect(await textOf(`GET /_query/async/${id}`)).toContain('"is_running":true')
    const waiting = textOf(`GET /_query/async/${id}?wait_for_completion_timeout=1m`)
    await until(() => cluster.query.waits === 1)
    cluster.query.complete(TABLE)
    expect(await waiting).toContain('"is_running":false')
  })

  it('answers a wait with the state when its time is over', async () => {
    const clock = new ManualClock()
    await start({ clock })
    const id = await submit('RUN')
    const waiting = textOf(`GET /_query/async/${id}?wait_for_completion_timeout=30s`)
    await until(() => cluster.query.waits === 1)
    await clock.advance(30_000)
    expect(await waiting).toContain('"is_running":true')
  })

  it('keeps the rows of a stopped query', async () => {
    await start()
    const id = await submit('RUN')
    cluster.query.report(TABLE)
    const stopped = await textOf(`POST /_query/async/${id}/stop`)
    expect(stopped).toContain('"is_partial":true')
    expect(stopped).toContain(COLUMNS)
  })

  it('cancels a query that is deleted during a wait', async () => {
    await start()
    const id = await submit('RUN')
    const waiting = reasonOf(`GET /_query/async/${id}?wait_for_completion_timeout=1m`)
    await until(() => cluster.query.waits === 1)
    expect(await textOf(`DELETE /_query/async/${id}`)).toBe('{"acknowledged":true}')
    expect(await waiting).toBe('task cancelled [cancelled by user]')
    expect(await reasonOf(`DELETE /_query/async/${id}`)).toBe(id)
    expect(cluster.running).toEqual([])
  })

  it.each(['submit', 'get'])('answers %s of a failed query with the failure', async (operation) => {
    await start()
    const id = await submit('RUN')
    cluster.query.fail(FAILURE)
    const response =
      operation === 'get'
        ? await send(`GET /_query/async/${id}`)
        : await send('POST /_query/async', { body: { query: 'FAIL' } })
    const { status, type, reason } = FAILURE
    expect(response.status).toBe(status)
    expect(await response.json()).toEqual({
      error: { root_cause: [{ type, reason }], type, reason },
      status,
    })
  })

  it.each([
    ['9.5', 'deleted'],
    ['8.19', 'running'],
  ] as const)('no longer shows an expired query, which in %s is %s', async (release, state) => {
    const clock = new ManualClock()
    await start({ clock, release })
    const id = await submit('RUN', { keep_alive: '1m' })
    await send(`GET /_query/async/${id}?keep_alive=2m`)
    await clock.advance(120_001)
    expect(cluster.query.state).toBe(state)
    expect(await reasonOf(`GET /_query/async/${id}`)).toBe(id)
  })

  it.each([
    ['the service account', {}],
    ['a user it runs as', { 'es-security-runas-user': 'alice' }],
    ['an API key', { authorization: API_KEY.authorization }],
    ['a user with a token', { authorization: `Bearer ${token({ sub: 'alice' })}` }],
  ])('lets %s see only its own queries', async (_name, headers) => {
    await start()
    const own = await submit('RUN', {}, headers)
    expect(await statusOf(`GET /_query/async/${own}`, { headers })).toBe(200)
    const foreign = { headers: { 'es-security-runas-user': 'mallory' } }
    expect(await reasonOf(`GET /_query/async/${own}`, foreign)).toBe(`${own} not found`)
    expect(await reasonOf(`DELETE /_query/async/${own}`, foreign)).toBe(own)
    cluster.query.complete(TABLE)
    expect(await reasonOf(`GET /_query/async/${own}`, foreign)).toBe(own)
  })

  it('lets users with the privilege delete queries of other users', async () => {
    await start({ users: { [SERVICE_ACCOUNT.authorization]: { name: 'admin', cancelTask: true } } })
    const id = await submit('RUN', {}, { authorization: `Bearer ${token()}` })
    expect(await statusOf(`GET /_query/async/${id}`)).toBe(404)
    expect(await statusOf(`DELETE /_query/async/${id}`)).toBe(200)
  })

  it.each([
    ['no credentials', 401, { authorization: '' }],
    ['wrong ones', 401, { authorization: 'ApiKey x' }],
    ['no right to run as others', 403, { authorization: `Bearer ${token()}`, 'es-security-runas-user': 'x' }],
  ])('refuses a request with %s', async (_name, status, headers) => {
    await start()
    const response = await send('GET /', { headers })
    expect(response.status).toBe(status)
    expect(response.headers.has('x-elastic-product')).toBe(false)
    await response.body?.cancel()
  })

  it.each([
    ['POST /_query/async?keep_alive=1m', { query: 'x' }, 400, 'unrecognized parameter: [keep_alive]'],
    ['POST /_query/async', { query: 'x', keep_alive: '5x' }, 400, 'failed to parse field [keep_alive]'],
    ['POST /_query/async', { query: 'x', nope: 1 }, 400, 'unknown field [nope]'],
    ['POST /_query/async', { query: ' ' }, 400, '[query] is required'],
    ['GET /_query/async/x', undefined, 400, 'invalid id: [x]'],
    ['GET /_query/async/x?wait_for_completion_timeout=-2s', undefined, 400, 'negative durations'],
    ['POST /_query/async/x/stop?keep_alive=1m', undefined, 400, 'unrecognized parameter: [keep_alive]'],
    ['POST /_query/async/x/stop', {}, 400, 'does not support having a body'],
    ['PUT /_query/async/x', undefined, 405, 'allowed: [GET, DELETE]'],
    ['GET /_queries', undefined, 400, 'no handler found'],
  ])('refuses %s %j with %i', async (target, body, status, text) => {
    await start()
    const response = await send(target, { ...(body && { body }) })
    expect(response.status).toBe(status)
    expect(await response.text()).toContain(text)
  })

  it('records requests with their bytes', async () => {
    await start()
    await submit('ROW n = 9007199254740993', {}, { 'x-opaque-id': 'o-1' })
    expect(cluster.requests).toEqual([
      expect.objectContaining({
        method: 'POST',
        url: '/_query/async',
        operation: 'submit',
        subject: 'Basic gateway',
        headers: expect.objectContaining({ 'x-opaque-id': 'o-1' }),
        body: Buffer.from(
          '{"query":"ROW n = 9007199254740993","keep_on_completion":true,"wait_for_completion_timeout":"0s"}',
        ),
      }),
    ])
    await until(() => cluster.request.state === 'answered')
  })

  it('sends warnings, and compresses on request', async () => {
    await start()
    const id = await submit('WARN')
    const headers = { 'accept-encoding': 'gzip' }
    const response = await send(`GET /_query/async/${id}?format=csv`, { headers })
    expect(response.headers.get('content-encoding')).toBe('gzip')
    expect(response.headers.get('warning')).toMatch(/^299 Elasticsearch-9\.5\.4-\w{40} "No limit defined/)
    expect(response.headers.get('warning')).toContain(`"${WARNING}"`)
    expect(await response.text()).toBe(CSV)
  })

  it.each([
    ['csv', 1_000],
    ['csv', 1_000_000],
    ['json', 1_000],
    ['json', 1_000_000],
  ])('sends huge bodies: %s of %i bytes', async (format, bytes) => {
    await start()
    const id = await submit(`HUGE ${bytes}`)
    const body = await textOf(`GET /_query/async/${id}?format=${format}`)
    expect(body).toHaveLength(bytes)
    if (format === 'json') expect(JSON.parse(body)).toMatchObject({ id, is_running: false })
    else expect(body).toMatch(/^n,text\r\n(9007199254740993,x+\r\n)+$/)
  })
})

describe('a stand-in cluster with faults', () => {
  beforeEach(() => start())

  it.each([429, 500, 502, 503, 504])('answers %i', async (status) => {
    cluster.inject('info', { kind: 'answer', status, body: { error: 'no' }, headers: { 'retry-after': '1' } })
    const response = await send('GET /')
    expect([response.status, response.headers.get('retry-after')]).toEqual([status, '1'])
    expect(await response.json()).toEqual({ error: 'no' })
    expect(await statusOf('GET /')).toBe(200)
  })

  it('refuses connections and comes back on the same port', async () => {
    const id = await submit('RUN')
    const waiting = send(`GET /_query/async/${id}?wait_for_completion_timeout=1m`)
    await until(() => cluster.query.waits === 1)
    await cluster.kill()
    await expect(waiting).rejects.toThrow()
    await expect(send('GET /')).rejects.toThrow()
    expect([cluster.sockets, cluster.query.waits]).toEqual([0, 0])
    await cluster.listen()
    expect(await statusOf(`GET /_query/async/${id}`)).toBe(200)
  })

  it.each([
    ['drop', { kind: 'drop' }, 0],
    ['raw', { kind: 'raw', bytes: 'what?\r\n' }, 0],
    ['lose', { kind: 'lose' }, 1],
  ] satisfies [string, Fault, number][])('breaks a submit: %s', async (_kind, fault, started) => {
    cluster.inject('submit', fault)
    await expect(submit('RUN')).rejects.toThrow()
    expect(cluster.running).toHaveLength(started)
    await until(() => cluster.request.state === 'aborted')
  })

  it('breaks off a body', async () => {
    const id = await submit('ROW n = 1')
    cluster.inject('get', { kind: 'cut', afterBytes: 20 })
    const response = await send(`GET /_query/async/${id}?format=csv`)
    expect(response.status).toBe(200)
    await expect(response.text()).rejects.toThrow()
    await until(() => cluster.request.state === 'aborted')
    expect(cluster.request.bodyBytesSent).toBe(20)
  })

  it('pauses within a body', async () => {
    const id = await submit('ROW n = 1')
    const pause = deferred()
    cluster.inject('get', { kind: 'stall', afterBytes: 20, until: pause.promise })
    const response = await send(`GET /_query/async/${id}?format=csv`)
    const body = response.text()
    await until(() => cluster.request.bodyBytesSent === 20)
    pause.resolve()
    expect(await body).toBe(CSV)
  })

  it.each([
    ['delay', 0],
    ['hold', 1],
  ] as const)('delays a submit: %s', async (kind, started) => {
    const pause = deferred()
    cluster.inject('submit', { kind, until: pause.promise })
    const submitting = submit('RUN')
    await until(() => cluster.open.some(({ body }) => body.length > 0) && cluster.queries.length === started)
    pause.resolve()
    expect(await submitting).toBe(cluster.query.id)
  })

  it('never answers', async () => {
    cluster.inject('submit', { kind: 'silence' })
    const client = new AbortController()
    const submitting = send('POST /_query/async', { body: { query: 'RUN' }, signal: client.signal })
    await until(() => cluster.open.length === 1)
    client.abort()
    await expect(submitting).rejects.toThrow()
    await until(() => cluster.open.length === 0)
    expect(cluster.queries).toEqual([])
  })

  it('replaces a body', async () => {
    cluster.inject('info', { kind: 'replace', body: '{"version' })
    const response = await send('GET /')
    expect(response.headers.get('content-type')).toBe('application/json')
    expect(await response.text()).toBe('{"version')
  })
})

describe('a stand-in cluster and @elastic/elasticsearch', () => {
  const connect = (options = {}) =>
    new Client({ node: cluster.url, auth: { apiKey: API_KEY.encoded }, maxRetries: 0, ...options })

  it('work together in submit, get, stop and delete', async () => {
    await start()
    const client = connect()
    expect((await client.info()).version.number).toBe('9.5.4')
    const running = { query: 'RUN', wait_for_completion_timeout: '0s', keep_on_completion: true }
    const { id: shown, is_running } = await client.esql.asyncQuery(running)
    const id = String(shown)
    expect(is_running).toBe(true)
    cluster.query.report(TABLE)
    expect(await client.esql.asyncQueryStop({ id })).toMatchObject({ id, is_partial: true })
    const result = { id, is_running: false, columns: TABLE.columns }
    expect(await client.esql.asyncQueryGet({ id })).toMatchObject(result)
    expect(await client.esql.asyncQueryGet({ id, format: 'csv' })).toBe(CSV)
    expect(await client.esql.asyncQueryDelete({ id })).toEqual({ acknowledged: true })
    await expect(client.esql.asyncQueryGet({ id })).rejects.toBeInstanceOf(errors.ResponseError)
    await client.close()
  })

  it('do not work together if the cluster is older than the client', async () => {
    await start({ release: '8.19' })
    const client = connect()
    await expect(client.esql.asyncQuery({ query: 'ROW n = 1' })).rejects.toMatchObject({
      statusCode: 400,
      body: { error: { type: 'media_type_header_exception' } },
    })
    await client.close()
  })

  it('repeat a submit after 503', async () => {
    await start()
    const client = connect({ maxRetries: 1 })
    cluster.inject('submit', { kind: 'answer', status: 503, body: { error: 'no', status: 503 } })
    await client.esql.asyncQuery({ query: 'ROW n = 1' })
    expect(cluster.requestsFor('submit')).toHaveLength(2)
    await client.close()
  })
})

function deferred() {
  let resolve = () => {}
  const promise = new Promise<void>((settle) => {
    resolve = settle
  })
  return { promise, resolve }
}
