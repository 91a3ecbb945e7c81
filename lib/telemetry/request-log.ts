import { createHash } from 'node:crypto'
import type { ErrorDescription } from '../core/describe-error'
import { describeError } from '../core/describe-error'
import { isQueryError, RoutingError } from '../core/errors'
import type { Logger } from '../core/logger'
import { consoleLogger } from '../core/logger'
import type { Meter } from '../core/meter'
import { withoutMissing } from '../core/without-missing'
import { refusalsOnConsole } from './console-refusals'
import { requestMetrics } from './request-metrics'
import type { RequestOutcome, RequestRecord } from './request-record'
import { CLIENT_LEFT, outcomeOf } from './request-record'

/** The log entry of a finished request. Its names are documented, because log searches depend on them. */
export interface RequestEvent {
  /**
   * `query`, `submit`, `get`, `head`, `stop`, `delete`, `list` or `show`. Left out for a method that the route does not
   * have.
   */
  operation?: string
  /** Status of the answer, or 499 where the client left before it. */
  status: number
  /** From the head of the request to the last byte of the answer that was handed over, in milliseconds. */
  durationMs: number
  /** The part of `durationMs` that the store took, the wait for the query included. */
  waitMs?: number
  /** How many bytes the connection carried meanwhile, heads included. A rough measure for pipelined requests. */
  bytes: number
  /** A digest of the owner, which tells owners apart without naming them. */
  owner?: string
  /** A digest of the query's id. */
  query?: string
  /** The type of the error in the answer. */
  type?: string
  /** Of a 429: the limit that is in the way, most often the name of an option. */
  limit?: string
  /** `X-Opaque-Id` as the client sent it, at most 256 characters. */
  opaqueId?: string
  /** The trace id of the client's `traceparent`. */
  traceId?: string
  /** Why the request failed or was refused, where the answer does not show it. */
  err?: ErrorDescription
}

/** Longer ids say nothing and fill the log. */
const LONGEST_OPAQUE_ID = 256

/** W3C Trace Context, section 3.2. */
const TRACE_PARENT = /^[\da-f]{2}-([\da-f]{32})-[\da-f]{16}-[\da-f]{2}/

/** Writes one log entry for each finished request, and records its measurements. */
export class RequestTelemetry {
  readonly #logger: Logger
  readonly #measure: ((outcome: RequestOutcome) => void) | undefined
  readonly #tellRefusal: ReturnType<typeof refusalsOnConsole> | undefined

  constructor(logger: Logger, meter: Meter | undefined) {
    this.#logger = logger
    const isUnwatched = logger === consoleLogger && process.env.NODE_ENV !== 'production'
    this.#tellRefusal = isUnwatched ? refusalsOnConsole() : undefined
    this.#measure = meter && requestMetrics(meter)
  }

  /** Never throws. `error`: what the request failed with, if it did. */
  end(record: RequestRecord, error?: unknown): void {
    try {
      const outcome = outcomeOf(record, error)
      this.#measure?.(outcome)
      if (outcome.status === 401) this.#tellRefusal?.(error, record.response.req)
      const level = levelOf(outcome.status, error)
      // Digests take time, and the console wants failures only.
      if (this.#logger.isLevelEnabled?.(level) === false) return
      this.#logger[level](toEvent(record, outcome, error), messageOf(outcome.status))
    } catch {
      // A broken logger or meter is no reason to fail.
    }
  }
}

function messageOf(status: number): string {
  if (status < 400) return 'an async query request was answered'
  if (status === 401) return 'a caller was refused'
  if (status === CLIENT_LEFT) return 'the client of an async query request left'
  return status < 500 ? 'an async query request was refused' : 'an async query request failed'
}

/** A {@link RequestEvent}, which has no field that is undefined. */
function toEvent(record: RequestRecord, outcome: RequestOutcome, error: unknown): object {
  const { owner, queryId, response } = record
  const { status, durationMs, waitMs } = outcome
  const { headers } = response.req
  const [, traceId] = TRACE_PARENT.exec(String(headers.traceparent)) ?? []
  const query = queryId ?? response.getHeader('X-Elasticsearch-Async-Id')?.toString()
  const event: { [Name in keyof Required<RequestEvent>]: RequestEvent[Name] | undefined } = {
    ...outcome,
    durationMs: inMicros(durationMs),
    waitMs: waitMs && inMicros(waitMs),
    owner: digest(owner),
    query: digest(query),
    opaqueId: headers['x-opaque-id']?.toString().slice(0, LONGEST_OPAQUE_ID),
    traceId,
    err: causeOf(error, status),
  }
  return withoutMissing(event)
}

/** A refusal before a query is read that has a cause is one that the operator can end. */
function levelOf(status: number, error: unknown): 'error' | 'warn' | 'info' {
  if (status >= 500) return 'error'
  return error instanceof RoutingError && error.cause !== undefined ? 'warn' : 'info'
}

/**
 * What the log says about an error. Of an error that the client sees, only the cause: its reason may quote a secret
 * that the client sent in the URL.
 */
function causeOf(error: unknown, status: number): ErrorDescription | undefined {
  const cause = isQueryError(error) || error instanceof RoutingError ? error.cause : error
  if (cause === undefined) return undefined
  const description = describeError(cause)
  // Anybody can make requests that are refused, so a stack for each would fill the log.
  return status < 500 ? withoutStack(description) : description
}

function withoutStack({ stack, cause, ...rest }: ErrorDescription): ErrorDescription {
  return { ...rest, ...(cause && { cause: withoutStack(cause) }) }
}

/** Keeps names out of logs, but is no secret: anybody who can guess a name can compare its digest. */
function digest(text: string | undefined): string | undefined {
  return text && createHash('sha256').update(text).digest('base64url').slice(0, 16)
}

function inMicros(ms: number): number {
  return Math.round(ms * 1_000) / 1_000
}
