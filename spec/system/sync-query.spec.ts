import { Client, errors } from '@elastic/elasticsearch'
import { ElasticsearchStore, newSealingKey } from 'express-esql-async-query'
import type { Cluster } from '../support/cluster'
import { API_KEY, FAILURE, refusal, SERVICE_ACCOUNT, startCluster, TABLE } from '../support/cluster'
import { comparable } from '../support/comparable-body'
import type { ElasticsearchGateway, StoreOptions } from '../support/elasticsearch-gateway'
import { startElasticsearchGateway } from '../support/elasticsearch-gateway'
import type { Gateway, GatewayOptions } from '../support/gateway'
import { startGateway, until } from '../support/gateway'
import { LeavingClient } from '../support/leaving-client'
import { token } from '../support/tokens'

/** Moments and durations in any format. */
const TIMES = /\d{13}|\d{4}-\d\d-\d\dT[\d:.]+Z|(?<=\btook"? ?: ?)\d+/g

const SETUPS = ['MemoryStore', 'ElasticsearchStore with url', 'ElasticsearchStore with client'] as const

interface Setup {
  gateway: Gateway
  /** How many queries were started, and how many of them run. */
  started(): number
  running(): number
  /** Timers of the store. */
  timers(): number
  complete(): void
  close(): Promise<void>
}

async function startSetup(name: (typeof SETUPS)[number], options: GatewayOptions = {}): Promise<Setup> {
  if (name === 'MemoryStore') {
    const gateway = await startGateway({
      ...options,
      memory: { maxQueriesPerOwner: 1_000, ...options.memory },
    })
    const { engine, clock } = gateway
    return {
      gateway,
      started: () => engine.runs.length,
      running: () => engine.runs.filter(({ signal }) => !signal.aborted).length,
      timers: () => clock.pendingTimers,
      complete: () => engine.run.complete(TABLE),
      close: () => gateway.close(),
    }
  }
  const cluster = await startCluster()
  const transport = name.endsWith('url') ? 'url' : 'client'
  const { store: _, ...others } = options
  const gateway = await startElasticsearchGateway(transport, cluster.url, others)
  return {
    gateway,
    started: () => cluster.queries.length,
    running: () => cluster.running.length,
    timers: () => gateway.storeClock.pendingTimers,
    complete: () => cluster.query.complete(TABLE),
    async close() {
      await gateway.close()
      await cluster.close()
    },
  }
}

describe.each(SETUPS)('a synchronous query in front of %s', (name) => {
  let setup: Setup
  let client: Client

  async function start(options: GatewayOptions = {}): Promise<void> {
    await close()
    setup = await startSetup(name, options)
    client = new Client({ node: setup.gateway.url, auth: { bearer: token({ sub: 'alice' }) }, maxRetries: 3 })
  }

  async function close(): Promise<void> {
    await client?.close()
    await setup?.close()
  }

  beforeEach(() => start())
  afterAll(close)

  const leavingClient = () =>
    new LeavingClient(setup.gateway.url, 'POST /_query', {
      token: token({ sub: 'alice' }),
      body: { query: 'RUN' },
    })

  /** Requests that the official client sends during a call. */
  async function sentDuring(call: () => Promise<unknown>): Promise<number> {
    let sent = 0
    client.diagnostic.on('request', () => {
      sent += 1
    })
    await call()
    return sent
  }

  async function run(params: object = {}): Promise<unknown> {
    const answer = client.esql.query({ query: 'RUN', ...params })
    await until(() => setup.started() === 1)
    setup.complete()
    return answer
  }

  describe('from the official client', () => {
    it('gets its result, and nothing of an async query', async () => {
      const answer = (await run()) as Record<string, unknown>
      expect(answer).toMatchObject({
        is_partial: false,
        columns: TABLE.columns,
        values: [
          [2 ** 53, 'one, "1"', null],
          [2, 'tw\u00f6', null],
        ],
      })
      expect(Object.keys(answer)).not.toEqual(expect.arrayContaining(['id']))
      expect(Object.keys(answer)).not.toEqual(expect.arrayContaining(['is_running']))
    })

    it('gets its result in another format, without columns of nulls', async () => {
      expect(await run({ format: 'csv', drop_null_columns: true })).toBe(
        'n,name\r\n9007199254740993,"one, ""1"""\r\n2,tw\u00f6\r\n',
      )
    })

    it('gets records from its helper', async () => {
      const records = client.helpers.esql({ query: 'RUN' }).toRecords()
      await until(() => setup.started() === 1)
      setup.complete()
      expect((await records).records).toEqual([
        { n: 2 ** 53, name: 'one, "1"', gone: null },
        { n: 2, name: 'tw\u00f6', gone: null },
      ])
    })

    it('gets an Arrow table from its helper', async () => {
      const arrow = client.helpers.esql({ query: 'RUN' }).toArrowTable()
      await until(() => setup.started() === 1)
      setup.complete()
      const table = await arrow
      expect(table.schema.fields.map((field) => field.name)).toEqual(['n', 'name', 'gone'])
      expect(Array.from(table.getChild('n') ?? [])).toEqual([9007199254740993n, 2n])
    })

    it('gets batches of Arrow from its helper', async () => {
      const arrow = client.helpers.esql({ query: 'RUN' }).toArrowReader()
      await until(() => setup.started() === 1)
      setup.complete()
      // Not to the end: there the client destroys a stream that has ended, whatever server sent it, and undici objects.
      const { value: batch } = await (await arrow).next()
      expect(batch?.numRows).toBe(2)
    })

    it('gets the error of the query', async () => {
      const error = await client.esql.query({ query: 'FAIL' }).catch((thrown: unknown) => thrown)
      expect(error).toBeInstanceOf(errors.ResponseError)
      expect(error).toMatchObject({ statusCode: 400, body: { error: { type: 'verification_exception' } } })
    })

    it('ends when the client aborts it', async () => {
      const aborting = new AbortController()
      const answer = client.esql.query({ query: 'RUN' }, { signal: aborting.signal })
      await until(() => setup.running() === 1)
      aborting.abort()
      await expect(answer).rejects.toThrow(errors.RequestAbortedError)
      await until(() => setup.running() === 0)
    })

    it('is not sent again when it has run for maxQueryMs', async () => {
      await start({ maxQueryMs: 50 })
      const sent = await sentDuring(() =>
        expect(client.esql.query({ query: 'RUN' })).rejects.toMatchObject({
          statusCode: 400,
          body: { error: { type: 'task_cancelled_exception' } },
        }),
      )
      expect([sent, setup.started()]).toEqual([1, 1])
      await until(() => setup.running() === 0)
    })

    it('is sent again when the server shuts down', async () => {
      const sent = await sentDuring(async () => {
        const answer = client.esql.query({ query: 'RUN' })
        const outcome = expect(answer).rejects.toMatchObject({
          statusCode: 503,
          body: { error: { type: 'no_shard_available_action_exception' } },
        })
        await until(() => setup.running() === 1)
        setup.gateway.router.drain()
        await until(() => setup.running() === 0)
        await outcome
      })
      // This process refuses them all, so that another one gets them.
      expect([sent, setup.started()]).toEqual([4, 1])
    }, 60_000)
  })

  it('ends within a tenth of a second when its client leaves', async () => {
    const times: number[] = []
    for (let attempt = 1; attempt <= 5; attempt += 1) {
      const leaving = leavingClient()
      await until(() => setup.running() === 1)
      const leftMs = performance.now()
      leaving.leave()
      await until(() => setup.running() === 0)
      times.push(performance.now() - leftMs)
    }
    // The best one: other programs may take the machine at any moment.
    expect(Math.min(...times)).toBeLessThan(100)
  })

  it('leaves nothing when a thousand clients leave', async () => {
    for (let round = 1; round <= 10; round += 1) {
      const clients = Array.from({ length: 100 }, leavingClient)
      await until(() => setup.running() === 100)
      for (const leaving of clients) leaving.leave()
      await until(() => setup.running() === 0 && setup.gateway.router.waiting === 0 && setup.timers() === 0)
    }
    expect(setup.started()).toBe(1_000)
    expect((await setup.gateway.alice('POST /_query', { body: { query: 'ROW n = 1' } })).status).toBe(200)
  }, 120_000)
})

describe('POST /_query in front of a cluster', () => {
  let cluster: Cluster
  let gateway: ElasticsearchGateway

  async function start(
    options: GatewayOptions & { elasticsearch?: StoreOptions } = {},
    release: '8.19' | '9.5' = '9.5',
  ): Promise<void> {
    await close()
    cluster = await startCluster({ release })
    const { elasticsearch = {}, store: _, ...others } = options
    gateway = await startElasticsearchGateway('url', cluster.url, { ...others, store: elasticsearch })
  }

  async function close(): Promise<void> {
    await gateway?.close()
    await cluster?.close()
  }

  beforeEach(() => start())
  afterAll(close)

  const QUERY = { body: { query: 'ROW n = 1' } }

  describe.each(['8.19', '9.5'] as const)('of %s', (release) => {
    it.each([
      '',
      'format=json&pretty&human',
      'format=yaml',
      'format=cbor',
      'format=smile',
      'format=csv&delimiter=%7C',
      'format=tsv',
      'format=txt',
      'format=arrow',
      'drop_null_columns',
      'filter_path=columns.name',
      'filter_path=nothing',
    ])('passes on the answer, with %j', async (parameters) => {
      await start({}, release)
      const target = `/_query?${parameters}`
      const answer = await gateway.alice(`POST ${target}`, QUERY)
      const direct = await fetch(`${cluster.url}${target}`, {
        method: 'POST',
        headers: { authorization: SERVICE_ACCOUNT.authorization, 'content-type': 'application/json' },
        body: JSON.stringify(QUERY.body),
      })
      const contentType = direct.headers.get('content-type')
      const bytes = Buffer.from(await direct.arrayBuffer())
      // The two queries ran at different moments.
      const timeless = (body: Buffer) => comparable(body, contentType, 'no id').replace(TIMES, '<time>')
      expect([answer.status, answer.headers['content-type'], timeless(answer.body)]).toEqual([
        200,
        contentType,
        timeless(bytes),
      ])
      expect(Object.keys(answer.headers).filter((name) => name.includes('async'))).toEqual([])
      expect(answer.headers['took-nanos']).toMatch(/^\d+$/)
      expect([cluster.running, cluster.open]).toEqual([[], []])
    })
  })

  it('hands on the bytes of the body, the parameters and the headers of the client', async () => {
    const body = '{ "query" : "ROW n = 9007199254740993", /* mine */ "columnar":true }'
    cluster.inject('query', refusal(400, { type: 'x_exception', reason: 'seen' }))
    await gateway.alice('POST /_query?format=yaml&allow_partial_results=false&filter_path=a%3Bb', {
      headers: {
        'content-type': 'application/vnd.elasticsearch+json;compatible-with=9',
        accept: 'application/vnd.elasticsearch+json;compatible-with=9',
        'x-opaque-id': 'mine',
        traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      },
      body,
    })
    const { method, url, headers } = cluster.request
    expect([method, url, cluster.request.body.toString()]).toEqual([
      'POST',
      '/_query?format=yaml&allow_partial_results=false&filter_path=a%3Bb',
      body,
    ])
    expect(headers).toMatchObject({
      'content-type': 'application/vnd.elasticsearch+json;compatible-with=9',
      accept: 'application/vnd.elasticsearch+json;compatible-with=9',
      'x-opaque-id': 'mine',
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      authorization: SERVICE_ACCOUNT.authorization,
    })
  })

  it('acts as the caller’s user', async () => {
    await start({ elasticsearch: { runAs: ({ owner }) => `user-${owner.length}` } })
    await gateway.alice('POST /_query', QUERY)
    expect(cluster.request.headers['es-security-runas-user']).toMatch(/^user-\d+$/)
  })

  it('passes on warnings, and the errors of queries', async () => {
    const { headers } = await gateway.alice('POST /_query', { body: { query: 'WARN' } })
    expect(headers.warning).toContain('No limit defined')
    const { status, json } = await gateway.alice('POST /_query', { body: { query: 'FAIL' } })
    expect([status, json]).toMatchObject([400, { error: { type: FAILURE.type, reason: FAILURE.reason } }])
  })

  it('passes on a refusal of the caller, and keeps one of the gateway to itself', async () => {
    const reason = 'action [indices:data/read/esql] is unauthorized'
    for (const [status, seen] of [
      [403, 403],
      [401, 503],
    ] as const) {
      cluster.inject('query', refusal(status, { type: 'security_exception', reason }))
      const answer = await gateway.alice('POST /_query', QUERY)
      expect([answer.status, answer.text.includes(reason)]).toEqual([seen, seen === 403])
    }
  })

  it('shows no id of the cluster, in an answer or in an error', async () => {
    await gateway.alice('POST /_query/async', { body: { query: 'ROW n = 1', keep_on_completion: true } })
    const { id } = cluster.query
    cluster.inject('query', {
      kind: 'replace',
      body: (served) => served.toString().replace('{', `{"id":"${id}",`),
    })
    const answered = await gateway.alice('POST /_query', QUERY)
    cluster.inject('query', refusal(500, { type: 'x_exception', reason: `lost ${id}` }))
    const failed = await gateway.alice('POST /_query', QUERY)
    expect([answered.status, failed.status]).toEqual([503, 500])
    expect(answered.text + failed.text).not.toContain(id.replace(/=+$/, ''))
  })

  it('streams a large answer, and ends it in the cluster when its client leaves', async () => {
    const leaving = new LeavingClient(gateway.url, 'POST /_query?format=csv', {
      token: token({ sub: 'alice' }),
      body: { query: `HUGE ${2 ** 30}` },
    })
    const response = await leaving.response
    await new Promise((resolve) => response.once('data', resolve))
    leaving.leave()
    await until(() => cluster.request.state === 'aborted')
    expect(cluster.request.bodyBytesSent).toBeLessThan(2 ** 28)
    await until(() => gateway.router.waiting === 0)
  })

  it('waits for longer than any other request may take', async () => {
    const answer = gateway.alice('POST /_query', { body: { query: 'RUN' } })
    await until(() => cluster.running.length === 1)
    await gateway.storeClock.advance(86_400_000)
    cluster.query.complete(TABLE)
    expect((await answer).status).toBe(200)
  })

  it('sends a query once, and answers 503 when its connection breaks', async () => {
    cluster.inject('query', { kind: 'lose' })
    const { status } = await gateway.alice('POST /_query', QUERY)
    expect([status, cluster.requestsFor('query').length]).toEqual([503, 1])
  })

  it('goes to another node when the first one refuses the connection', async () => {
    const lost = await startCluster()
    await lost.kill()
    // Always the first living node, so that the lost one is tried first.
    const client = new Client({
      nodes: [lost.url, cluster.url],
      nodeSelector: ([first]) => first as never,
      auth: { apiKey: API_KEY.encoded },
      maxRetries: 0,
    })
    const store = new ElasticsearchStore({ client, sealingKeys: [newSealingKey()] })
    const other = await startGateway({ store })
    expect((await other.alice('POST /_query', QUERY)).status).toBe(200)
    expect(cluster.requestsFor('query').length).toBe(1)
    await other.close()
    await client.close()
  })

  it.each([
    ['drains', 503, () => gateway.router.drain()],
    ['has let it run for maxQueryMs', 400, () => {}],
  ])('cancels the query in the cluster when the gateway %s', async (_, status, end) => {
    await start({ maxQueryMs: 500 })
    const answer = gateway.alice('POST /_query', { body: { query: 'RUN' } })
    await until(() => cluster.running.length === 1)
    end()
    expect((await answer).status).toBe(status)
    await until(() => cluster.running.length === 0)
    expect(cluster.request.state).toBe('aborted')
  })

  it('leaves connections for other requests', async () => {
    await start({ elasticsearch: { maxConnections: 8 } })
    const answers = Array.from({ length: 6 }, () => gateway.alice('POST /_query', { body: { query: 'RUN' } }))
    await until(() => cluster.running.length === 5)
    expect((await gateway.alice('POST /_query/async', QUERY)).status).toBe(200)
    await gateway.storeClock.advance(1_000)
    for (const query of cluster.queries) query.complete(TABLE)
    const statuses = (await Promise.all(answers)).map(({ status }) => status)
    expect(statuses.sort()).toEqual([200, 200, 200, 200, 200, 429])
  })
})
