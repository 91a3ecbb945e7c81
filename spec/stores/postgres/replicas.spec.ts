import type { PostgresStoreOptions } from '../../../lib/stores/postgres/options'
import { foundRows } from '../../support/found-rows'
import type { TestDatabase } from '../../support/postgres/database'
import { openDatabase } from '../../support/postgres/database'
import { PostgresBench } from '../../support/postgres-bench'
import { bob, errorOf, FOREVER, refusal, rows } from '../../support/store-bench'
import { until } from '../../support/until'

let database: TestDatabase
/** Two processes on the same tables. */
let one: PostgresBench
let two: PostgresBench

/** Without a listener: a process that begins to hear says at once that it is there, at a time of its own. */
const OPTIONS: Partial<PostgresStoreOptions> = {
  listener: false,
  heartbeatMs: 5_000,
  leaseMs: 20_000,
  pollMs: 250,
}
const DISCONNECTED = {
  type: 'node_disconnected_exception',
  status: 500,
  reason: 'the process that ran the query is gone; submit it again',
  metadata: {},
}

beforeAll(async () => {
  database = await openDatabase()
})
beforeEach(async () => {
  one = await PostgresBench.create(database.url, OPTIONS)
  two = one.replica(OPTIONS)
})
afterEach(async () => {
  await two.close()
  await one.remove()
})
afterAll(() => database.close())

describe('a query of another process', () => {
  it('is served after that process has ended', async () => {
    const id = await one.start()
    one.run.complete(rows('a'))
    const query = await one.get(id, FOREVER)
    await one.close()
    expect(await two.get(id)).toEqual(query)
    expect(await two.store.get(id, bob, FOREVER)).toBeUndefined()
  })

  it('ends the waits for it here', async () => {
    const id = await one.start()
    const waits = Array.from({ length: 50 }, () => two.get(id, FOREVER))
    await one.pool.idle()
    one.run.complete(rows('a'))
    await one.get(id, FOREVER)
    await two.advance(250)
    for (const query of await Promise.all(waits)) expect(query).toMatchObject({ result: foundRows('a') })
    // The one of its heartbeat.
    expect(two.clock.pendingTimers).toBe(1)
  })

  it('is asked about once for all waits', async () => {
    const ids = [await one.start(), await one.start()]
    const signal = AbortSignal.timeout(60_000)
    const waits = ids.flatMap((id) => [two.get(id, { ...FOREVER, signal }), two.get(id, FOREVER)])
    await one.pool.idle()
    one.pool.statements.length = 0
    await two.advance(250)
    expect(one.pool.statements).toHaveLength(1)
    for (const run of one.runs) run.complete(rows('a'))
    for (const id of ids) await one.get(id, FOREVER)
    await two.advance(250)
    expect(await Promise.all(waits)).toHaveLength(4)
  })

  it('is stopped from here with its next heartbeat, and keeps its rows', async () => {
    const id = await one.start()
    one.run.report(rows('found'))
    one.obeySignal()
    const stopping = two.stop(id)
    await one.advance(5_000)
    await one.get(id, FOREVER)
    await two.advance(250)
    expect(await stopping).toMatchObject({ id, isPartial: true, result: foundRows('found') })
  })

  it('keeps its rows when it is stopped from here, however seldom its process asks', async () => {
    const options = {
      ...OPTIONS,
      pollMs: 5_000,
      heartbeatMs: 60_000,
      leaseMs: 180_000,
    } as const
    const [there, here] = [one.replica(options), one.replica(options)]
    const id = await there.start()
    there.run.report(rows('found'))
    const stopping = here.stop(id)
    // Those of its heartbeat, of its next question, and of its patience.
    await until(() => here.clock.pendingTimers === 3)
    await here.advance(5_000, there)
    // It ignores its signal, so its grace has to pass.
    expect(there.run.signal.aborted).toBe(true)
    await there.advance(1_000)
    await there.get(id, FOREVER)
    await here.advance(2_000)
    expect(await stopping).toMatchObject({ id, isPartial: true, result: foundRows('found') })
    await there.close()
    await here.close()
  })

  it('is deleted from here: it is unknown at once, and interrupted with its next heartbeat', async () => {
    const id = await one.start()
    const ended = errorOf(one.get(id, FOREVER))
    await one.pool.idle()
    expect(await two.delete(id)).toBe(true)
    expect(await one.get(id)).toBeUndefined()
    await one.advance(5_000)
    expect(one.run.signal.aborted).toBe(true)
    expect(await ended).toMatchObject({ type: 'task_cancelled_exception' })
  })

  it('lives as long as a get here says', async () => {
    const id = await one.start({ keepAliveMs: 8_000 })
    await two.get(id, { keepAliveMs: 30_000 })
    await one.advance(8_001)
    expect(one.run.signal.aborted).toBe(false)
    one.run.complete(rows('a'))
    await one.get(id, FOREVER)
    expect(await two.get(id)).toMatchObject({ isRunning: false })
  })

  it('is whole when a stop from here comes after its last row', async () => {
    const id = await one.start()
    await one.schema.query(`UPDATE ${one.schema.name}.queries SET is_stopped = true`)
    one.run.complete(rows('a'))
    await one.get(id, FOREVER)
    expect(await two.get(id)).toMatchObject({ isRunning: false, isPartial: false })
  })

  it('stands in the list of its owner', async () => {
    const id = await one.start({ query: 'FROM there' })
    expect(await two.store.list(bob)).toEqual([])
    expect(await two.store.list(bob, { anyOwner: true })).toMatchObject([{ id, query: 'FROM there' }])
  })
})

