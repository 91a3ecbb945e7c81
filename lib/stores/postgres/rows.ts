import type { QueryError } from '../../core/errors'
import type { StoredResult } from '../../core/result'
import type { CompletedQuery } from '../../core/store'
import type { Row } from './database'
import { decodeFailure } from './encoding'

/** A query as the tables have it. */
export interface StoredQuery {
  state: 'running' | 'completed' | 'failed'
  /** Its process is gone, so it will not end. */
  isLost: boolean
  /** Its process is gone, and another one may run it. */
  isOrphan: boolean
  startTimeMs: number
  expirationTimeMs: number
  isKept: boolean
  /** Only submits with its key may find it. */
  isHidden: boolean
  isColumnar: boolean
  timeZone: string | undefined
  hasColumnMetadata: boolean
  attempt: number
  tookNanos: number
  isPartial: boolean
  /** Missing where the reader said that it has the result. */
  head: Buffer | undefined
  body: Buffer | undefined
  chunks: number
  failure: QueryError | undefined
}

export function readQuery(row: Row): StoredQuery {
  const failure = bytesOf(row, 'failure')
  return {
    state: textOf(row, 'state') as StoredQuery['state'],
    isLost: isTrue(row, 'is_lost'),
    isOrphan: isTrue(row, 'is_orphan'),
    startTimeMs: numberOf(row, 'started_ms'),
    expirationTimeMs: numberOf(row, 'expires_ms'),
    isKept: isTrue(row, 'kept'),
    isHidden: isTrue(row, 'is_hidden'),
    isColumnar: isTrue(row, 'columnar'),
    timeZone: textOf(row, 'time_zone') || undefined,
    hasColumnMetadata: isTrue(row, 'column_metadata'),
    attempt: numberOf(row, 'attempt'),
    tookNanos: numberOf(row, 'took_nanos'),
    isPartial: isTrue(row, 'is_partial'),
    head: bytesOf(row, 'head'),
    body: bytesOf(row, 'body'),
    chunks: numberOf(row, 'chunks'),
    failure: failure && decodeFailure(failure),
  }
}

/** What everybody gets of a query that has completed, but for its id and times. */
export function completed(stored: StoredQuery, result: StoredResult): Omit<CompletedQuery, 'id'> {
  const { tookNanos, isPartial, timeZone } = stored
  return {
    isRunning: false,
    tookNanos,
    isPartial,
    ...(stored.isColumnar && { columnar: true }),
    ...(timeZone !== undefined && { timeZone }),
    ...(stored.hasColumnMetadata && { columnMetadata: true }),
    result,
  }
}

export function textOf(row: Row, name: string): string {
  return String(row[name] ?? '')
}

/** A number, 0 for NULL. */
export function numberOf(row: Row, name: string): number {
  return Number(row[name] ?? 0)
}

export function isTrue(row: Row, name: string): boolean {
  return row[name] === 't'
}

export function bytesOf(row: Row, name: string): Buffer | undefined {
  const cell = row[name]
  return Buffer.isBuffer(cell) ? cell : undefined
}
