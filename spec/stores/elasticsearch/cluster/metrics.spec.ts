import type { Cluster } from '../../../support/cluster'
import { startCluster } from '../../../support/cluster'
import type { ElasticsearchGateway, StoreOptions } from '../../../support/elasticsearch-gateway'
import { startElasticsearchGateway, TRANSPORTS } from '../../../support/elasticsearch-gateway'
import { TABLE } from '../../../support/engine'
import { LeavingClient } from '../../../support/leaving-client'
import { Measurements } from '../../../support/measured'
import { token } from '../../../support/tokens'
import { until } from '../../../support/until'

const DURATION = 'db.client.operation.duration'
const COUNT = 'db.client.connection.count'
const PENDING = 'db.client.connection.pending_requests'

describe.each(TRANSPORTS)('the measurements of the cluster, by %s', (transport) => {
  let cluster: Cluster
  let gateway: ElasticsearchGateway
  let measurements: Measurements

  async function start(store: StoreOptions = {}): Promise<void> {
    cluster = await startCluster()
    measurements = new Measurements()
    const { meterProvider } = measurements
    gateway = await startElasticsearchGateway(transport, cluster.url, { store: { meterProvider, ...store } })
  }
  afterEach(async () => {
    await gateway.close()
    await cluster.close()
    await measurements.close()
  })

  const asked = (operation: string, outcome: object) => ({
    'db.system.name': 'elasticsearch',
    'db.operation.name': operation,
    ...outcome,
  })
  const ok = { 'db.response.status_code': '200' }
  const sum = async (name: string) =>
    (await measurements.of(name)).reduce((total, { value }) => total + value, 0)

  async function submit(): Promise<string> {
    const body = { query: 'RUN', wait_for_completion_timeout: '0s', keep_on_completion: true }
    const { headers } = await gateway.alice('POST /_query/async', { body })
    return `/_query/async/${encodeURIComponent(headers['x-elasticsearch-async-id'] ?? '')}`
  }

  it('are of each request, by endpoint and status', async () => {
    await start()
    const path = await submit()
    await gateway.alice(`GET ${path}?wait_for_completion_timeout=0`)
    await gateway.alice(`HEAD ${path}`)
    cluster.query.complete(TABLE)
    await gateway.alice(`POST ${path}/stop`)
    await gateway.alice(`DELETE ${path}`)
    await gateway.alice(`GET ${path}?wait_for_completion_timeout=0`)
    await gateway.alice('POST /_query', { body: { query: 'ROW n = 1' } })
    const points = await measurements.of(DURATION)
    const missing = { 'db.response.status_code': '404', 'error.type': '404' }
    expect(points).toHaveLength(6)
    expect(points).toEqual(
      expect.arrayContaining([
        { attributes: asked('esql.async_query', ok), value: 1 },
        { attributes: asked('esql.async_query_get', ok), value: 2 },
        { attributes: asked('esql.async_query_stop', ok), value: 1 },
        { attributes: asked('esql.async_query_delete', ok), value: 1 },
        { attributes: asked('esql.async_query_get', missing), value: 1 },
        { attributes: asked('esql.query', ok), value: 1 },
      ]),
    )
    await until(() => cluster.requests.every(({ state }) => state !== 'open'))
    expect(await sum(COUNT)).toBe(0)
  })

  it('say why a request has no answer', async () => {
    await start()
    const path = await submit()
    await cluster.kill()
    expect((await gateway.alice(`GET ${path}?wait_for_completion_timeout=0`)).status).toBe(503)
    const kind = transport === 'url' ? 'ECONNREFUSED' : 'UpstreamError'
    expect(await measurements.of(DURATION)).toContainEqual({
      attributes: asked('esql.async_query_get', { 'error.type': kind }),
      value: 1,
    })
  })

  it('tell a client that leaves from a cluster that is too slow', async () => {
    await start()
    const path = await submit()
    cluster.inject('query', { kind: 'silence' })
    const bearer = token({ sub: 'alice' })
    const client = new LeavingClient(gateway.url, `GET ${path}`, { token: bearer })
    await until(() => cluster.waits === 1)
    expect(await sum(COUNT)).toBe(1)
    client.leave()
    await until(() => gateway.router.waiting === 0)
    cluster.inject('get', { kind: 'silence' })
    const slow = gateway.alice(`GET ${path}?wait_for_completion_timeout=0`)
    await until(() => cluster.requestsFor('get').length === 2)
    await gateway.storeClock.advance(600_000)
    await slow
    const points = await measurements.of(DURATION)
    for (const kind of ['cancelled', 'timeout']) {
      const attributes = asked('esql.async_query_get', { 'error.type': kind })
      expect(points).toContainEqual({ attributes, value: 1 })
    }
  })

  if (transport === 'url') {
    it('are of connections in use, and of requests that queue for one', async () => {
      await start({ maxConnections: 2 })
      const path = await submit()
      const bearer = token({ sub: 'alice' })
      const clients = [1, 2, 3].map(() => new LeavingClient(gateway.url, `GET ${path}`, { token: bearer }))
      await until(() => gateway.router.waiting === 3 && cluster.waits === 1)
      expect([await sum(COUNT), await measurements.of(PENDING)]).toEqual([
        1,
        [
          {
            attributes: { 'db.client.connection.pool.name': 'elasticsearch', 'esql_async.need': 'wait' },
            value: 2,
          },
        ],
      ])
      for (const client of clients) client.leave()
      await until(() => gateway.router.waiting === 0)
      expect([await sum(COUNT), await sum(PENDING)]).toEqual([0, 0])
    })
  }
})
