import type { QueryRequest } from '../../../lib/core/store'
import type { PostgresStoreOptions } from '../../../lib/stores/postgres/options'
import { foundRows } from '../../support/found-rows'
import type { TestDatabase } from '../../support/postgres/database'
import { openDatabase } from '../../support/postgres/database'
import { PostgresBench } from '../../support/postgres-bench'
import { AT_ONCE, alice, bob, errorOf, FOREVER, refusal, rows } from '../../support/store-bench'
import { until } from '../../support/until'

const BEAT_MS = 5_000
const LEASE_MS = 20_000
/** Without notifications. */
const POLL_MS = 250
/** Without a listener: a process that begins to hear says at once that it is there, at a time of its own. */
const QUIET: Partial<PostgresStoreOptions> = { listener: false, heartbeatMs: BEAT_MS, leaseMs: LEASE_MS }
const RERUN: Partial<PostgresStoreOptions> = { ...QUIET, onLost: 'rerun' }
const DISCONNECTED = { type: 'node_disconnected_exception', status: 500 }
const CLOSED = { type: 'node_closed_exception', status: 500 }

let database: TestDatabase
const benches: PostgresBench[] = []

/** Processes on the same tables. */
async function processes(count: number, options = RERUN): Promise<PostgresBench[]> {
  const first = await PostgresBench.create(database.url, options)
  const others = Array.from({ length: count - 1 }, () => first.replica(options))
  benches.push(...others, first)
  return [first, ...others]
}

beforeAll(async () => {
  database = await openDatabase()
})
afterEach(async () => {
  const all = benches.splice(0)
  for (const bench of all.slice(0, -1)) await bench.close()
  await all.at(-1)?.remove()
})
afterAll(() => database.close())

/** Rows that need several chunks, since nothing in them repeats. */
function large(name: string) {
  const cells = Array.from({ length: 10_000 }, (_, row) => `${name} ${row} ${'of a large result '.repeat(5)}`)
  return rows(...cells)
}

