import type { Caller } from './caller'
import type { Idempotency } from './idempotency'

/**
 * The operations of the API. A store serves each with the method of that name, but `head` with `get`, `show` with `list`,
 * and `query`, the synchronous one, with `submit`.
 */
export const OPERATIONS = ['query', 'submit', 'get', 'head', 'stop', 'delete', 'list', 'show'] as const

/** One of {@link OPERATIONS}. */
export type Operation = (typeof OPERATIONS)[number]

/** How long a submit waits by default, in milliseconds, as in Elasticsearch. */
export const DEFAULT_WAIT_MS = 1_000

/** How long a query is kept by default, in milliseconds, as in Elasticsearch: five days. */
export const DEFAULT_KEEP_ALIVE_MS = 5 * 86_400_000

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

/** Which running queries a list has. */
export interface ListOptions {
  /** Also the queries of other owners. @default false */
  anyOwner?: boolean
  /** Only the query with this id. @default every query */
  id?: string
}

/** How long a submit waits, and how long the query is kept. */
export interface SubmitOptions extends WaitOptions {
  /** How long the query and its result are kept, in milliseconds from now. With zero or less, it expires at once. */
  keepAliveMs: number
  /** Keeps the result even if the query finishes within the wait. */
  keepOnCompletion: boolean
  /**
   * The submit may be a repetition: the client sends it again because it had no answer. Only a store with
   * {@link AsyncQueryStore.idempotentSubmit} gets it from the router.
   *
   * @default every submit starts a query
   */
  idempotency?: Idempotency
  /**
   * Who submits, for a store whose engine acts as the user. It is from `resolveCaller`, so that of {@link jwtCaller} holds
   * no token. Keep it no longer than the query runs, and never write it down.
   *
   * @default a caller with nothing but the owner
   */
  caller?: Caller
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
