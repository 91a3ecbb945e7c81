import { readFileSync } from 'node:fs'
import path from 'node:path'
import type { Client } from '@elastic/elasticsearch'
import type { QueryResult } from 'express-esql-async-query'
import { pageOf } from '../support/documented'
import type { GatewayOptions } from '../support/gateway'
import { call, load, OFFICIAL_CLIENTS } from '../support/official-clients'
import type { Setup } from '../support/setups'
import { SETUPS, startSetup } from '../support/setups'
import { token } from '../support/tokens'
import { until } from '../support/until'

const COLUMNS = [
  { name: 'n', type: 'long' },
  { name: 'name', type: 'keyword' },
  { name: 'gone', type: 'keyword' },
]
/** As JavaScript reads 2^53 + 1. */
const VALUES = [
  [2 ** 53, 'one, "1"', null],
  [2, 'tw\u00f6', null],
]
const CSV = 'n,name,gone\r\n9007199254740993,"one, ""1""",\r\n2,tw\u00f6,\r\n'

/** The columns that the published suites of the clients ask for. */
const LOGS: QueryResult = {
  columns: [
    { name: '@timestamp', type: 'date' },
    { name: 'client.ip', type: 'ip' },
    { name: 'event.duration', type: 'long' },
    { name: 'message', type: 'keyword' },
    { name: 'duration_ms', type: 'double' },
  ],
  values: [['2026-03-20T09:46:40.000Z', '192.0.2.7', 2_500_000, 'started', 2.5]],
}

