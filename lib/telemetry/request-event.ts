import { createHash } from 'node:crypto'
import { describeError, type ErrorDescription } from '../core/describe-error'
import { isQueryError, RoutingError, statusOf } from '../core/errors'
import type { RequestRecord } from './request-record'

/** What is told of a request that is over. Its names are documented: log searches depend on them. */
export interface RequestEvent {
  /** `submit`, `get`, `head`, `stop` or `delete`. Left out for a method that the route does not have. */
  operation?: string
  /** That of the answer, or 499 where the client left before it. */
  status: number
  /** From the head of the request to the last byte of the answer that was handed over, in milliseconds. */
  durationMs: number
  /** The part of it that the store took, the wait for the query included. */
  waitMs?: number
  /** What the connection carried meanwhile, heads included. With pipelined requests, a rough measure. */
  bytes: number
  /** Tells owners and queries apart and does not tell who or which they are. */
  owner?: string
  query?: string
  /** The type of the error in the answer. */
  type?: string
  /** As the client sent it. */
  opaqueId?: string
  /** Of the trace that the client's `traceparent` belongs to. */
  traceId?: string
  err?: ErrorDescription
}

/** nginx's status for a client that closed its connection. */
export const CLIENT_LEFT = 499

/** Longer ids say nothing and fill the log. */
const LONGEST_OPAQUE_ID = 256

/** W3C Trace Context, section 3.2. */
const TRACE_PARENT = /^[\da-f]{2}-([\da-f]{32})-[\da-f]{16}-[\da-f]{2}/

/** What a request came to. `error`: what it failed with, if it did. */
export function toEvent(record: RequestRecord, status: number, error: unknown): RequestEvent {
  const { response, startedMs, bytesBefore, operation, askedMs, answeredMs } = record
  const { headers, socket } = response.req
  const nowMs = performance.now()
  const type = error === undefined ? undefined : typeOf(error)
  const cause = error === undefined ? undefined : causeOf(error)
  // Everybody can make requests that are refused: a line for each is enough.
  const err = cause && status < 500 ? withoutStack(cause) : cause
  const opaqueId = headers['x-opaque-id']
  const [, traceId] = TRACE_PARENT.exec(String(headers.traceparent)) ?? []
  const query = record.queryId ?? response.getHeader('X-Elasticsearch-Async-Id')
  return {
    ...(operation && { operation }),
    status,
    durationMs: inMicros(nowMs - startedMs),
    ...(askedMs !== undefined && { waitMs: inMicros((answeredMs ?? nowMs) - askedMs) }),
    bytes: socket.bytesWritten - bytesBefore,
    ...(record.owner !== undefined && { owner: digest(record.owner) }),
    ...(query !== undefined && { query: digest(String(query)) }),
    ...(type !== undefined && { type }),
    ...(opaqueId !== undefined && { opaqueId: String(opaqueId).slice(0, LONGEST_OPAQUE_ID) }),
    ...(traceId !== undefined && { traceId }),
    ...(err !== undefined && { err }),
  }
}

/** The status that was sent, or would have been. */
export function statusOfAnswer({ response }: RequestRecord, error: unknown): number {
  if (error !== undefined && statusOf(error) >= 500) return statusOf(error)
  return response.writableEnded ? response.statusCode : CLIENT_LEFT
}

/** `undefined` for a fault that is told without a type. */
export function typeOf(error: unknown): string | undefined {
  if (error instanceof RoutingError) return undefined
  return isQueryError(error) ? error.type : 'exception'
}

/** Reasons quote what clients sent, and a client may have sent a secret in the URL: of known errors only the cause. */
function causeOf(error: unknown): ErrorDescription | undefined {
  const cause = isQueryError(error) || error instanceof RoutingError ? error.cause : error
  return cause === undefined ? undefined : describeError(cause)
}

function withoutStack({ stack, cause, ...rest }: ErrorDescription): ErrorDescription {
  return { ...rest, ...(cause && { cause: withoutStack(cause) }) }
}

/** Whoever can guess a name can compare its digest: it keeps names out of logs, and is no secret. */
function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 16)
}

function inMicros(ms: number): number {
  return Math.round(ms * 1_000) / 1_000
}
