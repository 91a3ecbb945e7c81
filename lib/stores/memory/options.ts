import type { OptionTable } from '../../core/check-options'
import { rules } from '../../core/check-options'
import type { Clock } from '../../core/clock'
import type { MeterProvider } from '../../core/meter'
import type { QueryRequest } from '../../core/store'
import type { Execute } from '../execution/execute'
import { RUN_OPTIONS } from '../execution/run-options'

/** The options of {@link MemoryStore}. */
export interface MemoryStoreOptions {
  /** Runs one query. */
  execute: Execute
  /** Most queries held at a time, running and finished. A submit beyond it answers 429. @default 10_000 */
  maxQueries?: number
  /** The same for one owner. @default 1_000 */
  maxQueriesPerOwner?: number
  /**
   * Most memory, in bytes, that requests, kept results and large failures may take. A query that would exceed it
   * fails with 429. Readers of results that the engine has given in batches may unpack as much again, 1 MiB each: one more gets 429.
   *
   * @default 268_435_456 (256 MiB)
   */
  maxBytes?: number
  /** The same for one owner. @default 67_108_864 (64 MiB) */
  maxBytesPerOwner?: number
  /** Longest time, in milliseconds, that a query may run, synchronous ones included. @default Infinity */
  maxRunMs?: number
  /**
   * What happens to a query that has run for `maxRunMs`. `'stop'`: it ends as a stop ends it, with the rows that it has
   * reported and `is_partial: true`. `'fail'`: it fails with a `task_cancelled_exception`, 400.
   *
   * @default 'stop'
   */
  onMaxRun?: 'stop' | 'fail'
  /**
   * How long stop and delete wait, in milliseconds, for an executor to end after its signal has fired. The store
   * leaves behind an executor that ignores the signal, and counts it as a query of its owner until it ends.
   *
   * @default 1_000
   */
  interruptGraceMs?: number
  /**
   * How long, in milliseconds, the store remembers the `Idempotency-Key` of a query that is not kept, and its outcome, from the
   * end of its submit on. The budget of the owner counts the query until then. The key of every other query is known as long
   * as the query.
   *
   * @default 600_000 (10 min)
   */
  idempotencyWindowMs?: number
  /**
   * The longest keep-alive of a query, in milliseconds, whatever its client asks for. `undefined`: no limit. For engines whose
   * results go stale. Must not throw.
   *
   * @default no limit
   */
  limitKeepAlive?: (request: QueryRequest) => number | undefined
  /** Time. Replace it in tests. @default the time of the machine */
  clock?: Clock
  /**
   * Receives measurements: a `MeterProvider` of OpenTelemetry.
   *
   * @default the global one of `@opentelemetry/api`, where that package is installed
   */
  meterProvider?: MeterProvider
}

export const MEMORY_STORE_OPTIONS = {
  ...RUN_OPTIONS,
  maxQueries: { ...rules.positiveNumber, default: 10_000 },
  maxQueriesPerOwner: { ...rules.positiveNumber, default: 1_000 },
  maxBytes: { ...rules.positiveNumber, default: 256 * 2 ** 20 },
  maxBytesPerOwner: { ...rules.positiveNumber, default: 64 * 2 ** 20 },
  idempotencyWindowMs: { ...rules.positiveNumber, default: 600_000 },
} as const satisfies OptionTable<MemoryStoreOptions>
