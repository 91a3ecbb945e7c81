import { setTimeout as pause } from 'node:timers/promises'
import type { AsyncQueryStore, QueryRequest } from 'express-esql-async-query'
import { MemoryStore, QueryError } from 'express-esql-async-query'
import { completedJson, Engine, errorJson, FAILURE, TABLE } from '../../support/engine'
import type { GatewayOptions } from '../../support/gateway'
import { type Gateway, type Request, startGateway } from '../../support/gateway'
import { LeavingClient } from '../../support/leaving-client'
import { token } from '../../support/tokens'
import { until } from '../../support/until'

const SHUTTING_DOWN = errorJson(
  503,
  'no_shard_available_action_exception',
  'the server is shutting down; send the query again',
)

/** The body of a synchronous query that ran at once. */
const RESULT = completedJson().replace('"is_running":false,', '')

const run = { body: { query: 'RUN' } }

describe('POST /_query', () => {
  let gateway: Gateway

  async function start(options: GatewayOptions = {}): Promise<void> {
    await gateway?.close()
    gateway = await startGateway(options)
  }

  beforeEach(() => start())
  afterEach(() => gateway.close())

  const begun = (count = 1) => until(() => gateway.engine.runs.length === count)
  const leavingClient = (body: object = run.body) =>
    new LeavingClient(gateway.url, 'POST /_query', { token: token({ sub: 'alice' }), body })

  /** The gateway and its store are as they were before the first request. */
  async function nothingIsLeft(): Promise<void> {
    await until(() => gateway.router.waiting === 0 && gateway.clock.pendingTimers === 0)
  }

  it('answers with the result, without id and state, and keeps nothing', async () => {
    const { status, headers, text } = await gateway.alice('POST /_query', {
      headers: { 'x-opaque-id': 'mine' },
      body: { query: 'ROW n = 1' },
    })
    expect({ status, text }).toEqual({ status: 200, text: RESULT })
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      'x-elastic-product': 'Elasticsearch',
      'x-opaque-id': 'mine',
      'took-nanos': '0',
    })
    expect(Object.keys(headers).filter((name) => name.includes('async'))).toEqual([])
    await nothingIsLeft()
  })

  it('waits as long as the query runs, whatever limits and defaults the waits of async queries have', async () => {
    await start({ maxWaitMs: 0, waitByDefault: false, maxKeepAliveMs: 1_000 })
    const answer = gateway.alice('POST /_query', run)
    await begun()
    await gateway.clock.advance(86_400_000)
    gateway.engine.run.complete()
    const { json } = await answer
    expect(json).toMatchObject({
      took: 86_400_000,
      is_partial: false,
      values: [[expect.anything(), ...(TABLE.values[0]?.slice(1) ?? [])], expect.anything()],
    })
    await nothingIsLeft()
  })

  it('answers with the error of a query that fails', async () => {
    const { status, headers, text } = await gateway.alice('POST /_query', { body: { query: 'FAIL' } })
    expect({ status, text }).toEqual({ status: 400, text: errorJson(400, FAILURE.type, FAILURE.reason) })
    expect(headers).not.toHaveProperty('took-nanos')
    await nothingIsLeft()
  })

  it('gives the engine what it gives it for a submit', async () => {
    const body = {
      query: 'ROW n = ?',
      params: [1],
      columnar: true,
      settings: { column_metadata: true },
      time_zone: 'Asia/Tokyo',
    }
    for (const path of ['/_query', '/_query/async'])
      await gateway.alice(`POST ${path}?allow_partial_results=true`, { body })
    const [one, other] = gateway.engine.requests as [QueryRequest, QueryRequest]
    expect(one).toEqual(other)
    expect(one).toMatchObject({ columnar: true, allowPartialResults: true, timeZone: 'Asia/Tokyo' })
  })

  it('drops columns of nulls, and writes columns in place of rows', async () => {
    const { json } = await gateway.alice('POST /_query?drop_null_columns', {
      body: { query: 'ROW n = 1', columnar: true },
    })
    const shown = TABLE.columns.slice(0, 3)
    expect(json).toMatchObject({ all_columns: TABLE.columns, columns: shown })
    expect((json as { values: unknown[] }).values.length).toBe(3)
  })

  it('reads the body from the parameter source', async () => {
    const source = encodeURIComponent('{"query":"ROW n = 1"}')
    const { text } = await gateway.alice(
      `POST /_query?format=json&source=${source}&source_content_type=application/json`,
    )
    expect(text).toBe(RESULT)
  })

  it.each([
    ['GET', 405],
    ['PUT', 405],
    ['DELETE', 405],
    ['HEAD', 405],
    ['OPTIONS', 200],
  ])('allows POST alone: %s gets %i', async (method, status) => {
    const answer = await gateway.alice(`${method} /_query`)
    expect([answer.status, answer.headers.allow]).toEqual([status, 'POST'])
  })

  it('answers 405 where the store has no submit, and allows nothing', async () => {
    await start({ store: { get: () => Promise.resolve(undefined) } })
    const { status, headers, text } = await gateway.alice('POST /_query', run)
    expect([status, headers.allow, JSON.parse(text)]).toEqual([
      405,
      '',
      { error: 'Incorrect HTTP method for uri [/_query] and method [POST], allowed: []', status: 405 },
    ])
  })

  describe('that is wrong in every way', () => {
    /** Each row puts one thing right. The next fault is then the first that Elasticsearch would find. */
    const steps: [string, (request: Sent) => void, string][] = [
      ['', () => {}, 'unable to authenticate'],
      ['caller', (sent) => (sent.client = 'alice'), 'Invalid media-type value on headers [Accept]'],
      ['Accept', (sent) => (sent.headers.accept = 'what/ever'), 'Failed to parse value [si]'],
      ['pretty', (sent) => sent.parameters.delete('pretty'), 'Incorrect HTTP method'],
      ['method', (sent) => (sent.method = 'POST'), 'Content-Type header [text/plain] is not supported'],
      ['Content-Type', (sent) => (sent.headers['content-type'] = 'application/json'), 'Unexpected end'],
      ['JSON', (sent) => (sent.body = { ...WRONG }), '[esql/query] unknown field [keep_alive]'],
      ['field', (sent) => delete sent.body.keep_alive, "query doesn't support values of type: VALUE_NUMBER"],
      ['type', (sent) => (sent.body.query = ' '), 'Failed to parse value [1] as only'],
      [
        'allow_partial_results',
        (sent) => sent.parameters.set('allow_partial_results', 'true'),
        'request [/_query] contains unrecognized parameters: [fromat] -> did you mean [format]?, [keep_alive]',
      ],
      [
        'parameter',
        (sent) => {
          sent.parameters.delete('fromat')
          sent.parameters.delete('keep_alive')
        },
        'Invalid request content type: Accept=[what/ever], Content-Type=[application/json], format=[xyz]',
      ],
      [
        'format',
        (sent) => sent.parameters.set('format', 'txt'),
        'Invalid use of [columnar] argument: cannot be used in combination with [txt, csv, tsv, md] formats',
      ],
      [
        'columnar',
        (sent) => delete sent.body.columnar,
        'Invalid use of [include_ccs_metadata] argument: cannot be used in combination',
      ],
      [
        'text format',
        (sent) => sent.parameters.set('format', 'JSON'),
        'parameter: [delimiter] can only be used with the format [csv] for request [/_query]',
      ],
      [
        'delimiter',
        (sent) => sent.parameters.delete('delimiter'),
        'Validation Failed: 1: [query] is required; 2: [pragma] only allowed in snapshot builds; 3: [tables]',
      ],
      [
        'validation',
        (sent) => Object.assign(sent.body, { query: 'FAIL', pragma: undefined, tables: undefined }),
        'Both [include_execution_metadata] and [include_ccs_metadata] query parameters are set',
      ],
      [
        'metadata',
        (sent) => delete sent.body.include_ccs_metadata,
        'Failed to parse value [maybe] as only [true] or [false] are allowed.',
      ],
      ['drop_null_columns', (sent) => sent.parameters.delete('drop_null_columns'), 'Unknown index [nope]'],
    ]
    const WRONG = {
      keep_alive: '1d',
      query: 1,
      columnar: true,
      pragma: {},
      tables: {},
      include_ccs_metadata: true,
      include_execution_metadata: true,
    } as Record<string, unknown>

    interface Sent {
      client: 'alice' | 'anonymous'
      method: string
      headers: Record<string, string>
      parameters: URLSearchParams
      body: Record<string, unknown>
    }

    it('gets the errors in the order of Elasticsearch', async () => {
      const sent: Sent = {
        client: 'anonymous',
        method: 'PUT',
        headers: { accept: 'what', 'content-type': 'text/plain', authorization: 'Bearer x' },
        parameters: new URLSearchParams({
          pretty: 'si',
          allow_partial_results: '1',
          fromat: 'csv',
          keep_alive: '1d',
          format: 'xyz',
          delimiter: ';',
          drop_null_columns: 'maybe',
        }),
        body: {},
      }
      const found: string[] = []
      for (const [, putRight] of steps) {
        putRight(sent)
        const isBroken = Object.keys(sent.body).length === 0
        const request: Request = { headers: sent.headers, body: isBroken ? '{' : JSON.stringify(sent.body) }
        if (sent.client === 'alice') delete sent.headers.authorization
        const { text } = await gateway[sent.client](`${sent.method} /_query?${sent.parameters}`, request)
        found.push(text)
      }
      expect(found).toEqual(
        steps.map(([, , reason]) => expect.stringContaining(reason.replaceAll('"', '\\"'))),
      )
    })
  })

  describe('whose client leaves', () => {
    it('ends the query within a tenth of a second', async () => {
      const times: number[] = []
      for (let attempt = 1; attempt <= 5; attempt += 1) {
        const client = leavingClient()
        await begun(attempt)
        const { signal } = gateway.engine.run
        const leftMs = performance.now()
        client.leave()
        await until(() => signal.aborted)
        times.push(performance.now() - leftMs)
        expect(signal.reason).toMatchObject({ reason: 'task cancelled [cancelled by user]' })
      }
      // The best one: other programs may take the machine at any moment.
      expect(Math.min(...times)).toBeLessThan(100)
      await nothingIsLeft()
    })

    it('leaves nothing, hundreds of times', async () => {
      await start({
        memory: {
          maxQueries: 250,
          maxBytes: 100_000,
          maxBytesPerOwner: 100_000,
          maxQueriesPerOwner: 250,
        },
      })
      const body = { query: 'RUN', filter: { term: { a: 'x'.repeat(50) } } }
      for (let round = 0; round < 5; round += 1) {
        const clients = Array.from({ length: 50 }, () => leavingClient(body))
        await begun(50 * (round + 1))
        for (const client of clients) client.leave()
        await until(() => gateway.engine.runs.every(({ signal }) => signal.aborted))
        await nothingIsLeft()
      }
      // The limits hold for what is there, so they show that nothing is.
      const answers = Array.from({ length: 250 }, () =>
        gateway.alice('POST /_query', { body: { query: 'ROW n = 1' } }),
      )
      expect(new Set((await Promise.all(answers)).map(({ status }) => status))).toEqual(new Set([200]))
    })

    it('ends the query of a store that answers as soon as the signal fires', async () => {
      const deleted: string[] = []
      let isAsked = false
      await start({
        store: {
          get: () => Promise.resolve(undefined),
          submit: (_, __, { signal }) => {
            isAsked = true
            return new Promise((resolve) => {
              signal?.addEventListener('abort', () => resolve({ isRunning: true, id: 'mine' }))
            })
          },
          delete: async (id) => deleted.push(id) > 0,
        },
      })
      const client = leavingClient()
      await until(() => isAsked)
      client.leave()
      await until(() => deleted.length === 1)
      expect(deleted).toEqual(['mine'])
    })
  })

  describe('when the server drains', () => {
    it('is cancelled, and answers 503 with a time to try again', async () => {
      const answer = gateway.alice('POST /_query', run)
      await begun()
      gateway.router.drain()
      const { status, headers, text } = await answer
      expect([status, headers['retry-after'], headers.connection, text]).toEqual([
        503,
        '1',
        'close',
        SHUTTING_DOWN,
      ])
      expect(gateway.engine.run.signal.aborted).toBe(true)
      await nothingIsLeft()
    })

    it('does not begin', async () => {
      gateway.router.drain()
      const { status, text } = await gateway.alice('POST /_query', run)
      expect([status, text, gateway.engine.requests]).toEqual([503, SHUTTING_DOWN, []])
    })
  })

  describe('with maxQueryMs', () => {
    it('ends a query that runs for longer, with an error that no client sends again', async () => {
      await start({ maxQueryMs: 30 })
      const { status, text } = await gateway.alice('POST /_query', run)
      expect([status, text]).toEqual([
        400,
        errorJson(
          400,
          'task_cancelled_exception',
          'task cancelled [it has run for [30ms], the limit of a synchronous query on this server; submit it to [/_query/async]]',
        ),
      ])
      expect(gateway.engine.run.signal.aborted).toBe(true)
      await nothingIsLeft()
    })

    it('says so too when the store fails to delete the query, and logs why', async () => {
      const entries: unknown[] = []
      const log = (entry: unknown) => void entries.push(entry)
      const store = new MemoryStore({ execute: new Engine().execute })
      store.delete = () => Promise.reject(new Error('the disk is full'))
      await start({ maxQueryMs: 30, store, logger: { debug: log, info: log, warn: log, error: log } })
      const { status, json } = await gateway.alice('POST /_query', run)
      expect([status, json]).toMatchObject([400, { error: { type: 'task_cancelled_exception' } }])
      await until(() => entries.length === 1)
      expect(entries).toMatchObject([
        { operation: 'query', status: 400, err: { message: 'the disk is full' } },
      ])
      await store.close()
    })

    it('lets a query end in time, and does not bound async queries', async () => {
      await start({ maxQueryMs: 200 })
      const answer = gateway.alice('POST /_query', run)
      await begun()
      gateway.engine.run.complete()
      expect((await answer).status).toBe(200)
      const submitted = gateway.alice('POST /_query/async', {
        body: { query: 'RUN', wait_for_completion_timeout: '1h' },
      })
      await begun(2)
      await pause(250)
      gateway.engine.run.complete()
      expect((await submitted).json).toMatchObject({ is_running: false })
    })
  })

  it('takes a place among those who wait, and is refused when there is none', async () => {
    await start({ maxWaits: 2, maxWaitsPerOwner: 1 })
    const first = gateway.alice('POST /_query', run)
    await until(() => gateway.router.waiting === 1)
    const { status, text } = await gateway.alice('POST /_query', run)
    expect([status, text]).toEqual([
      429,
      errorJson(
        429,
        'es_rejected_execution_exception',
        'rejected execution of query: you have [1] requests waiting already, the limit is [1]; ' +
          'ask [/_query/async] with [wait_for_completion_timeout=0] or try again later',
      ),
    ])
    await begun()
    gateway.engine.run.complete()
    expect((await first).status).toBe(200)
  })

  it.each<[string, AsyncQueryStore['submit'], number, string]>([
    ['rejects', () => Promise.reject(new Error('no')), 503, 'no_shard_available_action_exception'],
    [
      'refuses',
      () => Promise.reject(new QueryError('x_exception', 'no', { status: 418 })),
      418,
      'x_exception',
    ],
    ['returns nothing', () => Promise.resolve(null as never), 503, 'no_shard_available_action_exception'],
    ['does not wait', () => Promise.resolve({ isRunning: true, id: 'a' }), 500, 'exception'],
  ])('answers for a store that %s', async (_, submit, status, type) => {
    const deleted: string[] = []
    await start({
      store: {
        submit,
        get: async () => undefined,
        delete: async (id) => deleted.push(id) > 0,
      } as AsyncQueryStore,
    })
    const answer = await gateway.alice('POST /_query', run)
    expect([answer.status, answer.json]).toMatchObject([status, { error: { type } }])
    expect(deleted).toEqual(type === 'exception' ? ['a'] : [])
  })
})
