import { createServer } from 'node:net'
import { Client } from '@elastic/elasticsearch'
import { ManualClock } from 'express-esql-async-query/test-kit'
import type { Cluster, Fault } from '../../support/cluster'
import { API_KEY, startCluster } from '../../support/cluster'
import { advance } from '../../support/cluster-harness'
import type { ElasticsearchGateway, StoreOptions } from '../../support/elasticsearch-gateway'
import { startElasticsearchGateway, TRANSPORTS } from '../../support/elasticsearch-gateway'
import { until } from '../../support/until'

const silentAfter = (afterBytes: number): Fault => ({
  kind: 'stall',
  afterBytes,
  until: new Promise(() => {}),
})

describe.each(TRANSPORTS)('a cluster reached by %s that falls silent', (transport) => {
  let clock: ManualClock
  let cluster: Cluster
  let gateway: ElasticsearchGateway

  beforeEach(async () => {
    clock = new ManualClock()
    cluster = await startCluster({ clock })
    const store: StoreOptions = { clock, upstreamWaitMs: 1_000, requestTimeoutMs: 5_000 }
    gateway = await startElasticsearchGateway(transport, cluster.url, { store })
  })
  afterEach(async () => {
    await gateway.close()
    await cluster.close()
  })

  const submit = (query: string, wait: string) =>
    gateway.alice('POST /_query/async', {
      body: { query, wait_for_completion_timeout: wait, keep_on_completion: true },
    })

  it.each([0, 1, 120, 250])(
    'after %d bytes of a later answer ends the wait with what is known',
    async (bytes) => {
      const submitting = submit('RUN', '1m')
      await until(() => cluster.waits === 1)
      cluster.inject('get', silentAfter(bytes))
      await advance(clock, 10_000)
      const { status, json } = await submitting
      expect([status, json]).toEqual([200, expect.objectContaining({ is_running: true })])
    },
  )

  it.each([0, 60, 120])('after %d bytes of the only answer is an outage', async (bytes) => {
    const id = (await submit('RUN', '0s')).headers['x-elasticsearch-async-id']
    cluster.inject('get', silentAfter(bytes))
    const getting = gateway.alice(`GET /_query/async/${id}?wait_for_completion_timeout=1s`)
    await until(() => cluster.waits === 1)
    await advance(clock, 10_000)
    expect((await getting).status).toBe(503)
  })

  it('in the middle of a result breaks the answer off', async () => {
    const id = (await submit('HUGE 200000', '0s')).headers['x-elasticsearch-async-id']
    cluster.inject('get', silentAfter(100_000))
    const getting = gateway.alice(`GET /_query/async/${id}`)
    const broken = expect(getting).rejects.toThrow(/aborted/)
    await until(() => cluster.request.bodyBytesSent === 100_000)
    await advance(clock, 10_000)
    await broken
    expect(clock.pendingTimers).toBe(cluster.queries.length)
  })

  it('in an error is an outage', async () => {
    const id = (await submit('FAIL', '0s')).headers['x-elasticsearch-async-id'] ?? 'x'
    const running = (await submit('RUN', '0s')).headers['x-elasticsearch-async-id']
    cluster.query.fail({ status: 400, type: 'verification_exception', reason: 'x'.repeat(500) })
    cluster.inject('get', silentAfter(120))
    const getting = gateway.alice(`GET /_query/async/${running}`)
    await until(() => cluster.request.bodyBytesSent === 120)
    await advance(clock, 10_000)
    expect([id, (await getting).status]).toEqual(['x', 503])
  })

  it('does not hold up a drain', async () => {
    const id = (await submit('RUN', '0s')).headers['x-elasticsearch-async-id']
    const getting = gateway.alice(`GET /_query/async/${id}`)
    await until(() => cluster.waits === 1)
    await advance(clock, 1_000)
    cluster.inject('get', silentAfter(120), 9)
    gateway.router.drain()
    await advance(clock, 10_000)
    expect((await getting).json).toMatchObject({ id, is_running: true })
  })
})

describe('a request that no server has received', () => {
  it('goes to the next node of a client, also where it must not run twice', async () => {
    const cluster = await startCluster()
    const unused = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => unused.on('listening', resolve))
    const { port } = unused.address() as { port: number }
    await new Promise((resolve) => unused.close(resolve))
    const nodes = [`http://127.0.0.1:${port}`, cluster.url]
    const client = new Client({ nodes, auth: { apiKey: API_KEY.encoded }, maxRetries: 0 })
    const gateway = await startElasticsearchGateway('client', cluster.url, { store: { client } })
    const submit = () => gateway.alice('POST /_query/async', { body: { query: 'ROW n = 1' } })
    expect([(await submit()).status, (await submit()).status, cluster.queries.length]).toEqual([200, 200, 2])
    await client.close()
    await gateway.close()
    await cluster.close()
  })

  it('is sent again over a URL until a connection is new, however many have been closed', async () => {
    const cluster = await startCluster()
    const gateway = await startElasticsearchGateway('url', cluster.url)
    const body = { query: 'RUN', wait_for_completion_timeout: '0s' }
    let resolve = () => {}
    const until5 = new Promise<void>((settle) => {
      resolve = settle
    })
    cluster.inject('submit', { kind: 'delay', until: until5 }, 5)
    const submitting = Array.from({ length: 5 }, () => gateway.alice('POST /_query/async', { body }))
    const submits = Promise.all(submitting)
    await until(() => cluster.open.length === 5)
    resolve()
    const [first] = await submits
    cluster.inject('get', { kind: 'drop' }, 4)
    const target = `GET /_query/async/${first?.headers['x-elasticsearch-async-id']}`
    expect((await gateway.alice(`${target}?wait_for_completion_timeout=0s`)).status).toBe(200)
    await gateway.close()
    await cluster.close()
  })
})
