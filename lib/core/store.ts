import type { Owner } from './caller'
import type { PassThrough } from './pass-through'
import type { QueryResult, Value, ValueObject } from './result'
import type { DeleteOptions, GetOptions, SubmitOptions } from './store-options'

export type { DeleteOptions, GetOptions, SubmitOptions, WaitOptions } from './store-options'

/** What a client submitted: the body of the ES|QL query API, in our spelling. */
export interface QueryRequest {
  /** The ES|QL text. Never blank. */
  query: string
  /** Values for the `?` placeholders, all named or all positional. Integers beyond 2^53 are bigint. */
  params?: readonly QueryParam[]
  /** A Query DSL filter that the documents must also match. */
  filter?: ValueObject
  /** Language tag. */
  locale?: string
  /** Zone id that dates are computed and written in. @default 'UTC' */
  timeZone?: string
  /** `values` holds one array per column instead of one per row. @default false */
  columnar?: boolean
  /** The answer is to contain a profile. @default false */
  profile?: boolean
  includeCcsMetadata?: boolean
  includeExecutionMetadata?: boolean
  /** `false`: the query fails where it could otherwise give part of the result. Left out: the engine decides. */
  allowPartialResults?: boolean
  /** The fields of the body that only some engines know (`tables`, `pragma`, `settings` …), as sent. */
  extra?: ValueObject
}

/** One placeholder's value. */
export interface QueryParam {
  /** Left out for positional parameters. */
  name?: string
  /** What the text stands for in the query. @default 'value' */
  kind?: 'value' | 'identifier' | 'pattern'
  value: Value
}

interface AsyncQueryState {
  /** Milliseconds since the epoch. Left out, the answer does not tell. */
  startTimeMs?: number
  /** When the query and its result are forgotten, in milliseconds since the epoch. */
  expirationTimeMs?: number
}

/** A query that is not finished. It shows no rows. */
export interface RunningQuery extends AsyncQueryState {
  isRunning: true
  id: string
}

/** A query that has its result. */
export interface CompletedQuery extends AsyncQueryState {
  isRunning: false
  /**
   * Only of a query that was submitted with `keepOnCompletion`: the answer of a finished query shows its id
   * only then, as Elasticsearch does.
   */
  id?: string
  /** How long the query ran, in nanoseconds. Left out, the answer does not tell. */
  tookNanos?: number
  /** The result is not all of it: the query was stopped, or tolerated failures. */
  isPartial: boolean
  /** From the request: `values` is to be written column by column. */
  columnar?: boolean
  /** From the request: the zone that dates are written in. @default 'UTC' */
  timeZone?: string
  result: QueryResult
}

/** A snapshot of an async query: later changes of the query do not show in it, and changing it changes nothing. */
export type AsyncQuery = RunningQuery | CompletedQuery

/**
 * Where async queries live.
 *
 * Shared by all methods:
 * - Every method is safe to call concurrently, also for the same id.
 * - An unknown id, an expired query and another owner's query are indistinguishable, in the answer and in the
 *   work done for it: `undefined` or `false`, never an error.
 * - An id that no query of this store could ever have may be refused with the `illegal_argument_exception`
 *   `invalid id: [ID]`, or in other words of that type.
 * - A query that failed rejects with the {@link QueryError} it failed with, each time it is asked for.
 * - Anything else that a method rejects with is taken for an outage: 503, and the client tries again.
 *
 * `get` is required. A method that is left out is not offered: its route answers 405.
 */
export interface AsyncQueryStore {
  /**
   * The query's state, after waiting for its completion. `keepAliveMs` is applied first, for the owner only.
   *
   * Rejects with `task_cancelled_exception` when the query is deleted or expires during the wait.
   */
  get(id: string, owner: Owner, options: GetOptions): Promise<AsyncQuery | undefined>
  /**
   * Starts `request` for `owner` and waits for its completion. A query that completes in time is kept only with
   * `keepOnCompletion`; one that does not is kept in any case, until it expires.
   */
  submit?(request: QueryRequest, owner: Owner, options: SubmitOptions): Promise<AsyncQuery>
  /**
   * Interrupts a running query, keeps the rows it has found, and resolves with them. A finished query stays as
   * it is. Idempotent; never moves the expiry.
   */
  stop?(id: string, owner: Owner): Promise<CompletedQuery | undefined>
  /**
   * Interrupts the query if it runs, forgets it, and resolves when it has ended. `false` when there was nothing
   * to forget.
   */
  delete?(id: string, owner: Owner, options?: DeleteOptions): Promise<boolean>
  /**
   * The same operations for a store that only stands in front of another server of this API: with it, the router
   * hands requests and answers on as they are, and does not call the methods above. They are needed all the same,
   * since they say what the store offers and serve those who use it without a router.
   */
  readonly passThrough?: PassThrough
  /** Stops timers and lets go of what the store itself opened. Called by whoever created the store. Idempotent. */
  close?(): Promise<void>
}
