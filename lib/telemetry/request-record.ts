import type { Response } from 'express'
import type { Owner } from '../core/caller'
import type { Operation } from '../core/store'

/**
 * What there is to tell of a request when it is over. There may be tens of thousands that wait, so it is plain data
 * without functions. Times are those of `performance.now()`.
 */
export interface RequestRecord {
  readonly response: Response
  readonly startedMs: number
  /** What the connection had carried before. */
  readonly bytesBefore: number
  /** `undefined` for a method that the route does not have. */
  readonly operation: Operation | undefined
  owner: Owner | undefined
  queryId: string | undefined
  /** When the store was asked, and when it had answered. */
  askedMs: number | undefined
  answeredMs: number | undefined
}

export function beginRecord(response: Response, operation: Operation | undefined): RequestRecord {
  return {
    response,
    startedMs: performance.now(),
    bytesBefore: response.req.socket.bytesWritten,
    operation,
    owner: undefined,
    queryId: undefined,
    askedMs: undefined,
    answeredMs: undefined,
  }
}
