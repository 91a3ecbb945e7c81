import type { PostgresStoreOptions } from '../../../lib/stores/postgres/options'
import { foundRows } from '../../support/found-rows'
import type { TestDatabase } from '../../support/postgres/database'
import { openDatabase } from '../../support/postgres/database'
import { PostgresBench } from '../../support/postgres-bench'
import { ObservedPool } from '../../support/postgres-harness'
import { AT_ONCE, FOREVER, refusal, rows } from '../../support/store-bench'

const BEAT_MS = 5_000
const LEASE_MS = 20_000
const BEATS_OF_LEASE = LEASE_MS / BEAT_MS
const OPTIONS: Partial<PostgresStoreOptions> = {
  listener: false,
  heartbeatMs: BEAT_MS,
  leaseMs: LEASE_MS,
  logger: { debug() {}, info() {}, warn() {}, error() {} },
}

/** A pool whose process the test cuts off from the server, which runs on. */
class CutPool extends ObservedPool {
  isCut = false
  /** How many statements it has refused. */
  refusals = 0

  override query(statement: Parameters<ObservedPool['query']>[0]): ReturnType<ObservedPool['query']> {
    if (!this.isCut) return super.query(statement)
    this.refusals += 1
    return Promise.reject(Object.assign(new Error('no route to the server'), { code: 'EHOSTUNREACH' }))
  }
}

/** A process, and whether it reaches the server. */
interface Process {
  bench: PostgresBench
  pool: CutPool
}

let database: TestDatabase
let base: PostgresBench
let processes: Process[]

beforeAll(async () => {
  database = await openDatabase()
})
beforeEach(async () => {
  base = await PostgresBench.create(database.url, OPTIONS)
  await base.removeWitness()
  processes = []
})
afterEach(async () => {
  for (const { bench, pool } of processes) {
    pool.isCut = false
    await bench.close()
    await pool.end()
  }
  await base.remove()
})
afterAll(() => database.close())

function startProcess(options = OPTIONS): Process {
  const pool = new CutPool(database.url)
  const process = { pool, bench: base.replica(options, pool) }
  processes.push(process)
  return process
}

async function beat(beats: number, ...living: Process[]): Promise<void> {
  for (let no = 0; no < beats; no += 1) {
    await base.schema.advance(BEAT_MS)
    for (const { bench, pool } of living) {
      await bench.clock.advance(BEAT_MS)
      await pool.idle()
    }
  }
}

/** Two processes that are there for longer than the lease, each with a query. */
async function startTwo(options = OPTIONS): Promise<[Process, Process, string, string]> {
  const [one, two] = [startProcess(options), startProcess(options)]
  const ids = [
    await one.bench.start({ keepAliveMs: 600_000 }),
    await two.bench.start({ keepAliveMs: 600_000 }),
  ] as const
  await beat(2 * BEATS_OF_LEASE, one, two)
  return [one, two, ...ids]
}

describe('processes that were all cut off from the server for longer than the lease', () => {
  it.each(['fail', 'rerun'] as const)(
    "lose no query, whoever is back first, with onLost: '%s'",
    async (onLost) => {
      const [one, two, first, second] = await startTwo({ ...OPTIONS, onLost })
      for (const [early, late] of [
        [one, two],
        [two, one],
      ] as const) {
        for (const process of [one, two]) process.pool.isCut = true
        await beat(BEATS_OF_LEASE + 2, one, two)
        early.pool.isCut = false
        const expectRunning = async () => {
          for (const id of [first, second])
            expect(await early.bench.get(id)).toMatchObject({ isRunning: true })
          await early.pool.idle()
        }
        await expectRunning()
        await beat(BEATS_OF_LEASE - 1, early)
        await expectRunning()
        late.pool.isCut = false
        await beat(1, early, late)
        await expectRunning()
        await beat(2 * BEATS_OF_LEASE, early, late)
        await expectRunning()
      }
      expect([one.bench.runs.length, two.bench.runs.length]).toEqual([1, 1])
      one.bench.run.complete(rows('of one'))
      two.bench.run.complete(rows('of two'))
      await one.bench.get(first, FOREVER)
      await two.bench.get(second, FOREVER)
      expect(await two.bench.get(first)).toMatchObject({ result: foundRows('of one') })
      expect(await one.bench.get(second)).toMatchObject({ result: foundRows('of two') })
    },
  )

  it('are found lost if they do not come back while another is there for as long as the lease', async () => {
    const [one, two, first] = await startTwo()
    for (const process of [one, two]) process.pool.isCut = true
    await beat(BEATS_OF_LEASE + 2, one, two)
    two.pool.isCut = false
    const wait = refusal(two.bench.get(first, FOREVER))
    await two.pool.idle()
    await beat(BEATS_OF_LEASE + 2, two)
    expect(await wait).toMatchObject({ type: 'node_disconnected_exception' })
  })
})

describe('a process that was cut off for less than the lease', () => {
  it('takes none for lost that it had just seen for the last time', async () => {
    const [one, two, first] = await startTwo()
    await base.schema.advance(4_000)
    await two.bench.clock.advance(5_000)
    await two.pool.idle()
    for (const process of [one, two]) process.pool.isCut = true
    // The query of one has no sign of life for longer than the lease now, and two itself for less.
    await base.schema.advance(LEASE_MS - 3_000)
    two.pool.isCut = false
    expect(await two.bench.get(first, AT_ONCE)).toMatchObject({ isRunning: true })
  })
})

describe('a process that is cut off when it closes', () => {
  it.each(['fail', 'rerun'] as const)(
    "tries once more to write an outcome, without a pause, with onLost: '%s'",
    async (onLost) => {
      const { bench, pool } = startProcess({ ...OPTIONS, onLost })
      await bench.start()
      pool.isCut = true
      bench.run.complete(rows('a'))
      while (pool.refusals === 0) await pool.idle()
      await bench.store.close()
      expect(bench.clock.pendingTimers).toBe(0)
    },
  )

  it('writes what waits for the end of a pause if the server is back', async () => {
    const [one, two] = [startProcess(), startProcess()]
    const id = await one.bench.start()
    one.pool.isCut = true
    one.bench.run.complete(rows('a'))
    while (one.pool.refusals === 0) await one.pool.idle()
    one.pool.isCut = false
    await one.bench.store.close()
    expect(await two.bench.get(id)).toMatchObject({ result: foundRows('a') })
  })
})

describe('a process that starts alone', () => {
  it('fails what a killed one has left when it is there for as long as the lease', async () => {
    const one = startProcess()
    const id = await one.bench.start({ keepAliveMs: 600_000 })
    await base.schema.advance(10 * LEASE_MS)
    const two = startProcess()
    await beat(1, two)
    expect(await two.bench.get(id)).toMatchObject({ isRunning: true })
    await beat(BEATS_OF_LEASE + 1, two)
    expect(await refusal(two.bench.get(id))).toMatchObject({ type: 'node_disconnected_exception' })
  })
})