describe("onLost: 'rerun'", () => {
  it('runs the query of a lost process again, and waits for it go on', async () => {
    const [one, two, three] = (await processes(3)) as [PostgresBench, PostgresBench, PostgresBench]
    const id = await one.start()
    const wait = three.get(id, FOREVER)
    await one.pool.idle()
    await two.advance(LEASE_MS + BEAT_MS, three)
    expect([two.runs.length, three.runs.length].toSorted()).toEqual([0, 1])
    const runner = two.runs.length > 0 ? two : three
    expect(await one.get(id)).toMatchObject({ isRunning: true, id })
    runner.run.complete(rows('second'))
    await runner.get(id, FOREVER)
    await two.advance(BEAT_MS, three)
    expect(await wait).toMatchObject({ id, isRunning: false, result: foundRows('second') })
  })

  it('gives the second run the whole request and the owner, to the last digit', async () => {
    const [one, two] = (await processes(2)) as [PostgresBench, PostgresBench]
    const request: QueryRequest = {
      query: 'FROM x \ud800 | WHERE a == ?n',
      params: [{ name: 'n', value: 2n ** 60n }, { value: [-0, null, '\u0001'] }],
      filter: { range: { day: { gte: 1.5 } } },
      timeZone: 'Europe/Paris',
      columnar: true,
      profile: false,
      extra: { pragma: { __proto__: null, deep: [[]] } },
    }
    const caller = { owner: bob, user: 'user-of-bob', claims: { mail: 'bob@example.org' } }
    const options = { ...AT_ONCE, keepAliveMs: 600_000, keepOnCompletion: true, caller }
    await one.store.submit(request, bob, options)
    expect(await one.dump()).not.toContain(Buffer.from('user-of-bob').toString('hex'))
    await two.advance(LEASE_MS + BEAT_MS)
    expect(two.run.request).toEqual(request)
    expect([two.run.owner, two.run.caller]).toEqual([bob, { owner: bob }])
    two.run.complete(rows('a'))
    await two.pool.idle()
    expect(await one.dump()).not.toContain(Buffer.from(bob, 'utf8').toString('hex'))
  })

  it('counts nothing that the first process writes when it is back, and ends its run', async () => {
    const [one, two] = (await processes(2)) as [PostgresBench, PostgresBench]
    const [late, slow] = [await one.start(), await one.start()]
    await two.advance(LEASE_MS + BEAT_MS)
    expect(two.runs).toHaveLength(2)
    one.runs[0]?.complete(large('first'))
    await one.pool.idle()
    await one.clock.advance(BEAT_MS)
    await one.pool.idle()
    expect(one.runs[1]?.signal.aborted).toBe(true)
    for (const id of [late, slow]) expect(await one.get(id)).toMatchObject({ isRunning: true })
    for (const run of two.runs) run.complete(rows('second'))
    for (const id of [late, slow]) {
      await two.get(id, FOREVER)
      expect(await one.get(id)).toMatchObject({ result: foundRows('second') })
    }
  })

  it('drops what the first run has written', async () => {
    const [one, two] = (await processes(2)) as [PostgresBench, PostgresBench]
    const id = await one.start()
    one.run.complete({
      columns: rows().columns,
      values: (async function* () {
        yield large('first').values
        await new Promise(() => {})
      })(),
    })
    while ((await one.count('chunks')) === 0) await one.pool.idle()
    await two.advance(LEASE_MS + BEAT_MS)
    expect(await one.count('chunks')).toBe(0)
    two.run.complete(large('second'))
    const query = await two.get(id, FOREVER)
    expect(query).toMatchObject({ isRunning: false })
    const { rows: attempts } = await one.schema.query(
      `SELECT DISTINCT attempt FROM ${one.schema.name}.chunks`,
    )
    expect(attempts).toEqual([{ attempt: 2 }])
  })

  it('runs a lost query that somebody waits for before the next heartbeat', async () => {
    const [one, two] = (await processes(2)) as [PostgresBench, PostgresBench]
    const id = await one.start()
    const wait = two.get(id, FOREVER)
    await one.pool.idle()
    await one.schema.advance(LEASE_MS + 1_000)
    await two.clock.advance(POLL_MS)
    await one.pool.idle()
    expect(two.runs).toHaveLength(1)
    two.run.complete(rows('second'))
    expect(await wait).toMatchObject({ id, result: foundRows('second') })
  })

  it('runs a query twice at most', async () => {
    const [one, two, three] = (await processes(3)) as [PostgresBench, PostgresBench, PostgresBench]
    const id = await one.start()
    await two.advance(LEASE_MS + BEAT_MS)
    expect(two.runs).toHaveLength(1)
    const wait = refusal(three.get(id, FOREVER))
    await one.pool.idle()
    await three.advance(LEASE_MS + BEAT_MS)
    expect(three.runs).toEqual([])
    expect(await wait).toMatchObject(DISCONNECTED)
  })

  it('runs a lost query when somebody asks for it, and only in one process', async () => {
    const all = (await processes(5)) as [PostgresBench, ...PostgresBench[]]
    const id = await all[0].start()
    await all[0].schema.advance(LEASE_MS + 1_000)
    const others = all.slice(1)
    await Promise.all(others.map((bench) => bench.get(id)))
    await all[0].pool.idle()
    expect(others.flatMap(({ runs }) => runs)).toHaveLength(1)
  })

  it('takes over as many queries as may run in the process, and the others later', async () => {
    const options = { ...RERUN, maxRunning: 2 }
    const [one, two] = (await processes(2, options)) as [PostgresBench, PostgresBench]
    const first = [await one.start(), await one.start()]
    const own = await two.start()
    await two.advance(LEASE_MS + BEAT_MS)
    expect(two.runs).toHaveLength(2)
    expect(await two.get(first[1] ?? '')).toMatchObject({ isRunning: true })
    for (const run of two.runs) run.complete(rows('a'))
    for (const id of [own, first[0] ?? '']) await two.get(id, FOREVER)
    await two.advance(BEAT_MS)
    expect(two.runs).toHaveLength(3)
    two.run.complete(rows('b'))
    expect(await two.get(first[1] ?? '', FOREVER)).toMatchObject({ result: foundRows('b') })
  })

  it('takes over none as long as an engine runs on whose query is gone, and the process has room for no other', async () => {
    const [one, two] = (await processes(2, { ...RERUN, maxRunning: 1 })) as [PostgresBench, PostgresBench]
    const id = await one.start()
    const deleting = two.delete(await two.start())
    await two.pool.idle()
    await two.advance(LEASE_MS + BEAT_MS)
    await deleting
    expect(await two.get(id)).toMatchObject({ isRunning: true })
    expect(two.runs).toHaveLength(1)
    two.run.complete(rows('of nobody'))
    await two.advance(BEAT_MS)
    expect(two.runs).toHaveLength(2)
    two.run.complete(rows('second'))
    expect(await two.get(id, FOREVER)).toMatchObject({ result: foundRows('second') })
  })

  it('gives one back for which there is no room any more, and takes it over later', async () => {
    const [one, two] = (await processes(2, { ...RERUN, maxRunning: 1 })) as [PostgresBench, PostgresBench]
    const id = await one.start()
    const advancing = two.advance(LEASE_MS + BEAT_MS)
    await until(() => two.pool.statements.some((text) => text.includes('attempt = attempt + 1')))
    const own = await two.start()
    await advancing
    expect(await two.get(id)).toMatchObject({ isRunning: true })
    expect(two.runs).toHaveLength(1)
    two.run.complete(rows('own'))
    expect(await two.get(own, FOREVER)).toMatchObject({ result: foundRows('own') })
    await two.advance(BEAT_MS)
    expect(two.runs).toHaveLength(2)
    two.run.complete(rows('second'))
    expect(await two.get(id, FOREVER)).toMatchObject({ result: foundRows('second') })
  })

  it('does not run a query that is stopped, deleted or expired', async () => {
    const [one, two] = (await processes(2)) as [PostgresBench, PostgresBench]
    const ids = [await one.start(), await one.start()]
    await one.start({ keepAliveMs: 1_000 })
    const stopping = refusal(two.stop(ids[0] ?? ''))
    await two.delete(ids[1] ?? '')
    await two.advance(LEASE_MS + BEAT_MS)
    expect(two.runs).toEqual([])
    expect(await stopping).toMatchObject(DISCONNECTED)
  })

  it('keeps the key of a query that runs again', async () => {
    const [one, two] = (await processes(2)) as [PostgresBench, PostgresBench]
    const keyed = { idempotency: { key: 'k', fingerprint: 'f' } }
    const id = await one.start(keyed)
    await two.advance(LEASE_MS + BEAT_MS)
    expect(await two.start(keyed)).toBe(id)
    expect(two.runs).toHaveLength(1)
  })
})

