import { createHash } from 'node:crypto'
import { Pool } from 'pg'
import { QueryError } from '../../../lib/core/errors'
import type { QueryResult } from '../../../lib/core/result'
import { batchesOf } from '../../../lib/core/result'
import { UNPACKED_BYTES } from '../../../lib/stores/batches/chunk'
import type { Execute } from '../../../lib/stores/execution/execute'
import type { PostgresStoreOptions } from '../../../lib/stores/postgres/options'
import { PostgresStore } from '../../../lib/stores/postgres/postgres-store'
import { postgresSchema } from '../../../lib/stores/postgres/schema'
import { ManualClock } from '../../../lib/test-kit'
import { foundRows, valuesLike } from '../../support/found-rows'
import type { TestDatabase } from '../../support/postgres/database'
import { openDatabase } from '../../support/postgres/database'
import { TestSchema } from '../../support/postgres/schema'
import { PostgresBench } from '../../support/postgres-bench'
import { AT_ONCE, alice, bob, errorOf, FOREVER, refusal, rows } from '../../support/store-bench'

let database: TestDatabase
const benches: PostgresBench[] = []

async function bench(options: Partial<PostgresStoreOptions> = {}): Promise<PostgresBench> {
  const created = await PostgresBench.create(database.url, options)
  benches.push(created)
  return created
}

beforeAll(async () => {
  database = await openDatabase()
})
afterEach(() => Promise.all(benches.splice(0).map((each) => each.remove())))
afterAll(() => database.close())

/** A result that needs several chunks. */
const LARGE: QueryResult = {
  columns: [{ name: 'x', type: 'keyword' }],
  values: Array.from({ length: 10_000 }, (_, row) => [`row ${row} ${'of a large result '.repeat(5)}`]),
}

