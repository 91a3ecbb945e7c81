import { once } from 'node:events'
import { promisify } from 'node:util'
import { Client } from '@elastic/elasticsearch'
import { ManualClock } from '../../lib/test-kit'
import type { Cluster, ClusterQuery, Fault, Operation } from '../support/cluster'
import { API_KEY, refusal, startCluster } from '../support/cluster'
import type { ElasticsearchGateway } from '../support/elasticsearch-gateway'
import { startElasticsearchGateway, TRANSPORTS } from '../support/elasticsearch-gateway'
import { LeavingClient } from '../support/leaving-client'
import { token } from '../support/tokens'
import { until } from '../support/until'

/** More than the listeners and connections that one thing may have before Node.js warns. */
const TIMES = 30
const PROXY_PAGE = '<html><h1>Bad Gateway</h1></html>'

describe.each(TRANSPORTS)('a gateway whose cluster is reached by %s', (transport) => {
  let cluster: Cluster
  let gateway: ElasticsearchGateway
  let clusterClock: ManualClock
  const jwt = token()
  const warnings: Error[] = []
  const onWarning = (warning: Error) => warnings.push(warning)

  beforeEach(async () => {
    process.on('warning', onWarning)
    clusterClock = new ManualClock()
    cluster = await startCluster({ clock: clusterClock })
    gateway = await startElasticsearchGateway(transport, cluster.url)
  })

  afterEach(async () => {
    await gateway.close()
    await cluster.close()
    process.off('warning', onWarning)
    expect(warnings.splice(0)).toEqual([])
  })

  /** Checks that a test leaves only idle connections to the cluster, and that these end with the store. */
  async function expectNothingLeft(): Promise<void> {
    await until(() => cluster.open.length === 0 && gateway.storeClock.pendingTimers === 0)
    const connections = promisify(gateway.server.getConnections.bind(gateway.server))
    while ((await connections()) > 0) await new Promise(setImmediate)
    await gateway.close()
    await until(() => cluster.sockets === 0)
  }

  const begin = (target: string, body?: object) =>
    new LeavingClient(gateway.url, target, { token: jwt, ...(body && { body }) })

  const submitRunning = () =>
    begin('POST /_query/async', { query: 'RUN', wait_for_completion_timeout: '10m' })

  /** Advances the time that the cluster waits for a query before it answers the submit. */
  async function answerSubmits(times = TIMES): Promise<void> {
    await until(() => cluster.waits === times)
    await clusterClock.advance(1_000)
  }

  async function start(query = 'RUN'): Promise<{ id: string; upstream: ClusterQuery }> {
    const body = { query, wait_for_completion_timeout: '0s', keep_on_completion: true }
    const { headers } = await begin('POST /_query/async', body).answer()
    return { id: String(headers['x-elasticsearch-async-id']), upstream: cluster.query }
  }

  const several = <T>(make: (index: number) => T): T[] => Array.from({ length: TIMES }, (_, i) => make(i))

  it('answers 503 to every wait when the cluster is killed, and finds the query when the cluster is back', async () => {
    const { id } = await start()
    const clients = several(() => begin(`GET /_query/async/${id}`))
    await until(() => cluster.waits === TIMES)
    await cluster.kill()
    for (const client of clients)
      expectError(await client.answer(), 503, 'no_shard_available_action_exception')
    await cluster.listen()
    expect(
      (await gateway.alice(`GET /_query/async/${id}?wait_for_completion_timeout=0s`)).json,
    ).toMatchObject({
      id,
      is_running: true,
    })
    await expectNothingLeft()
  })

  it.each([
    ['json', 'in the middle of', 60_000],
    ['json', 'near the end of', 199_999],
    ['csv', 'near the end of', 199_999],
  ])('breaks off a %s answer when the cluster does %s the body', async (format, _where, afterBytes) => {
    const { id } = await start('HUGE 200000')
    cluster.inject('get', { kind: 'cut', afterBytes }, TIMES)
    const clients = several(() => begin(`GET /_query/async/${id}?format=${format}`))
    for (const client of clients) await expect(client.answer()).rejects.toThrow(/aborted|ECONNRESET/)
    await expectNothingLeft()
  })

  it.each([
    ['json', 'before the id and the state', 20],
    ['json', 'in the middle of a short body', 190],
    ['csv', 'at the beginning of the body', 3],
  ])('answers 503 if the cluster breaks off a %s answer %s', async (format, _where, afterBytes) => {
    const { id } = await start('ROW n = 1')
    cluster.inject('get', { kind: 'cut', afterBytes }, TIMES)
    for (const client of several(() => begin(`GET /_query/async/${id}?format=${format}`))) {
      expectError(await client.answer(), 503, 'no_shard_available_action_exception')
    }
    await expectNothingLeft()
  })

  it.each<[string, Fault, number]>([
    ['is lost', { kind: 'lose' }, TIMES],
    ['never begins', { kind: 'drop' }, 0],
    ['is no HTTP', { kind: 'raw', bytes: '\u0000\u0001\u0002' }, 0],
    ['is a page of a proxy', { kind: 'answer', status: 502, body: PROXY_PAGE }, 0],
    ['is a timeout of a proxy', { kind: 'answer', status: 504, body: '' }, 0],
  ])(
    'never repeats a submit, and lets no client repeat it, if its answer %s',
    async (_name, fault, started) => {
      cluster.inject('submit', fault, TIMES)
      const clients = several(submitRunning)
      if (started > 0) await answerSubmits()
      for (const client of clients) expectError(await client.answer(), 500, 'exception')
      expect(cluster.requestsFor('submit')).toHaveLength(TIMES)
      expect(cluster.queries).toHaveLength(started)
      await expectNothingLeft()
    },
  )

  it('stops waiting for a cluster that never answers', async () => {
    const { id } = await start()
    cluster.inject('get', { kind: 'silence' }, TIMES)
    cluster.inject('submit', { kind: 'silence' }, TIMES)
    const target = `GET /_query/async/${id}?wait_for_completion_timeout=0s`
    const [gets, submits] = [several(() => begin(target)), several(submitRunning)]
    await until(() => cluster.open.length === 2 * TIMES)
    await gateway.storeClock.advance(60_000)
    for (const client of gets) {
      expectError(await client.answer(), 503, 'no_shard_available_action_exception')
    }
    for (const client of submits) expectError(await client.answer(), 500, 'exception')
    expect(cluster.queries).toHaveLength(1)
    await expectNothingLeft()
  })

  it('answers 503 to a submit that the cluster cannot have received', async () => {
    await cluster.kill()
    for (const client of several(submitRunning)) {
      expectError(await client.answer(), 503, 'no_shard_available_action_exception')
    }
    await expectNothingLeft()
    await cluster.listen()
  })

  it('passes on refusals of the cluster', async () => {
    const error = { type: 'es_rejected_execution_exception', reason: 'queue is full' }
    const body = { error: { root_cause: [error], ...error }, status: 429 }
    const fault = refusal(429, error)
    const { id } = await start()
    for (const [operation, target] of requestsAbout(id)) {
      cluster.inject(operation, fault)
      const { status, text } = await begin(target, bodyFor(operation)).answer()
      expect([operation, status, JSON.parse(text)]).toEqual([operation, 429, body])
    }
    await expectNothingLeft()
  })

  it.each<[string, Fault]>([
    ['drops the connection', { kind: 'drop' }],
    ['answers with a page of a proxy', { kind: 'answer', status: 502, body: PROXY_PAGE }],
    ['answers 200 with a page of a proxy', { kind: 'answer', status: 200, body: PROXY_PAGE }],
    ['answers with half an object', { kind: 'replace', body: '{"id":"Fk' }],
    ['answers with nothing', { kind: 'replace', body: '' }],
    [
      'refuses the credentials of the gateway',
      { kind: 'answer', status: 401, body: { error: 'no', status: 401 } },
    ],
  ])('never passes on an unusable answer: the cluster %s', async (_name, fault) => {
    const { id } = await start()
    for (const [operation, target] of requestsAbout(id)) {
      cluster.inject(operation, fault, 2)
      const { status, text } = await begin(target, bodyFor(operation)).answer()
      expect([operation, status >= 500 && status !== 502]).toEqual([operation, true])
      expect(JSON.parse(text)).toEqual({
        error: { root_cause: expect.any(Array), type: expect.any(String), reason: expect.any(String) },
        status,
      })
      cluster.heal()
    }
    await expectNothingLeft()
  })

  it('ends a wait in the cluster when the client leaves', async () => {
    const { id, upstream } = await start()
    const clients = several(() => begin(`GET /_query/async/${id}`))
    await until(() => cluster.waits === TIMES)
    for (const client of clients) client.leave()
    await until(() => cluster.waits === 0)
    expect(upstream.state).toBe('running')
    await expectNothingLeft()
  })

  it('stops reading a body when the client leaves in the middle', async () => {
    const { id } = await start('HUGE 200000')
    cluster.inject('get', { kind: 'stall', afterBytes: 100_000, until: new Promise(() => {}) }, TIMES)
    const clients = several(() => begin(`GET /_query/async/${id}?format=csv`))
    for (const client of clients) (await client.response).resume()
    for (const client of clients) client.leave()
    await expectNothingLeft()
  })

  it('leaves no query running if the client left before the cluster began the submit', async () => {
    const pause = deferred()
    cluster.inject('submit', { kind: 'delay', until: pause.promise }, TIMES)
    const clients = several(submitRunning)
    await until(() => cluster.requestsFor('submit').filter(({ body }) => body.length > 0).length === TIMES)
    for (const client of clients) client.leave()
    await allGone()
    pause.resolve()
    await answerSubmits()
    await until(() => cluster.running.length === 0)
    await expectNothingLeft()
  })

  it('leaves no query running if the client left before the cluster answered the submit', async () => {
    const pause = deferred()
    cluster.inject('submit', { kind: 'hold', until: pause.promise }, TIMES)
    const clients = several(submitRunning)
    await answerSubmits()
    for (const client of clients) client.leave()
    await allGone()
    expect(cluster.running).toHaveLength(TIMES)
    pause.resolve()
    await until(() => cluster.running.length === 0)
    await expectNothingLeft()
  })

  it('leaves no query running if the client left while the gateway waits for the query with gets', async () => {
    const clients = several(submitRunning)
    await answerSubmits()
    await until(() => cluster.requestsFor('get').length === TIMES && cluster.waits === TIMES)
    for (const client of clients) client.leave()
    await until(() => cluster.running.length === 0)
    expect(cluster.queries.every(({ state }) => state === 'deleted')).toBe(true)
    await expectNothingLeft()
  })

  // The second is larger than the buffers between the cluster and the gateway.
  it.each(['ROW n = 1', `HUGE ${2 ** 24}`])(
    'deletes a finished query with keep_on_completion, %s, if nobody has learned its id',
    async (query) => {
      const pause = deferred()
      cluster.inject('submit', { kind: 'hold', until: pause.promise }, TIMES)
      const clients = several(() => begin('POST /_query/async', { query, keep_on_completion: true }))
      await until(() => cluster.queries.length === TIMES)
      for (const client of clients) client.leave()
      await allGone()
      pause.resolve()
      await until(() => cluster.queries.every(({ state }) => state === 'deleted'))
      await expectNothingLeft()
    },
  )

  it('stops reading the answer to a submit when the client leaves in the middle', async () => {
    cluster.inject('submit', { kind: 'stall', afterBytes: 100_000, until: new Promise(() => {}) }, TIMES)
    const clients = several(() => begin('POST /_query/async', { query: 'HUGE 200000' }))
    for (const client of clients) (await client.response).resume()
    for (const client of clients) client.leave()
    await expectNothingLeft()
  })

  it.each(['stop', 'delete'] as const)(
    'lets the cluster finish a %s whose client leaves',
    async (operation) => {
      const ending = deferred()
      const queries = await Promise.all(several(() => start()))
      for (const { upstream } of queries) upstream.lastsUntil = ending.promise
      const [method, suffix] = operation === 'stop' ? ['POST', '/stop'] : ['DELETE', '']
      const clients = queries.map(({ id }) => begin(`${method} /_query/async/${id}${suffix}`))
      // The cluster knows the caller as soon as it has read the request.
      await until(() => cluster.requestsFor(operation).filter(({ subject }) => subject).length === TIMES)
      for (const client of clients) client.leave()
      await allGone()
      ending.resolve()
      await until(() => cluster.running.length === 0)
      await expectNothingLeft()
    },
  )

  it('reads a body no faster than the client takes it', async () => {
    // The most that the buffers of four sockets and two processes hold.
    const held = 2 ** 25
    const bytes = held + 2 ** 23
    const { id } = await start(`HUGE ${bytes}`)
    const client = begin(`GET /_query/async/${id}?format=csv`)
    const response = await client.response
    const { request: upstream } = cluster
    for (let sent = -1, quiet = 0; quiet < 50; quiet = sent === upstream.bodyBytesSent ? quiet + 1 : 0) {
      sent = upstream.bodyBytesSent
      await new Promise(setImmediate)
    }
    expect(upstream.bodyBytesSent).toBeLessThan(held)
    let received = 0
    response.on('data', (chunk) => {
      received += chunk.length
    })
    await once(response, 'end')
    expect(received).toBe(bytes)
    await expectNothingLeft()
  })

  /** Resolves when the gateway has seen all clients leave. */
  async function allGone(): Promise<void> {
    const connections = promisify(gateway.server.getConnections.bind(gateway.server))
    while ((await connections()) > 0) await new Promise(setImmediate)
  }
})

