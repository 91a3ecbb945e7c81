import { setImmediate as nextTurn } from 'node:timers/promises'
import { idempotencyKeyReused } from '../../../lib/core/idempotency'
import type { SubmitOptions } from '../../../lib/core/operations'
import { foundRows } from '../../support/found-rows'
import type { TestDatabase } from '../../support/postgres/database'
import { openDatabase } from '../../support/postgres/database'
import { PostgresBench } from '../../support/postgres-bench'
import { AT_ONCE, alice, bob, errorOf, FOREVER, refusal, rows } from '../../support/store-bench'

const KEYED = { idempotency: { key: 'k', fingerprint: 'f' }, keepAliveMs: 3_600_000 }
const NOT_KEPT = { ...KEYED, keepOnCompletion: false }
const WINDOW_MS = 600_000
/** Without a listener, a process does just what the clocks of the test say. */
const QUIET = { listener: false } as const

let database: TestDatabase
/** Two processes on the same tables. */
let one: PostgresBench
let two: PostgresBench

beforeAll(async () => {
  database = await openDatabase()
})
beforeEach(async () => {
  one = await PostgresBench.create(database.url, QUIET)
  two = one.replica(QUIET)
})
afterEach(async () => {
  await two.close()
  await one.remove()
})
afterAll(() => database.close())

async function untilRunning(bench: PostgresBench): Promise<void> {
  while (bench.runs.length === 0) await nextTurn()
}

/** Submits a query to the first process that is not kept and completes in time. */
async function complete(options: Partial<SubmitOptions> = {}) {
  const answer = one.submit({ ...NOT_KEPT, ...FOREVER, ...options })
  await untilRunning(one)
  one.run.complete(rows('a'))
  return answer
}