describe('PostgresStore', () => {
  describe('a query that ends within its wait and is not kept', () => {
    it.each([
      ['completes', rows('a')],
      ['completes with a large result', LARGE],
    ])('costs no statement when it %s', async (_, result) => {
      const { pool, store, runs } = await bench()
      const submit = { ...FOREVER, keepAliveMs: 60_000, keepOnCompletion: false }
      const answer = store.submit({ query: 'FROM x' }, alice, submit)
      while (runs.length === 0) await pool.idle()
      runs[0]?.complete(result)
      const found = { ...result, values: valuesLike(result.values) }
      expect(await answer).toMatchObject({ isRunning: false, isPartial: false, result: found })
      expect(pool.statements).toEqual([])
    })

    it('costs no statement when it fails', async () => {
      const { pool, store } = await bench({ execute: () => Promise.reject(new QueryError('x', 'y')) })
      const submit = { ...FOREVER, keepAliveMs: 60_000, keepOnCompletion: true }
      expect(await refusal(store.submit({ query: 'FROM x' }, alice, submit))).toMatchObject({ reason: 'y' })
      expect(pool.statements).toEqual([])
    })
  })

  it('keeps every fact about a query and its result', async () => {
    const one = await bench()
    const result: QueryResult = {
      columns: [
        { name: 'n', type: 'long', meta: { bucket: { interval: 2n ** 60n } } },
        { name: 'u', type: 'unsupported', originalTypes: ['a', 'b'], suggestedCast: 'keyword' },
      ],
      values: [[2n ** 60n, null]],
      statistics: { documentsFound: 1, rowsEmitted: 2 },
      isPartial: true,
      approximationApplied: false,
      warnings: ['slow \ud800'],
      profile: { took: -0, depth: [1n, { __proto__: null, text: '\u0001mark' }] },
      clusters: { total: 1 },
    }
    const request = { query: 'FROM x', columnar: true, timeZone: 'Europe/Paris', columnMetadata: true }
    const options = { ...AT_ONCE, keepAliveMs: 60_000, keepOnCompletion: true }
    const submitted = await one.store.submit(request, alice, options)
    await one.clock.advance(1_500.25)
    one.run.complete(result)
    const waited = await one.get(submitted.id ?? '', FOREVER)
    const { startTimeMs, expirationTimeMs } = submitted
    expect(waited).toEqual({
      isRunning: false,
      id: submitted.id,
      startTimeMs,
      expirationTimeMs,
      tookNanos: 1_500_250_000,
      isPartial: true,
      columnar: true,
      timeZone: 'Europe/Paris',
      columnMetadata: true,
      result: { ...result, warnings: ['slow \ufffd'], isFrozen: true },
    })
    expect(await one.replica().get(submitted.id ?? '')).toEqual(waited)
  })

  it('gives the same frozen object to everybody who reads a small result again, and reads it once', async () => {
    const one = await bench()
    const id = await one.start()
    one.run.complete(rows('a'))
    const [first, second] = [await one.get(id, FOREVER), await one.get(id)]
    expect(Reflect.get(second ?? {}, 'result')).toBe(Reflect.get(first ?? {}, 'result'))
    expect(Object.isFrozen(Reflect.get(first ?? {}, 'result'))).toBe(true)
  })

  it('replays a failure exactly, without its cause', async () => {
    const warn = jest.fn()
    const logger = { debug() {}, info() {}, warn, error() {} }
    const one = await bench({ logger })
    const id = await one.start()
    const failure = new QueryError('engine_exception', 'no \ud83d\ude00 disk', {
      status: 507,
      metadata: { bytes_wanted: 3, index: 'x', exact: (2n ** 60n) as unknown as number, none: Number.NaN },
      headers: { 'Retry-After': '7' },
      causedBy: { type: 'io', reason: 'full', causedBy: { type: 'inner', reason: 'root' } },
      cause: new Error('secret of the engine'),
    })
    one.run.fail(failure)
    await errorOf(one.get(id, FOREVER))
    const replayed = await errorOf(one.replica().get(id))
    for (const name of ['type', 'reason', 'status', 'metadata', 'headers', 'causedBy'] as const) {
      expect(replayed[name]).toEqual(failure[name])
    }
    expect(replayed.cause).toBeUndefined()
    expect(await one.dump()).not.toContain(Buffer.from('secret of the engine').toString('hex'))
    expect(JSON.stringify(warn.mock.calls)).toContain('secret of the engine')
  })

  it('writes neither owners nor callers, and the text of a query only while it runs', async () => {
    const one = await bench()
    const submit = { ...AT_ONCE, keepAliveMs: 60_000, keepOnCompletion: true }
    const caller = { owner: bob, user: 'user-of-bob', claims: { mail: 'bob@example.org' } }
    const { id = '' } = await one.store.submit({ query: 'FROM private' }, bob, { ...submit, caller })
    const hex = (text: string): string => Buffer.from(text).toString('hex')
    expect(await one.dump()).toContain(hex('FROM private'))
    one.run.complete(rows('a'))
    await one.store.get(id, bob, FOREVER)
    const dump = await one.dump()
    const secrets = ['FROM private', 'user-of-bob', 'bob@example.org', bob, 'issuer']
    for (const text of secrets) {
      expect(dump).not.toContain(text)
      expect(dump).not.toContain(hex(text))
    }
  })

  it('refuses a submit of an owner who has too many queries, and starts nothing', async () => {
    const one = await bench({ maxQueriesPerOwner: 2 })
    await one.start()
    await one.start()
    expect(await errorOf(one.submit())).toMatchObject({
      status: 429,
      limit: 'maxQueriesPerOwner',
      reason: expect.stringContaining('you have [2] async queries already, the limit is [2]'),
    })
    expect(one.runs).toHaveLength(2)
    expect(await one.start({ owner: bob })).toEqual(expect.any(String))
  })

  it('refuses a submit of an owner whose results take too much', async () => {
    const one = await bench({ maxBytesPerOwner: 100 })
    const id = await one.start()
    one.run.complete(rows('a'.repeat(5_000), ...Array.from({ length: 500 }, (_, n) => String(n))))
    await one.get(id, FOREVER)
    const refused = { type: 'circuit_breaking_exception', status: 429, limit: 'maxBytesPerOwner' }
    expect(await errorOf(one.submit())).toMatchObject(refused)
  })

  it('refuses more queries than may run in this process', async () => {
    const one = await bench({ maxRunning: 1 })
    const id = await one.start()
    expect(await errorOf(one.submit({ owner: bob }))).toMatchObject({
      type: 'es_rejected_execution_exception',
      limit: 'maxRunning',
    })
    one.run.complete(rows('a'))
    await one.get(id, FOREVER)
    await one.pool.idle()
    expect(await one.start({ owner: bob })).toEqual(expect.any(String))
  })

  it.each([
    ['stop', { isPartial: true, result: foundRows('first') }],
    ['fail', undefined],
  ] as const)('ends a query that runs for too long: %s', async (onMaxRun, expected) => {
    const one = await bench({ maxRunMs: 3_000, onMaxRun })
    const id = await one.start()
    one.run.report(rows('first'))
    one.obeySignal()
    const wait = one.get(id, FOREVER).catch(() => {})
    await one.advance(3_001)
    await wait
    if (expected) expect(await one.replica().get(id)).toMatchObject(expected)
    else expect(await refusal(one.replica().get(id))).toMatchObject({ type: 'task_cancelled_exception' })
  })

  it('keeps a deleted or expired result for downloads that have begun, and then removes it', async () => {
    const one = await bench({ readGraceMs: 600_000 })
    const ids = [await one.start(), await one.start({ keepAliveMs: 10_000 })]
    for (const run of one.runs) run.complete(LARGE)
    for (const id of ids) await one.get(id, FOREVER)
    expect([await one.count('queries'), (await one.count('chunks')) > 2]).toEqual([2, true])
    await one.delete(ids[0] ?? '')
    // Hearts beat more often than somebody sweeps.
    for (let beats = 0; beats < 20; beats += 1) await one.advance(5_000)
    expect([await one.count('queries'), (await one.count('chunks')) > 2]).toEqual([2, true])
    await one.advance(700_000)
    await one.advance(60_000)
    expect([await one.count('queries'), await one.count('chunks')]).toEqual([0, 0])
  })

  describe('a result in batches that is larger than the memory for it', () => {
    const BATCHES = 24
    /** Nothing in it repeats, so that packing makes it hardly smaller. */
    const cell = (row: number): string => createHash('sha512').update(String(row)).digest('base64')
    const batch = (no: number) =>
      Array.from({ length: 2_000 }, (_, index) => [`${no}:${index}:${cell(no * 2_000 + index)}`])
    const execute: Execute = () => ({
      columns: [{ name: 'x', type: 'keyword' }],
      values: (function* () {
        for (let no = 0; no < BATCHES; no += 1) yield batch(no)
      })(),
    })
    const submit = { keepAliveMs: 60_000, keepOnCompletion: true }

    it('goes to the tables as it comes when somebody knows its query, and is read whole elsewhere', async () => {
      const one = await bench({ execute, maxBytes: 1_000_000 })
      const { id = '' } = await one.store.submit({ query: 'FROM x' }, alice, { ...submit, ...AT_ONCE })
      const query = await one.store.get(id, alice, FOREVER)
      const stored = await one.schema.query(
        `SELECT sum(length(data))::int AS n FROM ${one.schema.name}.chunks`,
      )
      expect(stored.rows[0].n).toBeGreaterThan(2_000_000)
      const elsewhere = await one.replica().get(id)
      for (const each of [query, elsewhere]) {
        if (each?.isRunning !== false) throw new Error('It has not completed')
        const read: unknown[] = []
        for (const some of batchesOf(each.result.values)) read.push(...(await some))
        expect(read).toHaveLength(BATCHES * 2_000)
        expect(read.slice(-2_000)).toEqual(batch(BATCHES - 1))
      }
    })

    it('is refused when nobody knows its query', async () => {
      const one = await bench({ execute, maxBytes: 1_000_000 })
      const answer = one.store.submit({ query: 'FROM x' }, alice, { ...submit, ...FOREVER })
      expect(await refusal(answer)).toMatchObject({ type: 'circuit_breaking_exception', status: 429 })
      expect(one.pool.statements).toEqual([])
    })
  })

  it('is limited in how many readers unpack large results in this process at a time', async () => {
    const one = await bench({ maxBytes: 2 * UNPACKED_BYTES })
    const id = await one.start()
    one.run.complete(LARGE)
    const [large, small] = [await one.get(id, FOREVER), await one.get(await one.start())]
    if (large?.isRunning !== false || !small) throw new Error('It has not completed')
    const { result } = large
    const releases = [one.store.hold(result), one.store.hold(result)]
    const refused = { type: 'circuit_breaking_exception', status: 429, limit: 'maxBytes' }
    expect(() => one.store.hold(result)).toThrow(expect.objectContaining(refused))
    expect(() => one.store.hold({ ...result, values: [] })()).not.toThrow()
    releases[0]?.()
    expect(() => one.store.hold(result)()).not.toThrow()
    releases[1]?.()
  })

  it('keeps no query longer than its limit, at its submit and at a get in any process', async () => {
    const limitKeepAlive = ({ query }: { query: string }) => (query === 'FROM x' ? 1_000 : undefined)
    const one = await bench({ limitKeepAlive })
    const two = one.replica()
    const ids = [await one.start(), await one.start({ query: 'FROM y' })]
    const leftMs = (of: PostgresBench) =>
      Promise.all(
        ids.map(async (id) => {
          const query = await of.get(id, { keepAliveMs: 30_000 })
          const { rows: now } = await one.schema.query(
            `SELECT extract(epoch FROM ${one.schema.name}.clock()) * 1000 AS ms`,
          )
          return Math.ceil((Number(query?.expirationTimeMs) - Number(now[0].ms)) / 1_000)
        }),
      )
    const { rows: kept } = await one.schema.query(
      `SELECT extract(epoch FROM expires_at - started_at)::int AS s FROM ${one.schema.name}.queries ORDER BY started_at`,
    )
    expect(kept).toEqual([{ s: 1 }, { s: 60 }])
    expect(await leftMs(two)).toEqual([1, 30])
    await one.advance(1_001, two)
    expect(one.runs.map(({ signal }) => signal.aborted)).toEqual([true, false])
    expect(await two.get(ids[0] ?? '', { keepAliveMs: 30_000 })).toBeUndefined()
    await two.close()
  })

  it('sweeps what others have left, without a query of its own', async () => {
    const one = await bench({ readGraceMs: 1_000 })
    const id = await one.start()
    one.obeySignal()
    await one.delete(id)
    await one.close()
    const other = one.replica({ readGraceMs: 1_000 })
    await other.advance(60_000)
    expect(await one.count('queries')).toBe(0)
    await other.close()
  })

  it('sweeps in bites, so that no statement takes long', async () => {
    const one = await bench({ readGraceMs: 1_000 })
    const id = await one.start()
    one.run.complete(rows('a'))
    await one.get(id, FOREVER)
    const { name } = one.schema
    await one.schema.query(`
      INSERT INTO ${name}.chunks (key, attempt, no, data)
      SELECT key, 1, no, '' FROM ${name}.queries, generate_series(1, 200) AS no`)
    await one.delete(id)
    await one.advance(2_000)
    const removed: number[] = []
    const query = one.pool.query.bind(one.pool)
    one.pool.query = async (statement) => {
      const answer = await query(statement)
      if (statement.text.includes('DELETE FROM') && answer.rows.length > 0) removed.push(answer.rows.length)
      return answer
    }
    await one.advance(60_000)
    while ((await one.count('queries')) > 0) await one.pool.idle()
    expect(removed).toEqual([64, 64, 64, 8, 1])
  })

  it('removes chunks of a query that was deleted while they were written, and its row', async () => {
    const one = await bench({ readGraceMs: 1_000 })
    const id = await one.start()
    const { pool } = one
    const query = pool.query.bind(pool)
    pool.query = async (statement) => {
      const answer = await query(statement)
      if (statement.text.includes('ON CONFLICT (key, attempt, no)')) {
        pool.query = query
        await one.delete(id)
      }
      return answer
    }
    const waiting = refusal(one.get(id, FOREVER))
    await one.pool.idle()
    one.run.complete(LARGE)
    expect(await waiting).toMatchObject({ type: 'task_cancelled_exception' })
    await one.pool.idle()
    expect([await one.count('queries'), await one.count('chunks')]).toEqual([1, 1])
    await one.advance(70_000)
    await one.advance(70_000)
    expect([await one.count('queries'), await one.count('chunks')]).toEqual([0, 0])
  })

  it('breaks off when a part of a result is missing', async () => {
    const one = await bench()
    const id = await one.start()
    one.run.complete(LARGE)
    const query = await one.get(id, FOREVER)
    await one.schema.query(`DELETE FROM ${one.schema.name}.chunks WHERE no = 1`)
    if (query?.isRunning !== false) throw new Error('It has not completed')
    const read = async () => {
      for (const batch of batchesOf(query.result.values)) await batch
    }
    expect(await refusal(read())).toMatchObject({
      status: 503,
      reason: 'a part of the result is no longer there',
    })
  })

  it('reads the tables once when a thousand waits end', async () => {
    const one = await bench()
    const id = await one.start()
    const waits = Array.from({ length: 1_000 }, () => one.get(id, FOREVER))
    await one.pool.idle()
    const asked = one.pool.statements.length
    one.run.complete(rows('a'))
    const answers = await Promise.all(waits)
    expect(answers.every((query) => query?.isRunning === false)).toBe(true)
    expect(new Set(answers).size).toBe(1_000)
    // The listener may try only now whether it hears.
    const statements = one.pool.statements.slice(asked).filter((text) => !text.includes('pg_notify'))
    // One statement writes the outcome.
    expect(statements).toHaveLength(2)
  })

  it('keeps a query for as long as dates reach, and lets one expire that is not to be kept at all', async () => {
    const one = await bench()
    const id = await one.start({ keepAliveMs: Number.POSITIVE_INFINITY })
    expect(await one.get(id, { keepAliveMs: Number.POSITIVE_INFINITY })).toMatchObject({ isRunning: true })
    const gone = await one.start({ keepAliveMs: Number.NEGATIVE_INFINITY })
    expect(await one.get(gone)).toBeUndefined()
  })

  it('ends a query whose submit has failed although the tables have it', async () => {
    // A process that begins to hear looks at once, at a time of its own.
    const one = await bench({ listener: false })
    const { pool } = one
    const query = pool.query.bind(pool)
    pool.query = async (statement) => {
      const answer = await query(statement)
      if (statement.text.includes('registered')) throw new Error('the answer is lost')
      return answer
    }
    await expect(one.submit()).rejects.toThrow('the answer is lost')
    expect(await one.store.list(alice)).toHaveLength(1)
    await one.advance(5_000)
    expect(await one.store.list(alice)).toEqual([])
  })

  it('uses at most four connections of the pool at a time', async () => {
    const one = await bench()
    const id = await one.start()
    let underWay = 0
    let most = 0
    const { pool } = one
    const query = pool.query.bind(pool)
    pool.query = async (statement) => {
      underWay += 1
      most = Math.max(most, underWay)
      return query(statement).finally(() => {
        underWay -= 1
      })
    }
    await Promise.all(Array.from({ length: 100 }, () => one.get(id, { keepAliveMs: 60_000 })))
    expect(most).toBe(4)
  })

  it('does not let the process die when the server closes an idle connection of a pool without listeners', async () => {
    const pool = new Pool({ connectionString: database.url })
    const warn = jest.fn()
    const logger = { debug() {}, info() {}, warn, error() {} }
    const store = new PostgresStore({ pool, execute: () => rows('a'), logger, clock: new ManualClock() })
    pool.emit('error', new Error('terminated'), undefined as never)
    expect(warn).toHaveBeenCalledWith(
      { error: expect.objectContaining({ message: 'terminated' }) },
      'a connection to PostgreSQL has failed',
    )
    expect(new PostgresStore({ pool, execute: () => rows('a'), clock: new ManualClock() })).not.toBe(store)
    expect(pool.listenerCount('error')).toBe(1)
    await pool.end()
  })
})

