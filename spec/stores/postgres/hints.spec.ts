import { setTimeout as soon } from 'node:timers/promises'
import { Client } from 'pg'
import { QueryError } from '../../../lib/core/errors'
import type { PostgresStoreOptions } from '../../../lib/stores/postgres/options'
import { foundRows } from '../../support/found-rows'
import type { TestDatabase } from '../../support/postgres/database'
import { openDatabase } from '../../support/postgres/database'
import { PostgresBench } from '../../support/postgres-bench'
import { ObservedPool } from '../../support/postgres-harness'
import { bob, errorOf, FOREVER, refusal, rows } from '../../support/store-bench'
import { until } from '../../support/until'

let database: TestDatabase
/** Two processes on the same tables, each with a pool of its own. Their clocks stand still, so nothing is found by asking. */
let one: PostgresBench
let two: PostgresBench
let pool: ObservedPool

const OPTIONS: Partial<PostgresStoreOptions> = { interruptGraceMs: 1_000 }

beforeAll(async () => {
  database = await openDatabase()
})
beforeEach(async () => {
  one = await PostgresBench.create(database.url, OPTIONS)
  pool = new ObservedPool(database.url)
  two = one.replica(OPTIONS, pool)
})
afterEach(async () => {
  await two.close()
  await one.remove()
  await pool.end()
})
afterAll(() => database.close())

/** Waits until the process misses no hint any more: one that listens sends itself a notification. */
async function untilListens(bench: PostgresBench): Promise<void> {
  await until(() => bench.pool.statements.some((text) => text.includes('pg_notify')))
  await bench.pool.idle()
}

/** The same for one that has no query. Whoever begins to wait makes it listen. */
async function untilHears(bench: PostgresBench): Promise<void> {
  const controller = new AbortController()
  const id = await one.start()
  const wait = bench.get(id, { ...FOREVER, signal: controller.signal })
  await untilListens(bench)
  controller.abort()
  await wait
  one.run.complete(rows('a'))
  await one.get(id, FOREVER)
}

describe('a query of another process', () => {
  it('ends a thousand waits for it here at once, with one statement', async () => {
    await untilHears(two)
    const id = await one.start()
    const waits = Array.from({ length: 1_000 }, () => two.get(id, FOREVER))
    await until(() => two.clock.pendingTimers > 1)
    await pool.idle()
    const before = pool.statements.length + pool.ownStatements.length
    one.run.complete(rows('a'))
    const answers = await Promise.all(waits)
    for (const query of answers) expect(query).toMatchObject({ isRunning: false, result: foundRows('a') })
    expect(pool.statements.length + pool.ownStatements.length - before).toBe(1)
  })

  it('ends the wait of a process that does not hear yet when it begins', async () => {
    const id = await one.start()
    const wait = two.get(id, FOREVER)
    one.run.complete(rows('a'))
    expect(await wait).toMatchObject({ result: foundRows('a') })
  })

  it('fails the waits for it here when it fails there', async () => {
    const id = await one.start()
    const wait = refusal(two.get(id, FOREVER))
    await until(() => pool.ownStatements.length > 0)
    one.run.fail(new QueryError('engine_exception', 'no disk'))
    expect(await wait).toMatchObject({ type: 'engine_exception', reason: 'no disk' })
  })

  it('is stopped from here, and keeps its rows', async () => {
    const id = await one.start()
    one.run.report(rows('found'))
    one.obeySignal()
    expect(await two.stop(id)).toMatchObject({ id, isPartial: true, result: foundRows('found') })
    expect(await one.get(id)).toMatchObject({ isPartial: true, result: foundRows('found') })
  })

  it('is deleted from here, which waits for its executor to end', async () => {
    await untilHears(two)
    const id = await one.start()
    const { signal } = one.run
    one.obeySignal()
    const waits = [errorOf(one.get(id, FOREVER)), errorOf(two.get(id, FOREVER))]
    await until(() => two.clock.pendingTimers > 1)
    await Promise.all([one.pool.idle(), pool.idle()])
    expect(await two.delete(id)).toBe(true)
    expect(signal.aborted).toBe(true)
    for (const error of await Promise.all(waits)) {
      expect(error).toMatchObject({ type: 'task_cancelled_exception' })
    }
  })

  it('expires earlier when a get here says so', async () => {
    const id = await one.start({ keepAliveMs: 600_000 })
    const { signal } = one.run
    await untilListens(one)
    const asked = one.pool.statements.length
    await two.get(id, { keepAliveMs: 8_000 })
    // It asks for the new time.
    await until(() => one.pool.statements.slice(asked).some((text) => text.includes('left_ms')))
    await one.advance(8_001)
    await until(() => signal.aborted)
  })

  it('is interrupted when a process here has taken its process for lost', async () => {
    const id = await one.start({ keepAliveMs: 600_000 })
    await untilListens(one)
    await one.schema.advance(21_000)
    expect(await refusal(two.get(id))).toMatchObject({ type: 'node_disconnected_exception' })
    await until(() => one.run.signal.aborted)
  })

  it('is told to nobody if it ends within the wait of its submit, whose answer is the first to name it', async () => {
    const heard: string[] = []
    const stranger = new Client({ connectionString: database.url })
    stranger.on('notification', ({ payload = '' }) => {
      if (!payload.startsWith('test:')) heard.push(payload.split(':')[0] ?? '')
    })
    await stranger.connect()
    try {
      await stranger.query(`LISTEN "${one.schema.name}"`)
      const submitted = one.submit(FOREVER)
      await until(() => one.runs.length === 1)
      one.run.complete(rows('a'))
      const { id = '' } = await submitted
      expect(await two.get(id, FOREVER)).toMatchObject({ isRunning: false, result: foundRows('a') })
      expect(await two.delete(id)).toBe(true)
      // What is sent later is heard later.
      const later = await one.start()
      const wait = two.get(later, FOREVER)
      one.run.complete(rows('b'))
      expect(await wait).toMatchObject({ result: foundRows('b') })
      await until(() => heard.length > 0)
      expect(heard).toEqual(['done'])
    } finally {
      await stranger.end()
    }
  })

  it('does not care what strangers say on the channel', async () => {
    await untilHears(two)
    const id = await one.start()
    const wait = two.get(id, FOREVER)
    const { name } = one.schema
    for (const payload of [
      '',
      'done',
      'done:',
      'stop:AAAA',
      'gone:%',
      'no:thing',
      `done:${'x'.repeat(7_000)}`,
    ]) {
      await one.schema.query('SELECT pg_notify($1, $2)', [name, payload])
    }
    one.run.complete(rows('a'))
    expect(await wait).toMatchObject({ result: foundRows('a') })
  })
})

