import type { Owner } from './caller'
import type { DeleteOptions, GetOptions, ListOptions, SubmitOptions } from './operations'
import type { PassThrough } from './pass-through'
import type { Column, StoredResult, Value, ValueObject } from './result'

/** The query of a client: the body of a submit, with the names of this package. */
export interface QueryRequest {
  /** The ES|QL text. Never blank. */
  query: string
  /** Values for the `?` placeholders, all named or all positional. Integers beyond 2^53 are bigint. */
  params?: readonly QueryParam[]
  /** A Query DSL filter that the documents must also match. */
  filter?: ValueObject
  /** Language tag. @default 'en-US' in Elasticsearch */
  locale?: string
  /** The id of the time zone in which dates are computed and written. @default 'UTC' */
  timeZone?: string
  /** The answer shows {@link Column.meta}, because the client has asked for it or approximates. @default false */
  columnMetadata?: boolean
  /** `values` holds one array per column instead of one per row. @default false */
  columnar?: boolean
  /** The answer contains a profile. @default false */
  profile?: boolean
  includeCcsMetadata?: boolean
  includeExecutionMetadata?: boolean
  /** `false`: the query fails instead of giving a part of its result. @default the engine decides */
  allowPartialResults?: boolean
  /** Fields of the body that only some engines know (`tables`, `pragma`, `settings` …), as sent. */
  extra?: ValueObject
}

/** The value of one placeholder. */
export interface QueryParam {
  /** Left out for positional parameters. */
  name?: string
  /** What the value stands for in the query. @default 'value' */
  kind?: 'value' | 'identifier' | 'pattern'
  value: Value
}

/** When a query began and when it expires. */
export interface QueryTimes {
  /** Milliseconds since the epoch. Left out, the answer does not show it. */
  startTimeMs?: number
  /** When the store forgets the query and its result, in milliseconds since the epoch. */
  expirationTimeMs?: number
}

/** What a running query has done so far, as far as its engine tells. */
export interface QueryProgress {
  /** How many documents it has found. @default 0 */
  documentsFound?: number
  /** How many values it has loaded. @default 0 */
  valuesLoaded?: number
}

/** A query that is not finished. It has no rows. */
export interface RunningQuery extends QueryTimes, QueryProgress {
  isRunning: true
  id: string
}

/** A query that has its result. */
export interface CompletedQuery extends QueryTimes {
  isRunning: false
  /**
   * Only for a query that was submitted with `keepOnCompletion`: as in Elasticsearch, the answer of any other finished
   * query has no id.
   */
  id?: string
  /** How long the query ran, in nanoseconds. If it is left out, the answer does not contain it. */
  tookNanos?: number
  /** Rows are missing: the query was stopped, or it tolerated failures. */
  isPartial: boolean
  /** From the request: the answer has `values` column by column. @default false */
  columnar?: boolean
  /** From the request: the time zone of the dates in the answer. @default 'UTC' */
  timeZone?: string
  /** From the request: the answer shows {@link Column.meta}. @default false */
  columnMetadata?: boolean
  result: StoredResult
}

/** A snapshot of an async query. It does not change with the query, and changing it does not change the query. */
export type AsyncQuery = RunningQuery | CompletedQuery

/** A running query in a list. */
export interface ListedQuery extends QueryProgress {
  /** The id that the other methods take. */
  id: string
  /** The ES|QL text. */
  query: string
  /** Milliseconds since the epoch. */
  startTimeMs: number
  /** How long the query has run, in nanoseconds. */
  runningTimeNanos: number
}

/**
 * Keeps async queries, each for its owner.
 *
 * All methods:
 * - are safe to call at the same time, also for the same id.
 * - do not distinguish an unknown id, an expired query and another owner's query, neither in what they return
 *   (`undefined`, `false` or an empty list, never an error) nor in the work that they do for it.
 * - may refuse an id that no query of this store can have, with an `illegal_argument_exception` such as
 *   `invalid id: [ID]`.
 * - reject with the {@link QueryError} of a failed query, at each call for it.
 *
 * The router answers 503 when a method rejects with anything else, so that the client tries again.
 *
 * `get` is required. The route of a method that is left out answers 405.
 */
export interface AsyncQueryStore {
  /**
   * Returns the query after waiting for its completion. Moves the expiry first, and only for the owner.
   *
   * Rejects with `task_cancelled_exception` if the query is deleted or expires during the wait.
   */
  get(id: string, owner: Owner, options: GetOptions): Promise<AsyncQuery | undefined>
  /**
   * Starts a query for `owner` and waits for its completion. Keeps a query that completes in time only with
   * `keepOnCompletion`, and every other one until it expires. Serves the synchronous query too, which waits without a
   * limit and is deleted when its client leaves.
   */
  submit?(request: QueryRequest, owner: Owner, options: SubmitOptions): Promise<AsyncQuery>
  /**
   * Whether `submit` obeys {@link SubmitOptions.idempotency}. Without it, the router refuses requests with an
   * `Idempotency-Key`. With it, a submit whose key the same owner has sent before starts nothing:
   * - With the same fingerprint, it answers about the query of the first submit, and waits as it asks itself. A finished
   *   query that is not kept still has no id, and a failed one rejects with its error.
   * - With another fingerprint, it rejects with {@link idempotencyKeyReused}.
   * - It moves no expiry, and takes no id from a client that has got one.
   *
   * A key is known until its query is deleted or expires. A query that is not kept, or fails, within its submit cannot be found
   * by an id, but its key is known for some minutes more. The keys of other owners are unknown, in every respect.
   *
   * @default false
   */
  readonly idempotentSubmit?: boolean
  /**
   * Interrupts a running query, keeps the rows that it has found, and returns them. Does not change a finished query, and
   * never moves the expiry. May be called again.
   */
  stop?(id: string, owner: Owner): Promise<CompletedQuery | undefined>
  /**
   * Interrupts the query if it runs, forgets it, and resolves when it has ended. Returns `false` if there is no such
   * query.
   */
  delete?(id: string, owner: Owner, options?: DeleteOptions): Promise<boolean>
  /**
   * Lists the running queries of `owner`, the one that began first in front. With an id, the list has that query or
   * nothing. Never moves the expiry.
   */
  list?(owner: Owner, options?: ListOptions): Promise<readonly ListedQuery[]>
  /**
   * For a store that limits its memory: begins to count that a client reads a result of this store, even if its query is
   * forgotten meanwhile. The router calls this before it sends an answer, and calls the returned function when it has
   * finished or given up.
   *
   * Throws `circuit_breaking_exception` if there is no room for one more reader, or for a result whose query is forgotten already.
   */
  hold?(result: StoredResult): () => void
  /**
   * The same operations for a store in front of another server of this API. If it is there, the router forwards requests
   * and answers unchanged, and does not call the methods above. They still tell which operations the store serves, and
   * serve programs without a router.
   */
  readonly passThrough?: PassThrough
  /**
   * For {@link readyHandler}: rejects while the store cannot serve, because what it keeps queries in cannot be reached. Must
   * cost little. Left out, the store always can.
   */
  check?(signal: AbortSignal): Promise<void>
  /** Stops timers and closes what the store has opened. The router never calls it. May be called again. */
  close?(): Promise<void>
}
