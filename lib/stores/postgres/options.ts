import type { OptionTable } from '../../core/check-options'
import { rules } from '../../core/check-options'
import type { Clock } from '../../core/clock'
import { isObject } from '../../core/is-object'
import type { Logger } from '../../core/logger'
import { consoleLogger } from '../../core/logger'
import type { MeterProvider } from '../../core/meter'
import type { QueryRequest } from '../../core/store'
import type { Execute } from '../execution/execute'
import { RUN_OPTIONS } from '../execution/run-options'
import type { PostgresPool } from './database'
import { SCHEMA_NAME, SCHEMA_NAMES } from './schema'

/** The options of {@link PostgresStore}. */
export interface PostgresStoreOptions {
  /**
   * The application's own `Pool` of `pg`, 8.11 or later. The store uses at most four of its connections at a time, and
   * never ends it.
   */
  pool: PostgresPool
  /** Runs one query, in the process that got the submit. */
  execute: Execute
  /**
   * The connection on which this process hears what others notify, and says that it is there: a `ClientConfig` of `pg`, or
   * `false` to do without. Goes past PgBouncer, which hands no notification on in its transaction mode.
   *
   * @default the options of the pool
   */
  listener?: object | false
  /** The schema of the tables: lower-case letters, digits and `_`. @default 'esql_async' */
  schema?: string
  /**
   * Queries of one owner in the tables, running and finished, from which on the owner's submits answer 429. Submits at the same
   * moment may exceed it, by up to four for each process.
   *
   * @default 1_000
   */
  maxQueriesPerOwner?: number
  /**
   * Bytes of packed results of one owner in the tables from which on the owner's submits answer 429. The result that
   * reaches it is kept.
   *
   * @default 1_073_741_824 (1 GiB)
   */
  maxBytesPerOwner?: number
  /** Most queries that this process runs at a time. A submit beyond it answers 429. @default 100 */
  maxRunning?: number
  /**
   * Most memory, in bytes, that requests and results of running queries may take in this process. A query that would
   * exceed it fails with 429. Readers of results that the tables have in chunks, or that the engine has given in batches, may
   * unpack as much again, 1 MiB each: one more gets 429.
   *
   * @default 268_435_456 (256 MiB)
   */
  maxBytes?: number
  /** Longest time, in milliseconds, that a query may run, synchronous ones included. @default Infinity */
  maxRunMs?: number
  /**
   * What happens to a query that has run for `maxRunMs`. `'stop'`: it keeps the rows that it has. `'fail'`: it fails with
   * a `task_cancelled_exception`, 400.
   *
   * @default 'stop'
   */
  onMaxRun?: 'stop' | 'fail'
  /**
   * The longest keep-alive of a query, in milliseconds, whatever its client asks for, and in whichever process. `undefined`: no
   * limit. For engines whose results go stale. Must not throw.
   *
   * @default no limit
   */
  limitKeepAlive?: (request: QueryRequest) => number | undefined
  /** How long stop and delete wait, in milliseconds, for an executor to end after its signal has fired. @default 1_000 */
  interruptGraceMs?: number
  /** How often this process says that it is there, in milliseconds. @default 5_000 */
  heartbeatMs?: number
  /**
   * How long after its last heartbeat a process is lost, in milliseconds, and its running queries fail with 500. At
   * least three heartbeats. The same in every process.
   *
   * @default 20_000
   */
  leaseMs?: number
  /**
   * What becomes of a query whose process is lost. `'fail'`: it fails with 500. `'rerun'`: another process runs it once more, at
   * most twice in all, for engines without side effects. For that, the whole request and the owner stand in the tables while
   * it runs. Its second run gets a `caller` with nothing but the owner. The same in every process.
   *
   * @default 'fail'
   */
  onLost?: 'fail' | 'rerun'
  /**
   * How long `close` lets running queries go on, in milliseconds. What then still runs fails with 500, or is left to other
   * processes with `onLost: 'rerun'`.
   *
   * @default 10_000
   */
  closeGraceMs?: number
  /**
   * How often this process asks about queries, in milliseconds, while requests wait for them or while they run here. The
   * same in every process: a stop waits that long for the process that runs the query.
   *
   * @default 2_000, or 250 without notifications
   */
  pollMs?: number
  /**
   * How long a statement may take, in milliseconds, the wait for a connection of the pool included. A request that needs it then
   * answers 503.
   *
   * @default 5_000
   */
  statementTimeoutMs?: number
  /** How long a deleted or expired result stays readable for downloads that have begun, in milliseconds. @default 600_000 */
  readGraceMs?: number
  /**
   * How long, in milliseconds, the tables keep the `Idempotency-Key` of a query that is not kept, and its outcome, from the end
   * of its submit on. The key of every other query is known as long as the query.
   *
   * @default 600_000 (10 min)
   */
  idempotencyWindowMs?: number
  /** Memory, in bytes, for small results that clients read again. @default 33_554_432 (32 MiB) */
  maxCachedBytes?: number
  /** Receives what goes wrong beside requests. @default the console, failures only */
  logger?: Logger
  /** Timers of this process. The times of queries come from the database. @default the time of the machine */
  clock?: Clock
  /**
   * Receives measurements: a `MeterProvider` of OpenTelemetry.
   *
   * @default the global one of `@opentelemetry/api`, where that package is installed
   */
  meterProvider?: MeterProvider
}

export const POSTGRES_STORE_OPTIONS = {
  ...RUN_OPTIONS,
  pool: {
    expected: 'a Pool of `pg`, an object with the methods `query`, `on` and `listenerCount`',
    fits: (value) =>
      isObject(value) && ['query', 'on', 'listenerCount'].every((name) => typeof value[name] === 'function'),
    printable: false,
    required: true,
  },
  listener: {
    expected: 'a ClientConfig of `pg`, or false',
    fits: (value) => value === false || isObject(value),
    // It may have a password.
    printable: false,
    defaultInWords: 'the options of the pool',
  },
  schema: {
    expected: SCHEMA_NAMES,
    fits: (value) => typeof value === 'string' && SCHEMA_NAME.test(value),
    default: 'esql_async',
  },
  maxQueriesPerOwner: { ...rules.positiveNumber, default: 1_000 },
  maxBytesPerOwner: { ...rules.positiveNumber, default: 2 ** 30 },
  maxRunning: { ...rules.positiveNumber, default: 100 },
  maxBytes: { ...rules.positiveNumber, default: 256 * 2 ** 20 },
  heartbeatMs: { ...rules.positiveNumber, default: 5_000 },
  leaseMs: { ...rules.positiveNumber, default: 20_000 },
  onLost: {
    expected: "'fail' or 'rerun'",
    fits: (value) => value === 'fail' || value === 'rerun',
    default: 'fail',
  },
  closeGraceMs: { ...rules.nonNegativeNumber, default: 10_000 },
  pollMs: { ...rules.positiveNumber, defaultInWords: '2_000, or 250 without notifications' },
  statementTimeoutMs: { ...rules.positiveNumber, default: 5_000 },
  readGraceMs: { ...rules.nonNegativeNumber, default: 600_000 },
  idempotencyWindowMs: { ...rules.positiveNumber, default: 600_000 },
  maxCachedBytes: { ...rules.positiveNumber, default: 32 * 2 ** 20 },
  logger: { ...rules.object, default: consoleLogger, defaultInWords: 'the console, failures only' },
} as const satisfies OptionTable<PostgresStoreOptions>
