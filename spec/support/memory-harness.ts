import { setImmediate as nextTurn } from 'node:timers/promises'
import { QueryError } from '../../lib/core/errors'
import { JsonText } from '../../lib/core/json-text'
import type { EngineResult, QueryResult, Rows } from '../../lib/core/result'
import type { AsyncQueryStore } from '../../lib/core/store'
import type { Execute } from '../../lib/stores/execution/execute'
import { MemoryStore } from '../../lib/stores/memory/memory-store'
import type { HarnessQueries, OptionalMethod, StoreHarness } from '../../lib/test-kit'
import { EVERY_TYPE, ManualClock } from '../../lib/test-kit'

const QUERIES = {
  completes: 'FROM books',
  completesLater: 'FROM books | WAIT',
  keepsRunning: 'FROM books | ENDLESS',
  fails: 'FROM nope',
  failsLater: 'FROM nope | WAIT',
  completesLarge: 'FROM library',
} satisfies HarnessQueries

const COLUMNS: QueryResult['columns'] = [
  { name: 'title', type: 'keyword' },
  { name: 'copies', type: 'long' },
  { name: 'gone', type: 'keyword' },
]

/** More than a store keeps as it is. */
const LARGE: QueryResult = {
  columns: [...COLUMNS, { name: 'document', type: '_source' }],
  values: Array.from({ length: 6_000 }, (_, row) => [
    row % 10 === 0 ? [`Book ${row}`, 'Emma'] : `Book ${row}, ${'with a long title '.repeat(5)}`,
    row % 3 === 0 ? 2n ** 60n + BigInt(row) : row,
    null,
    row % 2 === 0 ? new JsonText(`{"row" : ${row}.0,\n"10":-0,"2":[],"row":1e3}`) : null,
  ]),
}

/** The same table in batches of an engine that reads it as it goes. */
async function* largeBatches(): AsyncGenerator<Rows> {
  for (let begin = 0; begin < LARGE.values.length; begin += 700) yield LARGE.values.slice(begin, begin + 700)
}

const STATISTICS = {
  documentsFound: 1,
  valuesLoaded: 2,
  rowsEmitted: 3,
  bytesRead: 4,
  readNanos: 5,
  cpuNanos: 6,
}

/** Runs the contract's queries on a {@link MemoryStore} with a clock that stands still. */
export class MemoryHarness implements StoreHarness {
  offers?: readonly OptionalMethod[] = ['submit', 'stop', 'delete', 'list', 'close']
  readonly clock = new ManualClock()
  /** Long, because a good store hangs nowhere, and a machine may be as busy as it likes. */
  readonly patienceMs: number = 100_000
  readonly idempotencyWindowMs: number | undefined = 10_000
  readonly queries = QUERIES
  readonly outcomes
  #running = 0
  readonly #waiting: (() => void)[] = []

  /** @param table the result of queries that complete */
  constructor(table = EVERY_TYPE) {
    this.outcomes = {
      completes: { ...table, statistics: STATISTICS },
      completesLarge: LARGE,
      stopped: { columns: COLUMNS, values: [['Emma', 2, null]] },
      fails: new QueryError('circuit_breaking_exception', '[parent] Data too large', {
        metadata: { bytes_wanted: 3, bytes_limit: 2 },
      }),
    }
  }

  async create(): Promise<AsyncQueryStore> {
    return this.createMemoryStore()
  }

  createMemoryStore(): MemoryStore {
    return new MemoryStore({ execute: this.execute, clock: this.clock, idempotencyWindowMs: 10_000 })
  }

  async release(): Promise<void> {
    for (const goOn of this.#waiting.splice(0)) goOn()
  }

  advance(ms: number): Promise<void> {
    return this.clock.advance(ms)
  }

  countRunning(): number {
    return this.#running
  }

  pendingTimers(): number {
    return this.clock.pendingTimers
  }

  readonly execute: Execute = async (request, context) => {
    this.#running += 1
    try {
      return await this.#run(request.query, context)
    } finally {
      // Ending takes a moment, as it does with a cluster.
      await nextTurn()
      this.#running -= 1
    }
  }

  async #run(query: string, { signal, report }: Parameters<Execute>[1]): Promise<EngineResult> {
    if (query === QUERIES.completesLater || query === QUERIES.failsLater) {
      await new Promise<void>((resolve, reject) => {
        this.#waiting.push(resolve)
        signal.addEventListener('abort', () => reject(signal.reason))
      })
    }
    if (query === QUERIES.fails || query === QUERIES.failsLater) throw this.outcomes.fails
    if (query === QUERIES.completesLarge) return { columns: LARGE.columns, values: largeBatches() }
    if (query !== QUERIES.keepsRunning) return this.outcomes.completes
    report(this.outcomes.stopped)
    return new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason))
    })
  }
}
