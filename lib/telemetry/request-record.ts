import type { Response } from 'express'
import type { Owner } from '../core/caller'
import { isQueryError, RoutingError, statusOf, UPSTREAM } from '../core/errors'
import type { Operation } from '../core/operations'

/**
 * The facts about a request that its log line and its measurements are made of. Tens of thousands of requests may
 * wait, so it is plain data without functions. Times are those of `performance.now()`.
 */
export interface RequestRecord {
  readonly response: Response
  readonly startedMs: number
  /** How many bytes the connection had carried before. */
  readonly bytesBefore: number
  /** `undefined` for a method that the route does not have. */
  readonly operation: Operation | undefined
  owner: Owner | undefined
  queryId: string | undefined
  /** When the router asked the store, and when the store had answered. */
  askedMs: number | undefined
  answeredMs: number | undefined
  /** All of the answer has been handed over. Middleware such as compression may end the response later. */
  isSent: boolean
}

export type RequestOutcome = ReturnType<typeof outcomeOf>

/** nginx's status for a client that closed its connection. */
export const CLIENT_LEFT = 499

/** The facts of a finished request that the log and the measurements share. `error`: what it failed with, if it did. */
export function outcomeOf(record: RequestRecord, error: unknown) {
  const { response, startedMs, bytesBefore, operation, askedMs, answeredMs } = record
  const nowMs = performance.now()
  return {
    operation,
    status: statusOfAnswer(record, error),
    durationMs: nowMs - startedMs,
    waitMs: askedMs === undefined ? undefined : (answeredMs ?? nowMs) - askedMs,
    // The sockets of some hosts count nothing.
    bytes: response.req.socket.bytesWritten - bytesBefore || 0,
    type: errorTypeOf(error),
    limit: limitOf(error, response.statusCode),
  }
}

function statusOfAnswer({ response, isSent }: RequestRecord, error: unknown): number {
  if (error !== undefined && statusOf(error) >= 500) return statusOf(error)
  return isSent || response.writableEnded ? response.statusCode : CLIENT_LEFT
}

/** A 429 without an error is one that a store has passed through. */
function limitOf(error: unknown, status: number): string | undefined {
  if (error === undefined) return status === 429 ? UPSTREAM : undefined
  return isQueryError(error) ? error.limit : undefined
}

function errorTypeOf(error: unknown): string | undefined {
  if (error === undefined || error instanceof RoutingError) return undefined
  return isQueryError(error) ? error.type : 'exception'
}