describe('the keys of a PostgresStore', () => {
  it('give one query to a hundred submits at once in two processes', async () => {
    const few = { ...QUIET, maxRunning: 3 }
    const [left, right] = [one.replica(few), one.replica(few)]
    const submits = Array.from({ length: 100 }, (_, n) => (n % 2 === 0 ? left : right).submit(KEYED))
    const ids = new Set((await Promise.all(submits)).map(({ id }) => id))
    expect([ids.size, left.runs.length + right.runs.length, await one.count('queries')]).toEqual([1, 1, 1])
    await left.close()
    await right.close()
  })

  it('find the query of another process, which is waited for', async () => {
    const id = await one.start(KEYED)
    expect(await two.submit(KEYED)).toMatchObject({ isRunning: true, id })
    const waits = [two.submit({ ...KEYED, ...FOREVER }), one.submit({ ...KEYED, ...FOREVER })]
    await one.pool.idle()
    one.run.complete(rows('a'))
    await one.get(id, FOREVER)
    await two.advance(2_000)
    for (const query of await Promise.all(waits)) expect(query).toMatchObject({ id, result: foundRows('a') })
    expect(two.runs).toEqual([])
  })

  it('refuse another request in every process, and keep those of owners apart', async () => {
    const id = await one.start(KEYED)
    const other = { idempotency: { key: 'k', fingerprint: 'g' } }
    expect(await errorOf(two.submit({ ...KEYED, ...other }))).toEqual(idempotencyKeyReused('k'))
    expect(await two.start({ ...KEYED, ...other, owner: bob })).not.toBe(id)
  })

  it('are known before a query completes, although its submit waits', async () => {
    const first = one.submit({ ...NOT_KEPT, ...FOREVER })
    await untilRunning(one)
    const { id = '' } = await two.submit({ ...NOT_KEPT, ...AT_ONCE })
    one.run.complete(rows('a'))
    expect(await first).toMatchObject({ isRunning: false, result: foundRows('a') })
    // The second submit has told its client the id.
    expect(await two.get(id)).toMatchObject({ result: foundRows('a') })
  })

  it('remember a query that is not kept, in every process, for as long as the option says', async () => {
    const first = await complete()
    expect(await two.submit({ ...NOT_KEPT, ...AT_ONCE })).toEqual(first)
    expect(first).not.toHaveProperty('id')
    expect(await two.store.list(alice)).toEqual([])
    await one.advance(WINDOW_MS - 60_000, two)
    expect(await two.submit({ ...NOT_KEPT, ...AT_ONCE })).toEqual(first)
    await one.advance(60_000, two)
    expect(await two.submit({ ...NOT_KEPT, ...AT_ONCE })).toMatchObject({ isRunning: true })
  })

  it('hide such a query from gets, stops and deletes in every process', async () => {
    const answer = one.submit({ ...NOT_KEPT, ...FOREVER })
    await untilRunning(one)
    const [{ id = '' } = {}] = await two.store.list(alice)
    one.run.complete(rows('a'))
    await answer
    for (const bench of [one, two]) {
      const keepAlive = await bench.get(id, { keepAliveMs: 60_000 })
      expect([await bench.get(id), keepAlive, await bench.stop(id), await bench.delete(id)]).toEqual([
        undefined,
        undefined,
        undefined,
        false,
      ])
    }
    expect(await two.submit(NOT_KEPT)).toMatchObject({ isRunning: false })
  })

  it('hide the query of a client that left and came back, since nobody knows its id', async () => {
    const gone = new AbortController()
    const left = one.submit({ ...NOT_KEPT, ...FOREVER, signal: gone.signal })
    await untilRunning(one)
    gone.abort()
    const { id = '' } = await left
    one.run.complete(rows('a'))
    await one.get(id, FOREVER)
    expect(await two.submit({ ...NOT_KEPT, ...FOREVER })).toMatchObject({ isRunning: false })
    expect(await one.get(id)).toBeUndefined()
  })

  it('count a query that is not kept as one of its owner', async () => {
    await complete()
    const strict = one.replica({ ...QUIET, maxQueriesPerOwner: 1 })
    expect(await refusal(strict.submit())).toMatchObject({ type: 'es_rejected_execution_exception' })
    expect(await strict.submit({ ...NOT_KEPT, ...AT_ONCE })).toMatchObject({ isRunning: false })
    await strict.close()
  })

  it('of submits that are refused stay free', async () => {
    const busy = one.replica({ ...QUIET, maxRunning: 1 })
    await busy.start()
    expect(await refusal(busy.submit(KEYED))).toMatchObject({ status: 429 })
    expect(await two.submit(KEYED)).toMatchObject({ isRunning: true })
    expect(two.runs).toHaveLength(1)
    // It starts nothing, so there is room for it.
    expect(await busy.submit(KEYED)).toMatchObject({ isRunning: true })
    await busy.close()
  })

  it('are free after a submit that has failed although the tables have its query', async () => {
    const { pool } = one
    const query = pool.query.bind(pool)
    pool.query = async (statement) => {
      const answer = await query(statement)
      if (!statement.text.includes('registered')) return answer
      pool.query = query
      throw new Error('the answer is lost')
    }
    await expect(one.submit(KEYED)).rejects.toThrow('the answer is lost')
    await pool.idle()
    expect(await two.submit(KEYED)).toMatchObject({ isRunning: true })
    expect([one.runs.length, two.runs.length]).toEqual([0, 1])
  })

  it('replay the error of a query whose process is lost, rather than run it again', async () => {
    await one.start(KEYED)
    await two.advance(20_001)
    const expected = { type: 'node_disconnected_exception', status: 500 }
    for (let times = 0; times < 2; times += 1) {
      expect(await refusal(two.submit({ ...KEYED, ...FOREVER }))).toMatchObject(expected)
    }
    expect(two.runs).toEqual([])
  })

  it('stand in the tables as digests only', async () => {
    const key = 'a key that is a secret'
    await one.start({ ...KEYED, idempotency: { key, fingerprint: 'the digest of a body' } })
    const dump = await one.dump()
    for (const text of [key, 'the digest of a body']) {
      expect(dump).not.toContain(text)
      expect(dump).not.toContain(Buffer.from(text).toString('hex'))
    }
  })

  it('may be longer than an entry of an index', async () => {
    const idempotency = { key: 'long '.repeat(10_000), fingerprint: 'f' }
    const id = await one.start({ ...KEYED, idempotency })
    expect(await two.start({ ...KEYED, idempotency })).toBe(id)
  })
})
