import type { Column, QueryStatistics } from '../../core/result'
import { COLUMN_TYPES } from '../../core/result'
import type { AsyncQuery, CompletedQuery } from '../../core/store'
import { dateText } from '../cells/dates'
import { cellRule } from '../columns'
import { shownColumns } from '../drop-null-columns'
import type { Chunk, Presentation, Writer } from '../writer'
import { NO_RESULT } from '../writer'
import { filtered } from './filter-path'
import type { TokenSink } from './token-sink'
import { writeMember } from './tree'
import type { WriteValues } from './values'
import { writeValues as writeEachValue } from './values'

/** The writer of a format of the JSON family that differs from the others in its sink alone. */
export function documentWriter(createSink: () => TokenSink): Writer {
  return (query, presentation) =>
    writeDocument(query, presentation, filtered(createSink(), presentation.filterPath))
}

/** Writes an answer of the JSON family into a sink, and hands out what the sink holds in chunks. */
export function* writeDocument(
  query: AsyncQuery,
  { dropNullColumns, human }: Presentation,
  sink: TokenSink,
  writeValues: WriteValues = writeEachValue,
): Generator<Chunk> {
  sink.startObject()
  writeState(sink, query, human)
  yield* writeResult(query.isRunning ? { result: NO_RESULT } : query, dropNullColumns, sink, writeValues)
  sink.endObject()
  yield sink.take()
}

function* writeResult(
  { result, columnar = false, timeZone = 'UTC' }: Pick<CompletedQuery, 'result' | 'columnar' | 'timeZone'>,
  dropNullColumns: boolean,
  sink: TokenSink,
  writeValues: WriteValues,
): Generator<Chunk> {
  const shown = yield* shownColumns(result, dropNullColumns)
  if (dropNullColumns) writeColumns(sink, 'all_columns', result.columns)
  writeColumns(
    sink,
    'columns',
    shown.map(({ column }) => column),
  )
  if (sink.key('values')) {
    const columns = shown.map(({ index, column }) => ({ index, rule: cellRule(column.type, timeZone) }))
    yield* writeValues(sink, { columns, rows: result.values, columnar })
  } else {
    sink.null()
  }
  writeMember(sink, '_clusters', result.clusters)
  writeMember(sink, 'profile', result.profile)
}

function writeColumns(sink: TokenSink, name: string, columns: readonly Column[]): void {
  sink.key(name)
  sink.startArray()
  for (const column of columns) writeColumn(sink, column)
  sink.endArray()
}

/** Writes the fields of an answer that come before its columns, in the order of Elasticsearch 9.5. */
function writeState(sink: TokenSink, query: AsyncQuery, human: boolean): void {
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

/** A running query whose start is known counts as Elasticsearch does: from zero. */
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

/** Writes a moment in milliseconds since the epoch, and before it, for people, as text. */
function writeTime(sink: TokenSink, name: string, epochMs: number, human: boolean): void {
  if (human && Number.isFinite(epochMs)) {
    sink.key(name)
    sink.string(dateText(epochMs, 'UTC'))
  }
  writeInteger(sink, `${name}_in_millis`, epochMs)
}

/** Leaves out what is no finite number: counts and times come from engines, and no format has such integers. */
function writeInteger(sink: TokenSink, name: string, value: number): void {
  if (!Number.isFinite(value)) return
  sink.key(name)
  sink.integer(Number.isSafeInteger(value) ? value : BigInt(value))
}

function writeBoolean(sink: TokenSink, name: string, value: boolean): void {
  sink.key(name)
  sink.boolean(value)
}

/** Writes a column as `columns` and `all_columns` list it. */
function writeColumn(sink: TokenSink, column: Column): void {
  const { name, type, originalTypes, suggestedCast = castFor(originalTypes) } = column
  sink.startObject()
  sink.key('name')
  sink.string(name)
  sink.key('type')
  sink.string(type)
  if (originalTypes) {
    sink.key('original_types')
    sink.startArray()
    for (const originalType of originalTypes) sink.string(originalType)
    sink.endArray()
  }
  if (suggestedCast !== undefined) {
    sink.key('suggested_cast')
    sink.string(suggestedCast)
  }
  sink.endObject()
}

const NUMERIC_TYPES: ReadonlySet<string> = new Set([
  'byte',
  'short',
  'integer',
  'long',
  'unsigned_long',
  'half_float',
  'float',
  'scaled_float',
  'double',
])

/** The mapping types that ES|QL has a type for. It ignores all others when it looks for a cast. */
const KNOWN_TYPES: ReadonlySet<string> = new Set([...COLUMN_TYPES, ...NUMERIC_TYPES, 'object'])

/** The type that all of these mapping types can be cast to, as Elasticsearch picks it. */
function castFor(originalTypes: readonly string[] = []): string | undefined {
  const types = new Set(originalTypes.filter((type) => KNOWN_TYPES.has(type)))
  if (types.size === 0 || types.has('unsupported')) return undefined
  if (types.size === 2 && types.has('date') && types.has('date_nanos')) return 'date_nanos'
  if (types.delete('aggregate_metric_double') && [...types].every((type) => NUMERIC_TYPES.has(type))) {
    return 'aggregate_metric_double'
  }
  return 'keyword'
}
