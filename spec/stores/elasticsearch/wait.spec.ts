import { connect } from 'node:net'
import { ManualClock } from 'express-esql-async-query/test-kit'
import type { Cluster } from '../../support/cluster'
import { refusal, startCluster, TABLE } from '../../support/cluster'
import { advance, arrival } from '../../support/cluster-harness'
import type { ElasticsearchGateway, StoreOptions } from '../../support/elasticsearch-gateway'
import { startElasticsearchGateway } from '../../support/elasticsearch-gateway'
import type { GatewayOptions } from '../../support/gateway'
import { token } from '../../support/tokens'
import { until } from '../../support/until'

const HOUR_MS = 3_600_000

describe('a wait', () => {
  let clock: ManualClock
  let cluster: Cluster
  let gateway: ElasticsearchGateway

  async function start(store: StoreOptions = {}, options: Omit<GatewayOptions, 'store'> = {}): Promise<void> {
    clock = new ManualClock()
    cluster = await startCluster({ clock })
    gateway = await startElasticsearchGateway('url', cluster.url, { ...options, store: { clock, ...store } })
  }
  afterEach(async () => {
    await gateway.close()
    await cluster.close()
  })

  async function submit(body: object = {}): Promise<string> {
    const { headers } = await gateway.alice('POST /_query/async', {
      body: { query: 'RUN', wait_for_completion_timeout: '0s', keep_on_completion: true, ...body },
    })
    return headers['x-elasticsearch-async-id'] ?? ''
  }

  /** The waits and keep-alives that the cluster was asked for by gets. */
  function asked(): (readonly [string | null, string | null])[] {
    return cluster.requestsFor('get').map(({ url }) => {
      const { searchParams } = new URL(url, cluster.url)
      return [searchParams.get('wait_for_completion_timeout'), searchParams.get('keep_alive')]
    })
  }

  it('without a limit is made of requests with a limit', async () => {
    await start({ upstreamWaitMs: 10_000 })
    const id = await submit()
    const waiting = gateway.alice(`GET /_query/async/${id}?keep_alive=1h`)
    await until(() => cluster.waits === 1)
    await advance(clock, 25_000)
    cluster.query.complete(TABLE)
    const { json } = await waiting
    expect([json, asked()]).toEqual([
      expect.objectContaining({ id, is_running: false }),
      [
        ['10000ms', '3600000ms'],
        ['10000ms', null],
        ['10000ms', null],
      ],
    ])
  })

  it('ends when its client leaves, also behind requests that the client has pipelined before it', async () => {
    await start()
    const id = await submit()
    const get = (query: string) =>
      `GET /_query/async/${id}?${query} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token({ sub: 'alice' })}\r\n\r\n`
    const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1')
    socket.write(get('wait_for_completion_timeout=0').repeat(8) + get('wait_for_completion_timeout=1h'))
    await until(() => asked().length === 9)
    await until(() => cluster.waits === 1)
    await until(() => gateway.router.waiting === 1)
    socket.destroy()
    await until(() => gateway.router.waiting === 0)
    await until(() => cluster.waits === 0)
  })

  it('is refused when the owner has too many', async () => {
    await start({}, { maxWaits: 2 })
    const id = await submit()
    const waiting = gateway.alice(`GET /_query/async/${id}`)
    await until(() => cluster.waits === 1)
    expect((await gateway.alice(`GET /_query/async/${id}`)).status).toBe(429)
    expect((await gateway.alice('POST /_query/async', { body: { query: 'RUN' } })).status).toBe(429)
    expect((await gateway.alice(`GET /_query/async/${id}?wait_for_completion_timeout=0`)).status).toBe(200)
    expect(cluster.requestsFor('submit').length).toBe(1)
    cluster.query.complete(TABLE)
    expect((await waiting).json).toMatchObject({ is_running: false })
  })

  it('asks in its last request for the time that is left', async () => {
    await start({ upstreamWaitMs: 10_000 })
    const id = await submit()
    const waiting = gateway.alice(`GET /_query/async/${id}?wait_for_completion_timeout=12s`)
    await until(() => cluster.waits === 1)
    await advance(clock, 13_000)
    const { json, headers } = await waiting
    expect([json, headers['x-elasticsearch-async-is-running'], asked().map(([wait]) => wait)]).toEqual([
      expect.objectContaining({ id, is_running: true, columns: [], values: [] }),
      '?1',
      ['10000ms', '2000ms'],
    ])
  })

  it('that is capped by the router is capped in the cluster', async () => {
    await start({}, { maxWaitMs: 300 })
    const submitting = gateway.alice('POST /_query/async', { body: { query: 'RUN' } })
    await until(() => cluster.waits === 1)
    await advance(clock, 300)
    const id = (await submitting).headers['x-elasticsearch-async-id']
    const waiting = gateway.alice(`GET /_query/async/${id}`)
    await until(() => cluster.waits === 1)
    await advance(clock, 300)
    expect([(await waiting).json, cluster.requests[0]?.body.toString(), asked()]).toEqual([
      expect.objectContaining({ is_running: true }),
      '{"wait_for_completion_timeout":"300ms","query":"RUN"}',
      [['300ms', null]],
    ])
  })

  it('ends with the present state when the gateway drains', async () => {
    await start()
    const id = await submit()
    const waiting = gateway.alice(`GET /_query/async/${id}`)
    await until(() => cluster.waits === 1)
    gateway.router.drain()
    const { status, json } = await waiting
    expect([status, json, cluster.waits]).toEqual([200, expect.objectContaining({ id, is_running: true }), 0])
  })

  it('pauses before the next request when the cluster answers early that the query runs', async () => {
    await start()
    const id = await submit()
    const body = {
      id: cluster.query.id,
      is_running: true,
      documents_found: 0,
      values_loaded: 0,
      columns: [],
      values: [],
    }
    const headers = { 'X-elastic-product': 'Elasticsearch', 'Took-nanos': '1' }
    cluster.inject('get', { kind: 'answer', status: 200, body, headers }, 100)
    const waiting = gateway.alice(`GET /_query/async/${id}?wait_for_completion_timeout=2s`)
    await until(() => cluster.requestsFor('get').length === 1)
    await advance(clock, 2_000, 10)
    await waiting
    expect(cluster.requestsFor('get').length).toBeLessThan(10)
  })

  it('ends with the last known state when the cluster stops answering', async () => {
    await start({ upstreamWaitMs: 1_000 })
    const id = await submit()
    const waiting = gateway.alice(`GET /_query/async/${id}`)
    await until(() => cluster.waits === 1)
    cluster.inject('get', { kind: 'drop' }, 2)
    await advance(clock, 1_000)
    expect((await waiting).json).toMatchObject({ id, is_running: true })
  })

  it('ends with task_cancelled_exception when the cluster no longer knows the query', async () => {
    await start({ upstreamWaitMs: 1_000 })
    const id = await submit()
    const waiting = gateway.alice(`GET /_query/async/${id}`)
    await until(() => cluster.waits === 1)
    const error = { type: 'resource_not_found_exception', reason: cluster.query.id }
    cluster.inject('get', refusal(404, error), 3)
    await advance(clock, 2_000, 100)
    expect((await waiting).json).toMatchObject({ error: { type: 'task_cancelled_exception' }, status: 400 })
  })

  it('finds a result that the cluster does not find at first', async () => {
    await start({ upstreamWaitMs: 1_000 })
    const id = await submit()
    const waiting = gateway.alice(`GET /_query/async/${id}`)
    await until(() => cluster.waits === 1)
    const error = { type: 'resource_not_found_exception', reason: cluster.query.id }
    cluster.inject('get', refusal(404, error), 2)
    await advance(clock, 1_000)
    cluster.query.complete(TABLE)
    await advance(clock, 1_000, 100)
    expect((await waiting).json).toMatchObject({ id, is_running: false })
  })

  it('of a submit goes on with gets, and deletes a result that the client does not keep', async () => {
    await start()
    const submitting = gateway.alice('POST /_query/async', {
      body: { query: 'RUN', wait_for_completion_timeout: '1m', keep_alive: '1d' },
    })
    await until(() => cluster.waits === 1)
    await advance(clock, 5_000)
    cluster.query.complete(TABLE)
    const { headers, json } = await submitting
    await until(() => cluster.query.state === 'deleted')
    expect([headers['x-elasticsearch-async-id'], json]).toEqual([
      undefined,
      expect.not.objectContaining({ id: expect.anything() }),
    ])
    expect(asked().map(([wait]) => wait)).toEqual(['15000ms'])
  })

  it('of a submit ends with the id when the cluster stops answering', async () => {
    await start()
    cluster.inject('get', { kind: 'drop' }, 2)
    const submitting = gateway.alice('POST /_query/async', {
      body: { query: 'RUN', wait_for_completion_timeout: '1m' },
    })
    await until(() => cluster.waits === 1)
    await advance(clock, 1_000)
    const { headers, json } = await submitting
    const id = headers['x-elasticsearch-async-id']
    expect([json, cluster.query.state]).toEqual([
      expect.objectContaining({ id, is_running: true }),
      'running',
    ])
  })

  it('ends with 503 when the cluster does not answer in time', async () => {
    await start({ requestTimeoutMs: 5_000 })
    const id = await submit()
    cluster.inject('get', { kind: 'silence' })
    const waiting = gateway.alice(`GET /_query/async/${id}?wait_for_completion_timeout=10s`)
    await until(() => cluster.open.length === 1)
    await advance(clock, 15_000)
    const { status, json } = await waiting
    expect([status, json]).toEqual([503, expect.objectContaining({ status: 503 })])
  })

  describe('for a query that ends when nobody polls it', () => {
    beforeEach(() => start({ abandonAfterMs: 60_000 }))

    it('keeps the query while it lasts, and gives the result the keep-alive of its caller', async () => {
      const id = await submit({ keep_alive: '1d' })
      const { startTimeMs } = cluster.query
      expect(cluster.query.expirationTimeMs).toBe(startTimeMs + 60_000)
      const waiting = gateway.alice(`GET /_query/async/${id}`)
      await until(() => cluster.waits === 1)
      await advance(clock, 200_000, 5_000)
      expect(cluster.query.state).toBe('running')
      cluster.query.complete(TABLE)
      await waiting
      expect(cluster.query.expirationTimeMs).toBe(startTimeMs + 24 * HOUR_MS)
    })

    it('lets the query end once nobody polls it', async () => {
      await submit({ keep_alive: '1d' })
      await advance(clock, 61_000, 10_000)
      expect(cluster.query.state).toBe('deleted')
    })

    it('does not shorten a keep-alive that a caller has asked for', async () => {
      const id = await submit({ keep_alive: '1h' })
      await gateway.alice(`GET /_query/async/${id}?keep_alive=2d&wait_for_completion_timeout=0s`)
      const { expirationTimeMs } = cluster.query
      await gateway.alice(`GET /_query/async/${id}?wait_for_completion_timeout=0s`)
      cluster.query.complete(TABLE)
      await gateway.alice(`GET /_query/async/${id}`)
      expect(cluster.query.expirationTimeMs).toBe(expirationTimeMs)
    })

    it('never keeps the query for longer than its caller asked for', async () => {
      await submit({ keep_alive: '10s' })
      await arrival()
      expect(cluster.query.expirationTimeMs - cluster.query.startTimeMs).toBe(10_000)
    })
  })
})
