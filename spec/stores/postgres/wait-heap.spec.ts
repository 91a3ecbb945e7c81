import { setImmediate as nextTurn } from 'node:timers/promises'
import type { MemoryStore } from '../../../lib/stores/memory/memory-store'
import type { PostgresStore } from '../../../lib/stores/postgres/postgres-store'
import { heapGrowth } from '../../support/memory-heap'
import type { TestDatabase } from '../../support/postgres/database'
import { openDatabase } from '../../support/postgres/database'
import { PostgresBench } from '../../support/postgres-bench'
import type { StoreBench } from '../../support/store-bench'
import { alice, FOREVER, MemoryBench, rows } from '../../support/store-bench'

const WAITS = 2_000

let database: TestDatabase

beforeAll(async () => {
  database = await openDatabase()
})
afterAll(() => database.close())

/** Bytes of heap that each of many waits takes. */
async function heapOfWaits(
  { store, clock }: StoreBench<MemoryStore | PostgresStore>,
  id: string,
): Promise<number> {
  const before = clock.pendingTimers
  const signals = Array.from({ length: WAITS }, () => new AbortController().signal)
  const growth = await heapGrowth(async () => {
    for (const signal of signals) void store.get(id, alice, { waitForCompletionTimeoutMs: 3_600_000, signal })
    while (clock.pendingTimers - before < WAITS) await nextTurn()
  })
  return growth / WAITS
}

describe('a wait for a query of another process', () => {
  it('takes about as much heap as one of MemoryStore', async () => {
    const one = await PostgresBench.create(database.url)
    const two = one.replica({ listener: false })
    const memory = new MemoryBench()
    const [shared, own] = [await one.start(), await memory.start()]
    const heap = { postgres: 0, memory: 0 }
    try {
      // The first time, code is compiled too.
      for (let times = 0; times < 2; times += 1) {
        heap.postgres = await heapOfWaits(two, shared)
        heap.memory = await heapOfWaits(memory, own)
      }
    } finally {
      for (const { run } of [one, memory]) run.complete(rows('a'))
      await one.get(shared, FOREVER)
      await two.advance(250)
      await two.close()
      await one.remove()
    }
    expect(heap.postgres / heap.memory).toBeLessThan(1.2)
  })
})