describe('a gateway with a client that repeats requests', () => {
  it.each<[string, Fault]>([
    ['breaks', { kind: 'drop' }],
    ['answers 503', { kind: 'answer', status: 503, body: PROXY_PAGE }],
  ])('sends a submit once if the cluster %s', async (_name, fault) => {
    const cluster = await startCluster()
    const client = new Client({ node: cluster.url, auth: { apiKey: API_KEY.encoded }, maxRetries: 3 })
    const gateway = await startElasticsearchGateway('client', cluster.url, { store: { client } })
    cluster.inject('submit', fault, 4)
    const { status } = await gateway.alice('POST /_query/async', { body: { query: 'ROW n = 1' } })
    expect([status, cluster.requestsFor('submit').length]).toEqual([500, 1])
    await client.close()
    await gateway.close()
    await cluster.close()
  })
})

function requestsAbout(id: string): readonly (readonly [Operation, string])[] {
  return [
    ['submit', 'POST /_query/async'],
    ['get', `GET /_query/async/${id}?wait_for_completion_timeout=0s`],
    ['stop', `POST /_query/async/${id}/stop`],
    ['delete', `DELETE /_query/async/${id}`],
  ]
}

function bodyFor(operation: Operation): object | undefined {
  return operation === 'submit' ? { query: 'RUN', wait_for_completion_timeout: '0s' } : undefined
}

function expectError(
  { status, text }: { status: number; text: string },
  expected: number,
  type: string,
): void {
  expect([status, JSON.parse(text)]).toEqual([
    expected,
    {
      error: { root_cause: [{ type, reason: expect.any(String) }], type, reason: expect.any(String) },
      status: expected,
    },
  ])
}

function deferred() {
  let resolve = () => {}
  const promise = new Promise<void>((settle) => {
    resolve = settle
  })
  return { promise, resolve }
}
