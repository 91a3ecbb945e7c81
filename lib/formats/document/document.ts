import type { Column, QueryStatistics } from '../../core/result'
import { COLUMN_TYPES, rowCountOf } from '../../core/result'
import type { AsyncQuery, CompletedQuery, RunningQuery } from '../../core/store'
import { dateText } from '../cells/dates'
import { nearestInteger as integer } from '../cells/numbers'
import { shownColumns } from '../drop-null-columns'
import type { Chunk, Piece, Presentation, Writer, Writing } from '../writer'
import { filtered } from './filter-path'
import type { Members, Texts, TokenSink } from './token-sink'
import { writeMember, writeMembers } from './tree'
import type { WriteValues } from './values'
import { assertColumnarFits, writeValues as writeEachValue } from './values'

/** The writer of a format of the JSON family that differs from the others in its sink alone. */
export function documentWriter(createSink: () => TokenSink): Writer {
  return (query, presentation) =>
    writeDocument(query, presentation, filtered(createSink(), presentation.filterPath))
}

/** Writes an answer of the JSON family into a sink, and hands out what the sink holds in chunks. */
export function writeDocument(
  query: AsyncQuery,
  presentation: Presentation,
  sink: TokenSink,
  writeValues: WriteValues = writeEachValue,
): Iterable<Piece> {
  if (query.isRunning) return [runningDocument(query, presentation, sink)]
  if (query.columnar) assertColumnarFits(query.result)
  return documentChunks(query, presentation, sink, writeValues)
}

/** Clients ask for it again and again, so it is made at once. */
function runningDocument(query: RunningQuery, presentation: Presentation, sink: TokenSink): Chunk {
  sink.start('object')
  writeMembers(sink, stateOf(query, presentation))
  sink.end('object')
  return sink.take()
}

function* documentChunks(
  query: CompletedQuery,
  presentation: Presentation,
  sink: TokenSink,
  writeValues: WriteValues,
): Writing {
  sink.start('object')
  writeMembers(sink, stateOf(query, presentation))
  yield* writeResult(query, presentation.dropNullColumns, sink, writeValues)
  sink.end('object')
  yield sink.take()
}

function* writeResult(
  {
    result,
    columnar = false,
    timeZone = 'UTC',
    columnMetadata = false,
  }: Pick<CompletedQuery, 'result' | 'columnar' | 'timeZone' | 'columnMetadata'>,
  dropNullColumns: boolean,
  sink: TokenSink,
  writeValues: WriteValues,
): Writing {
  const shown = yield* shownColumns(result, dropNullColumns)
  if (dropNullColumns) writeColumns(sink, 'all_columns', result.columns, columnMetadata)
  writeColumns(
    sink,
    'columns',
    shown.map(({ column }) => column),
    columnMetadata,
  )
  if (sink.key('values')) {
    const { values } = result
    // Without rows, Elasticsearch has no pages that it could turn into columns.
    yield* writeValues(sink, {
      columns: shown,
      values,
      columnar: columnar && rowCountOf(values) > 0,
      timeZone,
    })
  } else {
    sink.null()
  }
  writeMember(sink, '_clusters', result.clusters)
  writeMember(sink, 'profile', result.profile)
}

/** The fields of an answer before its result, in the order of Elasticsearch 9.5. While a query runs, it has an empty result. */
function stateOf(query: AsyncQuery, { human, dropNullColumns, isSync = false }: Presentation): Members {
  const { id, isRunning, startTimeMs, expirationTimeMs } = query
  const counted = statisticsOf(query)
  const ended = isRunning ? undefined : endOf(query)
  const completion = integer(ended?.completionMs)
  const start = integer(startTimeMs)
  const expiration = integer(expirationTimeMs)
  const rows = isRunning ? [] : undefined
  return {
    id: isSync ? undefined : id,
    is_running: isSync ? undefined : isRunning,
    took: integer(ended?.tookMs),
    is_partial: ended?.isPartial,
    completion_time: human ? timeText(completion) : undefined,
    completion_time_in_millis: completion,
    documents_found: integer(counted.documentsFound ?? 0),
    values_loaded: integer(counted.valuesLoaded ?? 0),
    rows_emitted: integer(counted.rowsEmitted),
    bytes_read: integer(counted.bytesRead),
    read_nanos: integer(counted.readNanos),
    cpu_nanos: integer(counted.cpuNanos),
    approximation_applied: ended?.approximationApplied,
    start_time: human ? timeText(start) : undefined,
    start_time_in_millis: start,
    expiration_time: human ? timeText(expiration) : undefined,
    expiration_time_in_millis: expiration,
    all_columns: dropNullColumns ? rows : undefined,
    columns: rows,
    values: rows,
  }
}

/** What only a query that has ended tells. */
function endOf({ startTimeMs, tookNanos, isPartial, result }: CompletedQuery) {
  const { approximationApplied } = result
  if (tookNanos === undefined) return { approximationApplied }
  const tookMs = Math.floor(tookNanos / 1e6)
  const completionMs = startTimeMs === undefined ? undefined : Math.round(startTimeMs) + tookMs
  return { tookMs, isPartial, completionMs, approximationApplied }
}

/** A running query whose start is known counts as Elasticsearch does: from zero. */
function statisticsOf(query: AsyncQuery): QueryStatistics {
  if (!query.isRunning) return query.result.statistics ?? {}
  const { documentsFound = 0, valuesLoaded = 0, startTimeMs } = query
  if (startTimeMs === undefined) return { documentsFound, valuesLoaded }
  return { documentsFound, valuesLoaded, rowsEmitted: 0, bytesRead: 0, readNanos: 0, cpuNanos: 0 }
}

/** A moment in milliseconds since the epoch as text. */
function timeText(millis: number | bigint | undefined): string | undefined {
  return millis === undefined ? undefined : dateText(millis, 'UTC')
}

/** Elasticsearch buckets numbers by doubles, and dates by a whole number of units. */
const BUCKET_OF_NUMBERS: ReadonlySet<string> = new Set(['interval'])

function writeColumns(sink: TokenSink, name: string, columns: readonly Column[], withMeta: boolean): void {
  if (!withMeta) {
    writeMembers(sink, { [name]: columns.map(columnOf) })
  } else if (sink.key(name)) {
    sink.start('array')
    for (const column of columns) writeColumn(sink, column)
    sink.end('array')
  } else {
    sink.null()
  }
}

/** Writes a column with its metadata, which may have doubles. */
function writeColumn(sink: TokenSink, column: Column): void {
  const { type, meta } = column
  sink.start('object')
  writeMembers(sink, columnOf(column))
  writeMember(sink, '_meta', meta, type.startsWith('date') ? undefined : BUCKET_OF_NUMBERS)
  sink.end('object')
}

/** A column as `columns` and `all_columns` list it. */
function columnOf({ name, type, originalTypes, suggestedCast = castFor(originalTypes) }: Column): Texts {
  return { name, type, original_types: originalTypes, suggested_cast: suggestedCast }
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
function castFor(originalTypes: readonly string[] | undefined): string | undefined {
  if (!originalTypes) return undefined
  const types = new Set(originalTypes.filter((type) => KNOWN_TYPES.has(type)))
  if (types.size === 0 || types.has('unsupported')) return undefined
  if (types.size === 2 && types.has('date') && types.has('date_nanos')) return 'date_nanos'
  if (types.delete('aggregate_metric_double') && [...types].every((type) => NUMERIC_TYPES.has(type))) {
    return 'aggregate_metric_double'
  }
  return 'keyword'
}
