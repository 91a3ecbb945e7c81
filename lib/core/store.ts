import type { Readable } from 'node:stream'
import type { Caller, Owner } from './caller'
import type { Column, StoredResult, Value, ValueObject } from './result'

/**
 * The operations of the API. A store serves each with the method of that name, but `head` with `get`, and `query`, the
 * synchronous one, with `submit`.
 */
export const OPERATIONS = ['query', 'submit', 'get', 'head', 'stop', 'delete'] as const

/** One of {@link OPERATIONS}. */
export type Operation = (typeof OPERATIONS)[number]

/** How long a submit waits by default, in milliseconds, as in Elasticsearch. */
export const DEFAULT_WAIT_MS = 1_000

/** How long a query is kept by default, in milliseconds, as in Elasticsearch: five days. */
export const DEFAULT_KEEP_ALIVE_MS = 5 * 86_400_000

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

/** A query that is not finished. It has no rows. */
export interface RunningQuery extends QueryTimes {
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

/** How long a method waits for the completion of a query. */
export interface WaitOptions {
  /**
   * The longest wait for completion, in milliseconds. After it, the method returns the query as it is. `0` returns at
   * once, `Infinity` waits until the query completes.
   */
  waitForCompletionTimeoutMs: number
  /**
   * Ends the wait when it fires, as if the time had passed: the client has gone, or the process shuts down. Neither stops
   * the query nor makes the method reject.
   */
  signal?: AbortSignal
}

/** How long a submit waits, and how long the query is kept. */
export interface SubmitOptions extends WaitOptions {
  /** How long the query and its result are kept, in milliseconds from now. With zero or less, it expires at once. */
  keepAliveMs: number
  /** Keeps the result even if the query finishes within the wait. */
  keepOnCompletion: boolean
}

/** What ends a synchronous query early. */
export interface QueryOptions {
  /**
   * Fires when nobody waits for the query any more: the client has gone, the process shuts down, or the query has run
   * for too long. The method ends the query and rejects.
   */
  signal: AbortSignal
}

/** How long a get waits, and how long the query is kept from then on. */
export interface GetOptions extends WaitOptions {
  /** Moves the expiry to now + this many milliseconds before the wait. Does nothing if left out, zero or less. */
  keepAliveMs?: number
}

/** Whose queries a delete may delete. */
export interface DeleteOptions {
  /** The caller may also delete queries of other owners. @default false */
  anyOwner?: boolean
}

/**
 * Keeps async queries, each for its owner.
 *
 * All methods:
 * - are safe to call at the same time, also for the same id.
 * - do not distinguish an unknown id, an expired query and another owner's query, neither in what they return
 *   (`undefined` or `false`, never an error) nor in the work that they do for it.
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
   * For a store that limits its memory: begins to count that a client reads a result of this store, even if its query is
   * forgotten meanwhile. The router calls this before it sends an answer, and calls the returned function when it has
   * finished or given up.
   *
   * Throws `circuit_breaking_exception` if there is no room for a result whose query is forgotten already.
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

/** A parameter of a URL. */
export interface SentParameter {
  /** Decoded. */
  readonly name: string
  /** Name and value as sent, with their escapes: `filter_path=a%2Cb`. */
  readonly text: string
}

/** The parts of a client's request that matter to a server behind the gateway. */
export interface WireRequest {
  /** Who makes the request, from `resolveCaller`. */
  readonly caller: Caller
  /**
   * The parameters of the URL, decoded. With the option `strict`, the router has checked them all, otherwise only those
   * that it needs itself.
   */
  readonly parameters: Readonly<Record<string, string>>
  /** The same parameters as sent, in their order. Repeated ones too: the last of them counts. */
  readonly sentParameters: readonly SentParameter[]
  /** The `Accept` header as sent, as the other headers below. */
  readonly accept?: string
  readonly contentType?: string
  readonly opaqueId?: string
  readonly traceparent?: string
  /** Only for a store that asks for it with {@link PassThrough.needsAuthorization}. */
  readonly authorization?: string
  /** Only of a submit and of a synchronous query, which has no times. */
  readonly body?: SubmitBody
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
  /**
   * The router has read the times in the body, and with the option `strict` has checked all of it. A store that sends on other times than the client's takes the text from
   * {@link SubmitBody.withTimes}, and never has to parse or write the body itself.
   */
  submit(wire: WireRequest, owner: Owner, options: SubmitOptions): Promise<WireAnswer>
  /**
   * Runs a synchronous query to its end. It has no id, and nothing of it is kept. Left out, `POST /_query` answers 405.
   */
  query?(wire: WireRequest, owner: Owner, options: QueryOptions): Promise<WireAnswer>
  get(id: string, wire: WireRequest, owner: Owner, options: GetOptions): Promise<WireAnswer | undefined>
  head(id: string, wire: WireRequest, owner: Owner, options: GetOptions): Promise<QueryState | undefined>
  stop(id: string, wire: WireRequest, owner: Owner): Promise<WireAnswer | undefined>
  delete(id: string, wire: WireRequest, owner: Owner, options: DeleteOptions): Promise<WireAnswer | undefined>
  /** What the other server says about itself, for {@link esqlProductInfo}. */
  info?(wire: WireRequest, owner: Owner): Promise<WireAnswer & { readonly body: Uint8Array }>
}

/** The times of a submit, in milliseconds, which a store may replace by its own. */
export interface SubmitTimes {
  /** How long the submit waits for completion. Zero and below: not at all. */
  readonly waitMs: number
  /** How long the query and its result are kept. Zero and below: the query expires at once. */
  readonly keepAliveMs: number
}

/** The body of a submit, or of a synchronous query. */
export interface SubmitBody {
  /** The JSON text as the client sent it, decompressed. */
  readonly bytes: Buffer
  /** The text with these times, and otherwise byte for byte as sent. The same `bytes` where the client sent these times. */
  withTimes(times: SubmitTimes): Buffer
}