/** Unmodified releases of the official client, against gateways that listen. */
describe.each(OFFICIAL_CLIENTS.flatMap((name) => SETUPS.map((store) => [name, store] as const)))(
  '%s in front of %s',
  (name, store) => {
    const { Client, errors } = load(name)
    let setup: Setup
    let client: Client
    const clients: Client[] = []

    async function start(options: GatewayOptions = {}): Promise<void> {
      await close()
      setup = await startSetup(store, { productInfo: true, ...options })
      client = clientOf('alice')
    }

    async function close(): Promise<void> {
      await Promise.all(clients.splice(0).map((each) => each.close()))
      await setup?.close()
    }

    function clientOf(sub: string, bearer = token({ sub })): Client {
      const made = new Client({ node: setup.gateway.url, auth: { bearer }, maxRetries: 3 })
      clients.push(made)
      return made
    }

    beforeEach(() => start())
    afterAll(close)

    const isOldest = name === 'elasticsearch-8.13'
    const isNewest = name === '@elastic/elasticsearch'

    const submit = (params: object) => call(client, 'asyncQuery', { query: 'RUN', ...params })
    const submitRunning = async () => String((await submit({ wait_for_completion_timeout: '0s' })).id)

    /** What comes of a call that starts a query, which completes. */
    async function completing<T>(answer: PromiseLike<T>, result?: QueryResult): Promise<T> {
      const before = setup.started()
      // Requests go out when somebody waits for them.
      const settled = Promise.resolve(answer)
      await until(() => setup.started() > before)
      setup.complete(result)
      return settled
    }

    /** Requests that the client sends during a call. */
    async function sentDuring(run: () => Promise<unknown>): Promise<number> {
      let sent = 0
      client.diagnostic.on('request', () => {
        sent += 1
      })
      await run()
      return sent
    }

    /** The error of a call, which is not sent again. */
    async function errorOf(run: () => Promise<unknown>): Promise<unknown> {
      let error: unknown
      const sent = await sentDuring(async () => {
        error = await run().catch((thrown: unknown) => thrown)
      })
      expect(error).toBeInstanceOf(errors.ResponseError)
      expect(sent).toBe(1)
      return error
    }

    describe('at the start', () => {
      it('finds an Elasticsearch', async () => {
        expect(await client.info()).toMatchObject({
          version: { number: expect.stringMatching(/^9\.5\./), build_flavor: 'default' },
          tagline: 'You Know, for Search',
        })
        expect(await client.ping()).toBe(true)
      })

      it('gets a 401 without a valid token', async () => {
        const stranger = clientOf('', 'x.y.z')
        for (const ask of [() => stranger.info(), () => call(stranger, 'asyncQueryGet', { id: 'x' })]) {
          await expect(ask()).rejects.toMatchObject({
            statusCode: 401,
            body: { error: { type: 'security_exception' } },
          })
        }
        await expect(stranger.ping()).rejects.toMatchObject({ statusCode: 401 })
      })

      it('has the methods of its release', () => {
        const has = (method: string) => method in client.esql
        expect([has('asyncQuery'), has('listQueries'), client.helpers.esql !== undefined]).toEqual([
          !isOldest,
          isNewest,
          !isOldest,
        ])
      })
    })

    describe('a synchronous query', () => {
      it('gets its result, and nothing of an async query', async () => {
        const answer = await completing(client.esql.query({ query: 'RUN' }))
        expect(answer).toMatchObject({ is_partial: false, columns: COLUMNS, values: VALUES })
        expect(Object.keys(answer).filter((field) => ['id', 'is_running'].includes(field))).toEqual([])
      })

      it('gets its result in another format, without columns of nulls', async () => {
        const answer = client.esql.query({ query: 'RUN', format: 'csv', drop_null_columns: true })
        expect(await completing(answer)).toBe('n,name\r\n9007199254740993,"one, ""1"""\r\n2,tw\u00f6\r\n')
      })

      it('ends when the client aborts it', async () => {
        const aborting = new AbortController()
        const answer = client.esql.query({ query: 'RUN' }, { signal: aborting.signal })
        const outcome = expect(answer).rejects.toThrow(errors.RequestAbortedError)
        await until(() => setup.running() === 1)
        aborting.abort()
        await outcome
        await until(() => setup.running() === 0)
      })

      it('is not sent again when it has run for maxQueryMs', async () => {
        await start({ maxQueryMs: 50 })
        expect(await errorOf(() => client.esql.query({ query: 'RUN' }))).toMatchObject({
          statusCode: 400,
          body: { error: { type: 'task_cancelled_exception' } },
        })
        expect(setup.started()).toBe(1)
        await until(() => setup.running() === 0)
      })

      it('is sent again when the server shuts down', async () => {
        const sent = await sentDuring(async () => {
          const outcome = expect(client.esql.query({ query: 'RUN' })).rejects.toMatchObject({
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
      })
    })

    // The oldest one has no helpers for ES|QL.
    if (!isOldest) {
      describe('the helper for a synchronous query', () => {
        it('gets records', async () => {
          const { columns, records } = await completing(client.helpers.esql({ query: 'RUN' }).toRecords())
          expect(columns).toEqual(COLUMNS)
          expect(records).toEqual([
            { n: 2 ** 53, name: 'one, "1"', gone: null },
            { n: 2, name: 'tw\u00f6', gone: null },
          ])
        })

        it('gets an Arrow table', async () => {
          const table = await completing(client.helpers.esql({ query: 'RUN' }).toArrowTable())
          expect(table.schema.fields.map((field) => field.name)).toEqual(['n', 'name', 'gone'])
          expect(Array.from(table.getChild('n') ?? [])).toEqual([9007199254740993n, 2n])
        })

        it('gets batches of Arrow', async () => {
          const reader = await completing(client.helpers.esql({ query: 'RUN' }).toArrowReader())
          // Not to the end: there the client destroys a stream that has ended, whatever server sent it, and undici objects.
          const { value: batch } = await reader.next()
          expect(batch?.numRows).toBe(2)
        })
      })
    }

    describe('an async query', () => {
      it('goes through submit with keep_on_completion, get, stop and delete with one id', async () => {
        const submitted = await call(client, 'asyncQuery', { query: 'ROW n = 1', keep_on_completion: true })
        const id = String(submitted.id)
        expect(submitted).toMatchObject({ is_running: false, is_partial: false })
        expect(await call(client, 'asyncQueryGet', { id })).toEqual(submitted)
        expect(await call(client, 'asyncQueryStop', { id })).toEqual(submitted)
        expect(await call(client, 'asyncQueryDelete', { id })).toEqual({ acknowledged: true })
        await expect(call(client, 'asyncQueryGet', { id })).rejects.toMatchObject({ statusCode: 404 })
      })

      it('is waited for until it is complete, or for a time', async () => {
        const id = await submitRunning()
        const soon = { id, wait_for_completion_timeout: '0s' }
        expect(await call(client, 'asyncQueryGet', soon)).toMatchObject({
          id,
          is_running: true,
          columns: [],
          values: [],
        })
        const waiting = call(client, 'asyncQueryGet', { id })
        setup.complete()
        expect(await waiting).toMatchObject({ is_running: false, columns: COLUMNS, values: VALUES })
      })

      it('is not asked for again when a wait is refused with 429', async () => {
        await start({ maxWaits: 2, maxWaitsPerOwner: 1 })
        const id = await submitRunning()
        const waiting = call(client, 'asyncQueryGet', { id })
        await until(() => setup.gateway.router.waiting === 1)
        expect(await errorOf(() => call(client, 'asyncQueryGet', { id }))).toMatchObject({ statusCode: 429 })
        setup.complete()
        expect(await waiting).toMatchObject({ is_running: false })
      })

      it('keeps its partial rows when it is stopped', async () => {
        const id = await submitRunning()
        setup.report({ columns: [{ name: 'n', type: 'long' }], values: [[1]] })
        const stopped = await call(client, 'asyncQueryStop', { id })
        expect(stopped).toMatchObject({ is_running: false, is_partial: true, values: [[1]] })
      })

      it('ends when it is deleted', async () => {
        const id = await submitRunning()
        expect(await call(client, 'asyncQueryDelete', { id })).toEqual({ acknowledged: true })
        expect(setup.running()).toBe(0)
      })

      it('is listed with its text and its progress as long as it runs', async () => {
        expect(await call(client, 'listQueries')).toEqual({ queries: {} })
        const id = await submitRunning()
        const { queries } = await call(client, 'listQueries')
        const [[listedId = '', listed] = []] = Object.entries(queries as Record<string, object>)
        expect(listed).toEqual({
          start_time_millis: expect.any(Number),
          running_time_nanos: expect.any(Number),
          query: 'RUN',
        })
        // A cluster's id is sealed anew in each list.
        expect(await call(client, 'getQuery', { id: listedId })).toEqual({
          ...listed,
          running_time_nanos: expect.any(Number),
          documents_found: 0,
          values_loaded: 0,
        })
        setup.complete()
        for (const each of [id, listedId]) {
          expect(await call(client, 'asyncQueryGet', { id: each })).toMatchObject({ is_running: false })
        }
        expect(await call(client, 'listQueries')).toEqual({ queries: {} })
        await expect(call(client, 'getQuery', { id })).rejects.toMatchObject({ statusCode: 404 })
      })

      it('is there in other formats, whole and as streams', async () => {
        const { id } = await completing(
          submit({ keep_on_completion: true, wait_for_completion_timeout: '1m' }),
        )
        const get = { id: String(id), format: 'csv' }
        expect(await call(client, 'asyncQueryGet', get)).toBe(CSV)
        const stream = (await call(client, 'asyncQueryGet', get, {
          asStream: true,
        })) as unknown as AsyncIterable<Buffer>
        const chunks: Buffer[] = []
        for await (const chunk of stream) chunks.push(Buffer.from(chunk))
        expect(Buffer.concat(chunks).toString()).toBe(CSV)
      })
    })

    describe('an error', () => {
      it.each([
        ['a failed query', { query: 'FAIL' }, 'verification_exception', 'Unknown index [nope]'],
        ['an empty query', { query: ' ' }, 'action_request_validation_exception', '[query] is required'],
        [
          'a time that is none',
          { query: 'RUN', keep_alive: '5x' },
          'x_content_parse_exception',
          'keep_alive',
        ],
      ])('of %s has its status and type, and is not asked for again', async (_, params, type, reason) => {
        expect(await errorOf(() => call(client, 'asyncQuery', params))).toMatchObject({
          name: 'ResponseError',
          statusCode: 400,
          message: expect.stringContaining(type),
          body: { error: { type, reason: expect.stringContaining(reason) }, status: 400 },
        })
      })

      it('of a synchronous query is that of the engine', async () => {
        expect(await errorOf(() => client.esql.query({ query: 'FAIL' }))).toMatchObject({
          statusCode: 400,
          body: { error: { type: 'verification_exception' } },
        })
      })

      it('says nothing about a foreign id', async () => {
        const id = await submitRunning()
        client = clientOf('mallory')
        for (const name of ['asyncQueryGet', 'asyncQueryStop', 'asyncQueryDelete'] as const) {
          expect(await errorOf(() => call(client, name, { id }))).toMatchObject({
            statusCode: 404,
            body: { error: { type: 'resource_not_found_exception', reason: id } },
          })
        }
      })

      it('names a malformed id', async () => {
        for (const name of ['asyncQueryGet', 'asyncQueryStop', 'asyncQueryDelete', 'getQuery'] as const) {
          expect(await errorOf(() => call(client, name, { id: 'foobar' }))).toMatchObject({
            statusCode: 400,
            body: { error: { type: 'illegal_argument_exception', reason: 'invalid id: [foobar]' } },
          })
        }
      })
    })

    // What the suites state that Elastic publishes for the authors of clients.
    describe('the published suite', () => {
      it('esql/10_query: a query names its columns and their types', async () => {
        expect(await completing(client.esql.query({ query: 'RUN' }), LOGS)).toMatchObject(LOGS)
      })

      it('esql/20_async: a kept query is got, stopped and deleted by one id', async () => {
        const kept = { keep_on_completion: true, wait_for_completion_timeout: '1m' }
        const submitted = await completing(submit(kept), LOGS)
        const id = String(submitted.id)
        expect(submitted).toMatchObject({ id, ...LOGS })
        expect(await call(client, 'asyncQueryGet', { id })).toMatchObject({ id, ...LOGS })
        expect(await call(client, 'asyncQueryStop', { id })).toMatchObject({ id })
        expect(await call(client, 'asyncQueryDelete', { id })).toEqual({ acknowledged: true })
      })

      it('esql/30_queries: an idle server lists nothing, and refuses an id that is none', async () => {
        expect(await call(client, 'listQueries')).toEqual({ queries: {} })
        await expect(call(client, 'getQuery', { id: 'foobar' })).rejects.toThrow('illegal_argument_exception')
      })
    })
  },
)

it('the README names the tested releases of the official client', () => {
  const root = path.join(__dirname, '..', '..')
  const releases = OFFICIAL_CLIENTS.map((name) => {
    const { version } = JSON.parse(
      readFileSync(path.join(root, 'node_modules', name, 'package.json'), 'utf8'),
    )
    return String(version).replace(/\.\d+$/, '')
  })
  const last = releases.pop()
  expect(pageOf('README.md')).toContain(`(tested with ${releases.join(', ')} and ${last})`)
})
