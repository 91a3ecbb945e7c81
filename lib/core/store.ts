import type { Readable } from 'node:stream'
import type { Caller, Owner } from './caller'
import type { QueryResult, Value, ValueObject } from './result'

/** The operations of the API: the store method that serves each, and `head`, which a store serves with `get`. */
export type Operation = 'submit' | 'get' | 'head' | 'stop' | 'delete'

/** How long a submit waits that does not say, in milliseconds, as in Elasticsearch. */
export const DEFAULT_WAIT_MS = 1_000

/** How long a query is kept whose submit does not say, in milliseconds, as in Elasticsearch: five days. */
export const DEFAULT_KEEP_ALIVE_MS = 5 * 86_400_000

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

/** When a query began and when it expires. */
export interface QueryTimes {
  /** Milliseconds since the epoch. Left out, the answer does not show it. */
  startTimeMs?: number
  /** When the store forgets the query and its result, in milliseconds since the epoch. */
  expirationTimeMs?: number
}

/** A query that is not finished. It shows no rows. */
export interface RunningQuery extends QueryTimes {
  isRunning: true
  id: string
}

/** A query that has its result. */
export interface CompletedQuery extends QueryTimes {
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

/** Ends a wait early. Shared by every method that waits. */
export interface WaitOptions {
  /**
   * How long to wait for completion before answering with what there is, in milliseconds. `0` answers at once,
   * `Infinity` waits until the query completes.
   */
  waitForCompletionTimeoutMs: number
  /**
   * Ends the wait when it fires, as if the time had passed: the client went away, or the process drains. It
   * neither stops the query nor makes the method reject.
   */
  signal?: AbortSignal
}

/** How long a submit waits, and how long the query is kept. */
export interface SubmitOptions extends WaitOptions {
  /** How long the query and its result are kept, in milliseconds from now. Zero and below: it expires at once. */
  keepAliveMs: number
  /** Keep the result although the query finished within the wait. */
  keepOnCompletion: boolean
}

/** How long a get waits, and how long the query is kept from then on. */
export interface GetOptions extends WaitOptions {
  /** Moves the expiry to now + this many milliseconds, before the wait begins. Left out, zero or below: it stays. */
  keepAliveMs?: number
}

/** Whose queries a delete may delete. */
export interface DeleteOptions {
  /** The caller may delete other owners' queries too. @default false */
  anyOwner?: boolean
}

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

/** The parts of a client's request that matter to a server behind the gateway. */
export interface WireRequest {
  /** Who makes the request, from `resolveCaller`. */
  readonly caller: Caller
  /** The parameters of the URL, decoded. The router has checked them. */
  readonly parameters: Readonly<Record<string, string>>
  /** The `Accept` header as sent, as the other headers below. */
  readonly accept?: string
  readonly contentType?: string
  readonly opaqueId?: string
  readonly traceparent?: string
  /** Only for a store that asks for it with {@link PassThrough.needsAuthorization}. */
  readonly authorization?: string
  /** Of a submit: the JSON text as sent, decompressed. */
  readonly body?: Buffer
  /** Fires when the client has gone: nobody will read an answer. */
  readonly gone: AbortSignal
}

/** The answer of the server behind the gateway, in the form in which the client gets it. */
export interface WireAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | readonly string[]>>
  /** Sent as fast as the client takes it. Destroyed when the client goes away. */
  readonly body: Readable | Uint8Array
  /** Called once: when the client has got all of the answer (`true`), or no longer can. */
  settled?(isDelivered: boolean): Promise<void>
}

/** The state of a query, which answers a HEAD request. */
export interface QueryState {
  readonly isRunning: boolean
  /** How long a completed query ran, in nanoseconds. */
  readonly tookNanos?: number
  /** When the query and its result are forgotten, in milliseconds since the epoch. */
  readonly expirationTimeMs?: number
}

/**
 * The operations of a store that stands in front of another server of this API: they hand on the bytes of client and
 * server. Owners, waits, unknown ids and errors are those of the methods of {@link AsyncQueryStore}.
 *
 * An error of the other server is an answer too, unless it means that the query is unknown.
 */
export interface PassThrough {
  /** The store forwards the caller's own `Authorization` header. No other store ever sees it. */
  readonly needsAuthorization?: boolean
  submit(wire: WireRequest, owner: Owner, options: SubmitOptions): Promise<WireAnswer>
  get(id: string, wire: WireRequest, owner: Owner, options: GetOptions): Promise<WireAnswer | undefined>
  head(id: string, wire: WireRequest, owner: Owner, options: GetOptions): Promise<QueryState | undefined>
  stop(id: string, wire: WireRequest, owner: Owner): Promise<WireAnswer | undefined>
  delete(id: string, wire: WireRequest, owner: Owner, options: DeleteOptions): Promise<WireAnswer | undefined>
}
