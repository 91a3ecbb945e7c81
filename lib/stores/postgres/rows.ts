import type { QueryError } from '../../core/errors'
import type { StoredResult } from '../../core/result'
import type { CompletedQuery, ListedQuery } from '../../core/store'
import type { Row } from './database'
import type { KeptRequest } from './encoding'
import { decodeFailure, decodeRequest } from './encoding'

/** A query as the tables have it. */
export interface StoredQuery extends TableTimes {
  state: 'running' | 'completed' | 'failed'
  /** Its process is gone, so it will not end. */
  isLost: boolean
  /** Its process is gone, and another one may run it. */
  isOrphan: boolean
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

/** A query that a submit with the same key has started. */
export interface KnownQuery {
  key: Buffer
  id: string
}

/** A query of a lost process, which is one of this process now. */
export interface TakenQuery extends KnownQuery, Required<KeptRequest> {
  attempt: number
  keepOnCompletion: boolean
  times: TableTimes
}

export interface TableTimes {
  startTimeMs: number
  expirationTimeMs: number
  leftMs: number
}

/** What the tables say about a running query of this process. */
export interface TableState {
  key: Buffer
  /** It was deleted, or its time is over. */
  isGone: boolean
  isStopped: boolean
}

export function readQuery(row: Row): StoredQuery {
  const failure = bytesOf(row, 'failure')
  return {
    state: textOf(row, 'state') as StoredQuery['state'],
    isLost: isTrue(row, 'is_lost'),
    isOrphan: isTrue(row, 'is_orphan'),
    ...readTimes(row),
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

export function readKnown(row: Row): KnownQuery {
  return { key: keyOf(row), id: textOf(row, 'id') }
}

/** `undefined`: the tables have just the text of its request. */
export function readTaken(row: Row): TakenQuery | undefined {
  const { request, owner } = readRequest(row)
  if (owner === undefined) return undefined
  const facts = { attempt: numberOf(row, 'attempt'), keepOnCompletion: isTrue(row, 'kept') }
  return { ...readKnown(row), ...facts, request, owner, times: readTimes(row) }
}

export function readListed(row: Row): ListedQuery & { key: Buffer } {
  return {
    ...readKnown(row),
    query: readRequest(row).request.query,
    startTimeMs: numberOf(row, 'started_ms'),
    runningTimeNanos: Math.max(0, Math.round(numberOf(row, 'running_ms') * 1e6)),
  }
}

export function readState(row: Row): TableState {
  return { key: keyOf(row), isGone: isTrue(row, 'is_gone'), isStopped: isTrue(row, 'is_stopped') }
}

export function readTimes(row: Row): TableTimes {
  const startTimeMs = numberOf(row, 'started_ms')
  const expirationTimeMs = numberOf(row, 'expires_ms')
  return { startTimeMs, expirationTimeMs, leftMs: numberOf(row, 'left_ms') }
}

/** A query that has just ended has none any more. */
function readRequest(row: Row): KeptRequest {
  const request = bytesOf(row, 'request')
  return request ? decodeRequest(request) : { request: { query: '' } }
}

export function keyOf(row: Row): Buffer {
  return bytesOf(row, 'key') ?? Buffer.alloc(0)
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