describe('a process that gives no sign of life', () => {
  it('loses its queries: gets and waits elsewhere fail, each alike', async () => {
    const id = await one.start()
    const lost = refusal(two.get(id, FOREVER))
    // Its timers stand still: it is frozen.
    await two.advance(19_000)
    expect(await two.get(id)).toMatchObject({ isRunning: true })
    await two.advance(2_000)
    expect(await lost).toEqual(DISCONNECTED)
    expect(await refusal(two.get(id))).toEqual(DISCONNECTED)
    expect(await two.store.list(bob, { anyOwner: true })).toEqual([])
  })

  it('comes back, and nothing that it writes counts', async () => {
    const id = await one.start()
    await two.advance(21_000)
    expect(await refusal(two.get(id))).toEqual(DISCONNECTED)
    one.run.complete(rows('too late'))
    await one.pool.idle()
    await one.clock.advance(5_000)
    await one.pool.idle()
    expect(await refusal(one.get(id))).toEqual(DISCONNECTED)
    expect(await refusal(two.get(id))).toEqual(DISCONNECTED)
  })

  it('is forgotten after a day', async () => {
    await one.start()
    await two.start()
    await two.advance(2 * 86_400_000)
    await two.advance(60_000)
    expect(await one.count('executors')).toBe(1)
  })

  it('does not lose a query as long as its heart beats', async () => {
    const id = await one.start()
    for (let beats = 0; beats < 10; beats += 1) await one.advance(5_000, two)
    expect(await two.get(id)).toMatchObject({ isRunning: true })
  })
})

describe('close', () => {
  it('fails what runs here, for everybody, and takes this process from the list', async () => {
    const id = await one.start()
    await one.close()
    expect(one.run.signal.aborted).toBe(true)
    expect(await refusal(two.get(id))).toEqual({
      type: 'node_closed_exception',
      status: 500,
      reason: 'the process that ran the query has shut down; submit it again',
      metadata: {},
    })
    expect(await one.count('executors')).toBe(0)
  })

  it('refuses every call from then on', async () => {
    const id = await one.start()
    await one.close()
    for (const call of [one.submit(), one.get(id), one.stop(id), one.delete(id), one.store.list(bob)]) {
      expect(await refusal(call)).toMatchObject({ status: 503, reason: 'the async query store is closed' })
    }
  })
})