describe('an engine whose query another process has taken for lost', () => {
  async function lost(): Promise<[PostgresBench, string]> {
    const [one, two] = (await processes(2, QUIET)) as [PostgresBench, PostgresBench]
    const id = await one.start({ keepAliveMs: 600_000 })
    await one.schema.advance(LEASE_MS + 1_000)
    expect(await refusal(two.get(id))).toMatchObject(DISCONNECTED)
    expect(one.run.signal.aborted).toBe(false)
    return [one, id]
  }

  it('is interrupted when somebody asks its process for the query', async () => {
    const [one, id] = await lost()
    expect(await refusal(one.get(id))).toMatchObject(DISCONNECTED)
    await one.pool.idle()
    expect(one.run.signal.aborted).toBe(true)
  })

  it('is interrupted when its process writes rows of it', async () => {
    const [one, id] = await lost()
    const { signal } = one.run
    let isClosed = false
    one.run.complete({
      columns: rows().columns,
      values: (async function* () {
        try {
          yield large('late').values
          await new Promise((resolve) => signal.addEventListener('abort', resolve))
        } finally {
          isClosed = true
        }
      })(),
    })
    while (!isClosed) await one.pool.idle()
    expect(signal.aborted).toBe(true)
    expect(await one.count('chunks')).toBe(0)
    expect(await refusal(one.get(id))).toMatchObject(DISCONNECTED)
  })
})

