import type { Attributes, ElasticsearchStore, MemoryStoreOptions } from 'express-esql-async-query'
import { QueryError } from 'express-esql-async-query'
import type { Cluster } from '../support/cluster'
import { refusal, startCluster } from '../support/cluster'
import { createStore } from '../support/elasticsearch-gateway'
import { TABLE } from '../support/engine'
import type { Answer, Gateway, GatewayOptions } from '../support/gateway'
import { startGateway } from '../support/gateway'
import { until } from '../support/until'

describe('a 429', () => {
  let gateway: Gateway
  let refusals: { status: number; type: unknown; limit: unknown }[]
  let counted: Attributes[]
  const opened: { close(): Promise<unknown> }[] = []

  afterEach(async () => {
    await gateway.close()
    for (const each of opened.splice(0)) await each.close()
  })

  async function start(options: GatewayOptions = {}): Promise<void> {
    refusals = []
    counted = []
    const note = (entry: object): void => {
      const { status, type, limit } = entry as { status: number; type?: string; limit?: string }
      if (status >= 400) refusals.push({ status, type, limit })
    }
    const logger = { debug: note, info: note, warn: note, error: note }
    const counter = (name: string) => ({
      add(_value: number, attributes: Attributes = {}) {
        if (name === 'esql_async.request.refusals') counted.push(attributes)
      },
      record() {},
    })
    const meter = { createCounter: counter, createUpDownCounter: counter, createHistogram: counter }
    gateway = await startGateway({ logger, meterProvider: { getMeter: () => meter }, ...options })
  }

  const submit = (wait = '0s', body: object = {}): Promise<Answer> =>
    gateway.alice('POST /_query/async', {
      body: { query: 'RUN', wait_for_completion_timeout: wait, keep_on_completion: true, ...body },
    })

  const idOf = ({ headers }: Answer): string => encodeURIComponent(headers['x-elasticsearch-async-id'] ?? '')

  /** The limit as the log and the measurement of the one refusal name it. The client does not see it. */
  function named({ status, text }: Answer): unknown {
    expect(status).toBe(429)
    expect(refusals).toEqual([
      { status: 429, type: refusals[0]?.type, limit: counted[0]?.['esql_async.limit'] },
    ])
    expect(counted).toHaveLength(1)
    expect(text).not.toContain(String(refusals[0]?.limit))
    return refusals[0]?.limit
  }

  it.each<[keyof MemoryStoreOptions, Partial<MemoryStoreOptions>]>([
    ['maxQueries', { maxQueries: 1, maxQueriesPerOwner: 2 }],
    ['maxQueriesPerOwner', { maxQueries: 2, maxQueriesPerOwner: 1 }],
    ['maxBytes', { maxBytes: 10, maxBytesPerOwner: 100_000 }],
    ['maxBytesPerOwner', { maxBytes: 100_000, maxBytesPerOwner: 10 }],
  ])('names %s of MemoryStore', async (limit, memory) => {
    await start({ memory })
    if (limit.startsWith('maxQueries')) expect((await submit()).status).toBe(200)
    expect(named(await submit())).toBe(limit)
  })

  it('names the limit that a result exceeds, also to those who ask for it later', async () => {
    await start({ memory: { maxBytesPerOwner: 10_000 } })
    const id = idOf(await submit())
    gateway.engine.run.complete({ columns: [{ name: 'a', type: 'keyword' }], values: [['x'.repeat(20_000)]] })
    expect(named(await gateway.alice(`GET /_query/async/${id}`))).toBe('maxBytesPerOwner')
    await gateway.alice(`GET /_query/async/${id}`)
    expect(refusals[1]).toEqual(refusals[0])
  })

  it.each([
    ['maxWaits', { maxWaits: 1, maxWaitsPerOwner: 2 }],
    ['maxWaitsPerOwner', { maxWaits: 2, maxWaitsPerOwner: 1 }],
  ])('names %s of the router', async (limit, options) => {
    await start(options)
    const id = idOf(await submit())
    const waiting = gateway.alice(`GET /_query/async/${id}`)
    await until(() => gateway.router.waiting === 1)
    expect(named(await submit('1h'))).toBe(limit)
    gateway.engine.run.complete()
    await waiting
  })

  it('names what an engine or a store of the host names', async () => {
    const error = new QueryError('es_rejected_execution_exception', 'no licence is free', {
      limit: 'licences',
    })
    await start({ memory: { execute: () => Promise.reject(error) } })
    expect(named(await submit('1h'))).toBe('licences')
  })

  describe('in front of a cluster', () => {
    let cluster: Cluster
    let store: ElasticsearchStore

    async function startInFront(options: object = {}): Promise<void> {
      cluster = await startCluster()
      const bench = createStore('url', cluster.url, options)
      opened.push(bench, cluster)
      store = bench.store
      await start({ store })
    }

    const busy = { type: 'es_rejected_execution_exception', reason: 'the queue of the cluster is full' }

    it.each([
      ['Elasticsearch', refusal(429, busy)],
      ['a proxy', { kind: 'answer', status: 429, body: 'slow down' } as const],
    ])('names the server behind the gateway where %s refuses', async (_name, fault) => {
      await startInFront()
      cluster.inject('submit', fault)
      expect(named(await submit())).toBe('upstream')
    })

    it('names that server for a list, which the store reads', async () => {
      await startInFront({ forwardAuthorization: true })
      cluster.inject('list', refusal(429, busy))
      expect(named(await gateway.alice('GET /_query/queries'))).toBe('upstream')
    })

    it('names maxConnections of ElasticsearchStore', async () => {
      await startInFront({ maxConnections: 2 })
      const query = () => gateway.alice('POST /_query', { body: { query: 'RUN' } })
      const waiting = query()
      await until(() => cluster.queries.length === 1)
      expect(named(await query())).toBe('maxConnections')
      cluster.query.complete(TABLE)
      await waiting
    })
  })
})
