import type { Readable } from 'node:stream'
import type { Caller, Owner } from './caller'
import type { DeleteOptions, GetOptions, ListOptions, QueryOptions, SubmitOptions } from './operations'
import type { ValueObject } from './result'

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
   * The router has read the times in the body, and with the option `strict` has checked all of it. A store that sends on
   * other times than the client's takes the text from {@link SubmitBody.piecesWithTimes}, and never has to parse or write
   * the body itself.
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
  /**
   * The body of the other server's answer to a list, with ids for the client in place of its own, or of its answer about
   * the query with an id. It has bigint for integers beyond 2^53. The router writes it in the client's format.
   *
   * Rejects with the {@link QueryError} of a refusal. Left out only by a store without `list`.
   */
  list?(wire: WireRequest, owner: Owner, options: ListOptions): Promise<ValueObject | undefined>
}

/** The times of a submit, in milliseconds, which a store may replace by its own. */
export interface SubmitTimes {
  /** How long the submit waits for completion. Zero and below: not at all. */
  readonly waitMs: number
  /** How long the query and its result are kept. Zero and below: the query expires at once. */
  readonly keepAliveMs: number
}

/** How to label a request whose body is JSON in place of what the client sent. */
export interface JsonLabel {
  readonly contentType: string
  /** The value of the parameter `format` that keeps the format of the answer. Left out where the client names a format. */
  readonly format?: string
}

/** The body of a submit, or of a synchronous query. */
export interface SubmitBody {
  /** As the client sent it, decompressed: JSON, YAML, CBOR or SMILE. */
  readonly bytes: Buffer
  /**
   * The body with these times. The same `bytes` where the client sent these times. JSON is otherwise byte for byte as sent.
   * YAML, CBOR and SMILE become JSON, which needs {@link labelWithTimes}.
   */
  withTimes(times: SubmitTimes): Buffer
  /** The same body in pieces, to send one after the other. Those of a long text are parts of it, and no copies. */
  piecesWithTimes(times: SubmitTimes): readonly Buffer[]
  /** How to label the body with these times, where the client's own label is wrong for it. */
  labelWithTimes(times: SubmitTimes): JsonLabel | undefined
  /** Lets go of the text, which is empty from then on. For a store that has sent it and may wait long. */
  release(): void
}