describe('close', () => {
  it('lets queries end for some time, and fails what still runs then', async () => {
    const [one, two] = (await processes(2, { ...QUIET, closeGraceMs: 10_000 })) as [
      PostgresBench,
      PostgresBench,
    ]
    const ids = [await one.start(), await one.start()]
    one.obeySignal()
    const closing = one.store.close()
    await one.advance(5_000)
    expect(one.runs.map(({ signal }) => signal.aborted)).toEqual([false, false])
    expect(await two.get(ids[0] ?? '')).toMatchObject({ isRunning: true })
    one.runs[0]?.complete(rows('just in time'))
    while (!(await two.get(ids[0] ?? '').then((query) => query?.isRunning === false))) await one.pool.idle()
    await one.advance(5_000)
    await closing
    expect(await two.get(ids[0] ?? '')).toMatchObject({ result: foundRows('just in time') })
    expect(await refusal(two.get(ids[1] ?? ''))).toMatchObject(CLOSED)
    expect(one.runs[1]?.signal.aborted).toBe(true)
    expect(await one.count('executors')).toBe(0)
  })

  it('is done as soon as nothing runs', async () => {
    const [one, two] = (await processes(2, { ...QUIET, closeGraceMs: 10_000 })) as [
      PostgresBench,
      PostgresBench,
    ]
    const id = await one.start()
    const closing = one.store.close()
    one.run.complete(rows('a'))
    await closing
    expect(await two.get(id)).toMatchObject({ result: foundRows('a') })
    expect(one.clock.pendingTimers).toBe(0)
  })

  it.each([
    ['fail', QUIET],
    ['rerun', RERUN],
  ])("fails a query that nobody but its submit knows, with onLost: '%s'", async (_, options) => {
    const [one] = (await processes(1, options)) as [PostgresBench]
    const answer = refusal(one.submit(FOREVER))
    while (one.runs.length === 0) await one.pool.idle()
    one.obeySignal()
    await one.close()
    expect(await answer).toMatchObject(CLOSED)
    expect(one.run.signal.aborted).toBe(true)
    expect(await one.count('queries')).toBe(0)
  })

  describe.each([
    ['fail', QUIET],
    ['rerun', RERUN],
  ])("of a process that has just sent a query to the tables, with onLost: '%s'", (onLost, options) => {
    it.each([
      ['a submit that waits for nothing', AT_ONCE],
      ['a submit whose wait is over', { waitForCompletionTimeoutMs: 1_000 }],
    ])('answers with an id that others know: %s', async (_, wait) => {
      const [one, two] = (await processes(2, options)) as [PostgresBench, PostgresBench]
      const { pool } = one
      const query = pool.query.bind(pool)
      let arrive = (): void => {}
      const arrived = new Promise<void>((resolve) => {
        arrive = resolve
      })
      let answer = (): void => {}
      const answered = new Promise<void>((resolve) => {
        answer = resolve
      })
      pool.query = async (statement) => {
        const answers = await query(statement)
        if (!statement.text.includes('registered')) return answers
        arrive()
        await answered
        return answers
      }
      const submitted = one.start(wait)
      while (wait !== AT_ONCE && one.runs.length === 0) await pool.idle()
      await one.clock.advance(1_000)
      await arrived
      const closing = one.close()
      answer()
      await closing
      const id = await submitted
      await two.advance(BEAT_MS)
      for (const run of two.runs) run.complete(rows('second'))
      if (onLost === 'fail') expect(await refusal(two.get(id))).toMatchObject(CLOSED)
      else expect(await two.get(id, FOREVER)).toMatchObject({ result: foundRows('second') })
    })
  })

  it('leaves queries to other processes that may run them', async () => {
    const [one, two] = (await processes(2)) as [PostgresBench, PostgresBench]
    await two.start({ owner: bob })
    const id = await one.start()
    const wait = two.get(id, FOREVER)
    await one.close()
    expect(one.run.signal.aborted).toBe(true)
    await two.advance(BEAT_MS)
    expect(two.runs).toHaveLength(2)
    two.run.complete(rows('second'))
    await two.get(id, FOREVER)
    await two.advance(BEAT_MS)
    expect(await wait).toMatchObject({ id, result: foundRows('second') })
  })

  it('fails a query that has run twice', async () => {
    const [one, two, three] = (await processes(3)) as [PostgresBench, PostgresBench, PostgresBench]
    const id = await one.start()
    await one.close()
    await two.advance(BEAT_MS)
    expect(two.runs).toHaveLength(1)
    await two.close()
    await three.advance(BEAT_MS)
    expect(three.runs).toEqual([])
    expect(await errorOf(three.store.get(id, alice, FOREVER))).toMatchObject(CLOSED)
  })
})