describe("a query that its process leaves to others with onLost: 'rerun'", () => {
  const RERUN: Partial<PostgresStoreOptions> = { ...OPTIONS, onLost: 'rerun' }

  it('begins here at once, however many they are', async () => {
    const [three, four] = [one.replica(RERUN), one.replica(RERUN, pool)]
    const ids = [await three.start(), await three.start(), await three.start()]
    await four.start({ owner: bob })
    await until(() => pool.statements.some((text) => text.includes('pg_notify')))
    await pool.idle()
    await three.close()
    await until(() => four.runs.length === 4)
    for (const run of four.runs) run.complete(rows('second'))
    for (const id of ids) expect(await four.get(id, FOREVER)).toMatchObject({ result: foundRows('second') })
    await four.close()
  })
})

describe('a stop of a query whose process does not answer', () => {
  /** The tables as a process leaves them that was killed. */
  async function leftBehind(): Promise<string> {
    const id = await one.start()
    const { name } = one.schema
    await one.schema.query(`UPDATE ${name}.queries SET executor = $1`, [
      '00000000-0000-4000-8000-000000000000',
    ])
    await one.schema.query(`INSERT INTO ${name}.executors SELECT $1, ${name}.clock(), ${name}.clock()`, [
      '00000000-0000-4000-8000-000000000000',
    ])
    return id
  }

  it('completes it without rows after the grace, a poll and a second, for all who wait', async () => {
    const id = await leftBehind()
    const wait = two.get(id, FOREVER)
    const stopping = two.stop(id)
    await until(() => pool.statements.some((text) => text.includes('is_stopped = true')))
    await one.advance(3_999, two)
    expect(await two.get(id)).toMatchObject({ isRunning: true })
    await one.advance(1, two)
    const expected = { id, isPartial: true, result: { columns: [], values: [] } }
    expect(await stopping).toMatchObject(expected)
    expect(await wait).toMatchObject(expected)
    one.run.complete(rows('too late'))
    await one.pool.idle()
    expect(await one.get(id)).toMatchObject(expected)
  })

  it('waits on for one that has said since then that it is there', async () => {
    const id = await one.start()
    one.run.report(rows('found'))
    // It ignores its signal, so its grace has to pass on its own clock.
    const stopping = two.stop(id)
    await until(() => one.run.signal.aborted)
    await one.pool.idle()
    await two.clock.advance(5_000)
    await pool.idle()
    expect(await two.get(id)).toMatchObject({ isRunning: true })
    await one.clock.advance(1_000)
    expect(await stopping).toMatchObject({ isPartial: true, result: foundRows('found') })
  })
})

describe('a pool whose connections the host keeps busy', () => {
  const BUSY: Partial<PostgresStoreOptions> = { ...OPTIONS, statementTimeoutMs: 1_000 }

  it('loses no query, answers as an outage, and gets few statements', async () => {
    const three = one.replica(BUSY, pool)
    const { id = '' } = await three.submit()
    // The first beat may have come before the connection.
    await until(() => pool.ownStatements.length > 0)
    await pool.idle()
    const clients = await Promise.all(Array.from({ length: 5 }, () => pool.pool.connect()))
    try {
      const gets = Array.from({ length: 50 }, () => three.get(id, { keepAliveMs: 60_000 }))
      for (const get of gets) await expect(get).rejects.toMatchObject({ code: 'ETIMEDOUT' })
      expect(pool.pool.waitingCount).toBeLessThanOrEqual(4)
      for (let beats = 0; beats < 6; beats += 1) {
        const beaten = pool.ownStatements.length
        await one.schema.advance(5_000)
        // A statement that a busy machine keeps for too long breaks the connection, and the next beat opens another one.
        do {
          await three.clock.advance(5_000)
          await soon(200)
        } while (!pool.ownStatements.slice(beaten).some((text) => text.includes('executors')))
      }
      expect(await one.get(id)).toMatchObject({ isRunning: true })
    } finally {
      for (const client of clients) client.release()
    }
    expect(await three.get(id)).toMatchObject({ isRunning: true })
    three.run.complete(rows('a'))
    expect(await one.get(id, FOREVER)).toMatchObject({ result: foundRows('a') })
    expect(await one.store.get(id, bob, FOREVER)).toBeUndefined()
    await three.close()
  })
})