describe('migrate', () => {
  it('creates the tables once, however many processes do that at the same time', async () => {
    const schema = new TestSchema(database.url)
    const pools = Array.from({ length: 10 }, () => new Pool({ connectionString: database.url, max: 1 }))
    const stores = pools.map((pool) => {
      const execute = () => rows('a')
      return new PostgresStore({ pool, schema: schema.name, execute, clock: new ManualClock() })
    })
    try {
      // Connected already, so that all come at once.
      await Promise.all(pools.map((pool) => pool.query('SELECT 1')))
      await Promise.all(stores.map((store) => store.migrate()))
      await stores[0]?.migrate()
      await stores[0]?.check()
      const { rows: versions } = await schema.query(`SELECT version FROM ${schema.name}.version`)
      expect(versions).toEqual([{ version: 1 }])
    } finally {
      await Promise.all(pools.map((pool) => pool.end()))
      await schema.drop()
    }
  })

  it('finds the tables that the printed SQL has created, which may run again', async () => {
    const { pool } = await bench()
    const schema = new TestSchema(database.url)
    await schema.query(postgresSchema(schema.name))
    await schema.query(postgresSchema(schema.name))
    const store = new PostgresStore({
      pool,
      schema: schema.name,
      execute: () => rows('a'),
      clock: new ManualClock(),
    })
    await store.check()
    await store.migrate()
    await schema.drop()
    expect(() => postgresSchema('a b')).toThrow(
      'postgresSchema takes a name of at most 63 lower-case letters',
    )
  })

  it('adds what tables of an earlier day miss, while processes of that day run on', async () => {
    const one = await bench()
    const { name } = one.schema
    await one.schema.query(`ALTER TABLE ${name}.executors DROP here_since`)
    await expect(one.submit()).rejects.toThrow('column "here_since"')
    const beatOfThatDay = `INSERT INTO ${name}.executors (id, seen_at) VALUES (gen_random_uuid(), ${name}.clock())`
    await one.schema.query(beatOfThatDay)
    await one.store.migrate()
    await one.store.migrate()
    await one.schema.query(beatOfThatDay)
    const id = await one.start()
    one.run.complete(rows('a'))
    expect(await one.get(id, FOREVER)).toMatchObject({ result: foundRows('a') })
    const { rows: since } = await one.schema.query(
      `SELECT count(*)::int AS n FROM ${name}.executors WHERE here_since < 'infinity'`,
    )
    expect(since).toEqual([{ n: 1 }])
  })

  it('refuses tables of a later release', async () => {
    const one = await bench()
    await one.schema.query(`UPDATE ${one.schema.name}.version SET version = 2`)
    for (const call of [() => one.store.migrate(), () => one.store.check()]) {
      await expect(call()).rejects.toThrow('have version 2; this release knows 1')
    }
  })

  it.each(['', 'A', 'a"; DROP TABLE x; --', "a'b", '1a', 'a'.repeat(64)])(
    'takes no schema of the name %j',
    (schema) => {
      const pool = new Pool()
      expect(() => new PostgresStore({ pool, schema, execute: () => rows('a') })).toThrow(
        'PostgresStore expects `schema` to be a name of at most 63 lower-case letters, digits and `_`',
      )
    },
  )

  it('is needed: without the tables, a check and a submit that waits for nothing reject', async () => {
    const { pool } = await bench()
    const store = new PostgresStore({
      pool,
      schema: 'nothing_here',
      execute: () => rows('a'),
      clock: new ManualClock(),
    })
    const submit = { ...AT_ONCE, keepAliveMs: 60_000, keepOnCompletion: true }
    await expect(store.check()).rejects.toThrow('relation "nothing_here.version" does not exist')
    await expect(store.submit({ query: 'FROM x' }, alice, submit)).rejects.toThrow(
      'relation "nothing_here.executors" does not exist',
    )
    await store.close()
  })
})
