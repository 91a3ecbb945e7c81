import type { Caller, Owner } from '../../core/caller'
import type { OptionTable } from '../../core/check-options'
import { rules } from '../../core/check-options'
import type { Clock } from '../../core/clock'
import { systemClock } from '../../core/clock'
import type { MeterProvider } from '../../core/meter'
import type { EngineResult, QueryResult } from '../../core/result'
import type { QueryRequest } from '../../core/store'

/** What an executor gets beside the request. */
export interface ExecuteContext {
  /**
   * Fires when the query is stopped, is deleted, expires or has run for too long. After a stop, the executor may still
   * resolve with what it has; in every other case its outcome no longer matters.
   *
   * Node.js turns an error that an abort listener throws into an uncaught exception of the process, which nobody can
   * catch.
   */
  signal: AbortSignal
  /**
   * Reports what the query has found so far: the rows that a stop keeps. An engine that gives its rows in batches need not
   * report: a stop keeps the batches that have come. Each call replaces the report before. The
   * store reads the arrays only when the query is stopped, so one call with arrays that go on growing is enough.
   *
   * `documentsFound` and `valuesLoaded` of its `statistics` show clients how far the query is.
   */
  report: (result: QueryResult) => void
  /** Who submitted the query. */
  owner: Owner
  /**
   * The same as the router knows them, so that an engine can act as the user: `user` and `claims` of {@link jwtCaller}, or
   * what your own `resolveCaller` returned. It holds no token. Without a router, it has nothing but the owner.
   */
  caller: Caller
}

/**
 * Runs one query: any engine. Throw a {@link QueryError} to fail the query with an error that the client sees.
 * Anything else is a fault of the engine; the client gets a 500 without the cause.
 *
 * For a result that is larger than memory should be, `values` is an iterable of batches, such as an async generator. The
 * store asks for a batch when it has kept the one before, checks its cells, and counts it. It begins every iterable, and
 * calls `return` of its iterator when the query is stopped, is deleted, expires or fails, so that the `finally` of a
 * generator closes a cursor. What the iterable returns at its end may be a {@link ResultEnd}: statistics, for example. An
 * error that it throws fails the query.
 */
export type Execute = (request: QueryRequest, context: ExecuteContext) => EngineResult | Promise<EngineResult>

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
   * fails with 429.
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
  execute: { ...rules.function, required: true },
  maxQueries: { ...rules.positiveNumber, default: 10_000 },
  maxQueriesPerOwner: { ...rules.positiveNumber, default: 1_000 },
  maxBytes: { ...rules.positiveNumber, default: 256 * 2 ** 20 },
  maxBytesPerOwner: { ...rules.positiveNumber, default: 64 * 2 ** 20 },
  maxRunMs: { ...rules.positiveNumber, default: Number.POSITIVE_INFINITY },
  onMaxRun: {
    expected: "'stop' or 'fail'",
    fits: (value) => value === 'stop' || value === 'fail',
    default: 'stop',
  },
  interruptGraceMs: { ...rules.nonNegativeNumber, default: 1_000 },
  idempotencyWindowMs: { ...rules.positiveNumber, default: 600_000 },
  clock: { ...rules.object, default: systemClock, defaultInWords: 'the time of the machine' },
  meterProvider: rules.meterProvider,
} as const satisfies OptionTable<MemoryStoreOptions>
