import { setTimeout as pause } from 'node:timers/promises'
import { ElasticsearchStore, newSealingKey } from 'express-esql-async-query'
import { ManualClock } from 'express-esql-async-query/test-kit'
import { Connections, type Need } from '../../../../lib/stores/elasticsearch/cluster/connections'
import { type Cluster, startCluster, TABLE } from '../../../support/cluster'
import { type ElasticsearchGateway, startElasticsearchGateway } from '../../../support/elasticsearch-gateway'
import { LeavingClient } from '../../../support/leaving-client'
import { token } from '../../../support/tokens'
import { until } from '../../../support/until'

describe('the connections to a cluster', () => {
  let cluster: Cluster
  let gateway: ElasticsearchGateway
  let path: string

  async function start(maxConnections: number, store = {}): Promise<void> {
    cluster = await startCluster({ clock: new ManualClock() })
    gateway = await startElasticsearchGateway('url', cluster.url, { store: { maxConnections, ...store } })
    path = await submit('RUN')
  }
  afterEach(async () => {
    await gateway.close()
    await cluster.close()
  })

  async function submit(query: string): Promise<string> {
    const body = { query, wait_for_completion_timeout: '0s', keep_on_completion: true }
    const { status, headers } = await gateway.alice('POST /_query/async', { body })
    expect(status).toBe(200)
    return `/_query/async/${encodeURIComponent(headers['x-elasticsearch-async-id'] ?? '')}`
  }

  const get = () => new LeavingClient(gateway.url, `GET ${path}`, { token: token({ sub: 'alice' }) })
  const waits = (count: number) => Array.from({ length: count }, get)
  const waitingGets = () => cluster.requests.filter(({ url }) => url.includes('15000ms')).length

  it('are never more than the limit, however many requests wait', async () => {
    await start(8)
    const all = waits(40)
    await until(() => gateway.router.waiting === 40 && waitingGets() === 5)
    // Submits, deletes and gets that do not wait get through.
    const other = await submit('RUN')
    expect((await gateway.alice(`GET ${other}?wait_for_completion_timeout=0`)).status).toBe(200)
    expect((await gateway.alice(`DELETE ${other}`)).status).toBe(200)
    expect([gateway.router.waiting, cluster.sockets <= 8]).toEqual([40, true])

    gateway.storeClock.advance(1_000)
    await until(() => gateway.router.waiting === 5)
    cluster.queries[0]?.complete(TABLE)
    const answers = await Promise.all(all.map((client) => client.answer()))
    expect(answers.map(({ status }) => status).sort()).toEqual([
      ...Array(5).fill(200),
      ...Array(35).fill(429),
    ])
    expect(JSON.parse(answers.find(({ status }) => status === 429)?.text ?? '').error.reason).toBe(
      'rejected execution of query: all connections to the cluster are in use by requests that wait or read; ' +
        'ask [/_query/async] with [wait_for_completion_timeout=0] or try again later',
    )
    expect(cluster.sockets).toBeLessThanOrEqual(8)
  })

  it('are free again when clients leave, and nobody queues for those who have left', async () => {
    await start(4)
    const all = waits(20)
    await until(() => gateway.router.waiting === 20 && waitingGets() === 2)
    for (const client of all) client.leave()
    await until(() => gateway.router.waiting === 0)
    const next = get()
    await until(() => waitingGets() === 3)
    cluster.queries[0]?.complete(TABLE)
    expect((await next.answer()).status).toBe(200)
    expect(gateway.storeClock.pendingTimers).toBe(0)
  })

  it('serve a queued wait when another one ends', async () => {
    await start(2)
    const first = get()
    await until(() => waitingGets() === 1)
    const second = get()
    await until(() => gateway.router.waiting === 2)
    first.leave()
    await until(() => waitingGets() === 2)
    cluster.queries[0]?.complete(TABLE)
    expect((await second.answer()).status).toBe(200)
  })

  it('end with a drain, also for those that queue', async () => {
    await start(4)
    const all = waits(10)
    await until(() => gateway.router.waiting === 10 && waitingGets() === 2)
    gateway.router.drain()
    const answers = await Promise.all(all.map((client) => client.answer()))
    expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(200))
  })

  it.each([
    ['small answers', 'FROM books', ''],
    ['large answers', 'HUGE 3000000', '?format=csv'],
  ])('are given back after %s', async (_, query, parameters) => {
    await start(2)
    const target = await submit(query)
    const statuses = await Promise.all(
      Array.from({ length: 12 }, () =>
        gateway.alice(`GET ${target}${parameters || '?'}&wait_for_completion_timeout=0`),
      ),
    )
    expect(new Set(statuses.map(({ status }) => status)).size).toBe(1)
    expect(cluster.sockets).toBeLessThanOrEqual(2)
  })

  it('are given back after answers that break, and by clients that leave in the middle', async () => {
    await start(2)
    const target = await submit('HUGE 30000000')
    cluster.inject('get', { kind: 'cut', afterBytes: 100_000 }, 3)
    for (let time = 0; time < 3; time += 1) {
      await expect(gateway.alice(`GET ${target}?format=csv`)).rejects.toThrow()
    }
    for (let time = 0; time < 3; time += 1) {
      const client = new LeavingClient(gateway.url, `GET ${target}?format=csv`, {
        token: token({ sub: 'alice' }),
      })
      await client.response
      client.leave()
    }
    const cause = { type: 'x', reason: 'y' }
    const error = { error: { root_cause: [cause], ...cause }, status: 400 }
    cluster.inject('get', { kind: 'answer', status: 400, body: error }, 3)
    for (let time = 0; time < 3; time += 1) await gateway.alice(`GET ${target}?format=csv`)
    cluster.inject('get', { kind: 'drop' }, 4)
    for (let time = 0; time < 2; time += 1) await gateway.alice(`GET ${path}`)
    cluster.heal()
    expect((await gateway.alice(`GET ${path}?wait_for_completion_timeout=0`)).status).toBe(200)
  })

  it('suffice for results of many callers whose keep-alive has to be set meanwhile', async () => {
    await start(4, { abandonAfterMs: 60_000 })
    const all = waits(2)
    await until(() => waitingGets() === 2)
    cluster.queries[0]?.complete(TABLE)
    const answers = await Promise.all(all.map((client) => client.answer()))
    expect(answers.map(({ status }) => status)).toEqual([200, 200])
  })
})

describe('Connections', () => {
  const { signal } = new AbortController()

  it('let those in first that may use the most, in the order in which they came', async () => {
    const connections = new Connections(2, new ManualClock())
    await connections.take('wait', signal)
    await connections.take('settle', signal)
    const order: string[] = []
    const needs: Need[] = ['wait', 'read', 'act', 'settle', 'settle']
    needs.forEach((need, at) => {
      void connections.take(need, signal).then(() => order.push(`${need} ${at}`))
    })
    for (let time = 0; time < 8; time += 1) {
      connections.release()
      await pause(0)
    }
    expect(order).toEqual(['settle 3', 'settle 4', 'act 2', 'read 1', 'wait 0'])
  })

  it('belong to the application that gives its own client', () => {
    const client = { transport: { request: async () => ({}) } }
    expect(
      () => new ElasticsearchStore({ client, sealingKeys: [newSealingKey()], maxConnections: 4 }),
    ).toThrow('ElasticsearchStore takes `maxConnections` only with `url`')
  })
})
