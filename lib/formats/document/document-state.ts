import type { QueryStatistics } from '../../core/result'
import type { AsyncQuery } from '../../core/store'
import { dateText } from '../cells/scalar-text'
import type { TokenSink } from './token-sink'

/** Writes the fields of an answer that come before its columns, in the order of Elasticsearch 9.5. */
export function writeState(sink: TokenSink, query: AsyncQuery, human: boolean): void {
  if (query.id !== undefined) {
    sink.key('id')
    sink.string(query.id)
  }
  writeBoolean(sink, 'is_running', query.isRunning)
  if (!query.isRunning && query.tookNanos !== undefined) {
    const tookMs = Math.floor(query.tookNanos / 1e6)
    writeInteger(sink, 'took', tookMs)
    writeBoolean(sink, 'is_partial', query.isPartial)
    if (query.startTimeMs !== undefined) {
      writeTime(sink, 'completion_time', Math.round(query.startTimeMs) + tookMs, human)
    }
  }
  writeStatistics(sink, query)
  if (query.startTimeMs !== undefined) {
    writeTime(sink, 'start_time', Math.round(query.startTimeMs), human)
  }
  if (query.expirationTimeMs !== undefined) {
    writeTime(sink, 'expiration_time', Math.round(query.expirationTimeMs), human)
  }
}

/** Whoever knows when a running query began is taken to count as Elasticsearch does: from zero. */
const NOTHING_COUNTED_YET: QueryStatistics = { rowsEmitted: 0, bytesRead: 0, readNanos: 0, cpuNanos: 0 }

function statisticsOf(query: AsyncQuery): QueryStatistics {
  if (!query.isRunning) return query.result.statistics ?? {}
  return query.startTimeMs === undefined ? {} : NOTHING_COUNTED_YET
}

function writeStatistics(sink: TokenSink, query: AsyncQuery): void {
  const { documentsFound, valuesLoaded, rowsEmitted, bytesRead, readNanos, cpuNanos } = statisticsOf(query)
  const counters = {
    documents_found: documentsFound ?? 0,
    values_loaded: valuesLoaded ?? 0,
    rows_emitted: rowsEmitted,
    bytes_read: bytesRead,
    read_nanos: readNanos,
    cpu_nanos: cpuNanos,
  }
  for (const [name, count] of Object.entries(counters)) {
    if (count !== undefined) writeInteger(sink, name, Math.round(count))
  }
}

/** A moment in milliseconds since the epoch, and for people as text before it. */
function writeTime(sink: TokenSink, name: string, epochMs: number, human: boolean): void {
  if (human && Number.isFinite(epochMs)) {
    sink.key(name)
    sink.string(dateText(epochMs, 'UTC'))
  }
  writeInteger(sink, `${name}_in_millis`, epochMs)
}

/** Counts and times come from engines. One that is no number tells nothing, and no format has integers for it. */
function writeInteger(sink: TokenSink, name: string, value: number): void {
  if (!Number.isFinite(value)) return
  sink.key(name)
  sink.integer(Number.isSafeInteger(value) ? value : BigInt(value))
}

function writeBoolean(sink: TokenSink, name: string, value: boolean): void {
  sink.key(name)
  sink.boolean(value)
}
