import type { Readable } from 'node:stream'
import type { Caller, Owner } from './caller'
import type { DeleteOptions, GetOptions, SubmitOptions } from './store-options'

/** What a client sent, as far as it matters to a server behind the gateway. */
export interface WireRequest {
  /** Who makes the request, as `resolveCaller` told. */
  readonly caller: Caller
  /** Of the URL, decoded: what is known to the API and well formed. */
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

/** What the server behind the gateway answered, in the form in which the client gets it. */
export interface WireAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | readonly string[]>>
  /** Sent as fast as the client takes it. Destroyed when the client goes away. */
  readonly body: Readable | Uint8Array
  /** Called once: when all of the answer has been handed over to the client, or when that has become impossible. */
  settled?(isDelivered: boolean): Promise<void>
}

/** What a HEAD request tells. */
export interface QueryState {
  readonly isRunning: boolean
  /** As of a completed query. */
  readonly tookNanos?: number
  /** When the query and its result are forgotten, in milliseconds since the epoch. */
  readonly expirationTimeMs?: number
}

/**
 * The operations of a store, with the bytes of client and server in place of our words for them. What holds for
 * the methods of {@link AsyncQueryStore} holds for these: owners, waits, unknown ids, errors.
 *
 * An error that the other server answers with is an answer too, unless it means that the query is unknown.
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
