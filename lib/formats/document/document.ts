import type { Column, QueryStatistics } from '../../core/result'
import { COLUMN_TYPES, rowCountOf } from '../../core/result'
import type { AsyncQuery, CompletedQuery, RunningQuery } from '../../core/store'
import { dateText } from '../cells/dates'
import { nearestInteger as integer } from '../cells/numbers'
import { cellRule } from '../columns'
import { shownColumns } from '../drop-null-columns'
import type { Chunk, Piece, Presentation, Writer, Writing } from '../writer'
import { filtered } from './filter-path'
import type { TokenSink } from './token-sink'
import { writeMember } from './tree'
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
function runningDocument(
  query: RunningQuery,
  { dropNullColumns, human, isSync = false }: Presentation,
  sink: TokenSink,
): Chunk {
  sink.start('object')
  if (!isSync) writeState(sink, query)
  writeTimesAndCounters(sink, query, human)
  for (const name of dropNullColumns ? ['all_columns', 'columns', 'values'] : ['columns', 'values']) {
    writeMember(sink, name, [])
  }
  sink.end('object')
  return sink.take()
}

function* documentChunks(
  query: CompletedQuery,
  { dropNullColumns, human, isSync = false }: Presentation,
  sink: TokenSink,
  writeValues: WriteValues,
): Writing {
  sink.start('object')
  if (!isSync) writeState(sink, query)
  writeTimesAndCounters(sink, query, human)
  yield* writeResult(query, dropNullColumns, sink, writeValues)
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
    const columns = shown.map(({ index, column }) => ({ index, rule: cellRule(column.type, timeZone) }))
    const { values } = result
    // Without rows, Elasticsearch has no pages that it could turn into columns.
    yield* writeValues(sink, { columns, values, columnar: columnar && rowCountOf(values) > 0, timeZone })
  } else {
    sink.null()
  }
  writeMember(sink, '_clusters', result.clusters)
  writeMember(sink, 'profile', result.profile)
}

function writeState(sink: TokenSink, { id, isRunning }: AsyncQuery): void {
  writeMember(sink, 'id', id)
  writeMember(sink, 'is_running', isRunning)
}

/** Writes the fields of an answer between its state and its columns, in the order of Elasticsearch 9.5. */
function writeTimesAndCounters(sink: TokenSink, query: AsyncQuery, human: boolean): void {
  const { isRunning, startTimeMs, expirationTimeMs } = query
  if (!isRunning && query.tookNanos !== undefined) {
    const tookMs = Math.floor(query.tookNanos / 1e6)
    writeMember(sink, 'took', integer(tookMs))
    writeMember(sink, 'is_partial', query.isPartial)
    if (startTimeMs !== undefined) writeTime(sink, 'completion_time', Math.round(startTimeMs) + tookMs, human)
  }
  writeCounters(sink, query)
  if (!isRunning) writeMember(sink, 'approximation_applied', query.result.approximationApplied)
  writeTime(sink, 'start_time', startTimeMs, human)
  writeTime(sink, 'expiration_time', expirationTimeMs, human)
}

/** A running query whose start is known counts as Elasticsearch does: from zero. */
const NOTHING_COUNTED_YET: QueryStatistics = { rowsEmitted: 0, bytesRead: 0, readNanos: 0, cpuNanos: 0 }

function statisticsOf(query: AsyncQuery): QueryStatistics {
  if (!query.isRunning) return query.result.statistics ?? {}
  const { documentsFound = 0, valuesLoaded = 0, startTimeMs } = query
  return { documentsFound, valuesLoaded, ...(startTimeMs !== undefined && NOTHING_COUNTED_YET) }
}

function writeCounters(sink: TokenSink, query: AsyncQuery): void {
  const { documentsFound, valuesLoaded, rowsEmitted, bytesRead, readNanos, cpuNanos } = statisticsOf(query)
  writeMember(sink, 'documents_found', integer(documentsFound ?? 0))
  writeMember(sink, 'values_loaded', integer(valuesLoaded ?? 0))
  writeMember(sink, 'rows_emitted', integer(rowsEmitted))
  writeMember(sink, 'bytes_read', integer(bytesRead))
  writeMember(sink, 'read_nanos', integer(readNanos))
  writeMember(sink, 'cpu_nanos', integer(cpuNanos))
}

/** Writes a moment in milliseconds since the epoch, and before it, for people, as text. */
function writeTime(sink: TokenSink, name: string, epochMs: number | undefined, human: boolean): void {
  const millis = integer(epochMs)
  if (millis !== undefined && human) writeMember(sink, name, dateText(millis, 'UTC'))
  writeMember(sink, `${name}_in_millis`, millis)
}

/** Elasticsearch buckets numbers by doubles, and dates by a whole number of units. */
const BUCKET_OF_NUMBERS: ReadonlySet<string> = new Set(['interval'])

function writeColumns(sink: TokenSink, name: string, columns: readonly Column[], withMeta: boolean): void {
  if (!sink.key(name)) {
    sink.null()
    return
  }
  sink.start('array')
  for (const column of columns) writeColumn(sink, column, withMeta)
  sink.end('array')
}

/** Writes a column as `columns` and `all_columns` list it. */
function writeColumn(sink: TokenSink, column: Column, withMeta: boolean): void {
  const { name, type, originalTypes, suggestedCast = castFor(originalTypes), meta } = column
  sink.start('object')
  writeMember(sink, 'name', name)
  writeMember(sink, 'type', type)
  writeMember(sink, 'original_types', originalTypes)
  writeMember(sink, 'suggested_cast', suggestedCast)
  if (withMeta) writeMember(sink, '_meta', meta, type.startsWith('date') ? undefined : BUCKET_OF_NUMBERS)
  sink.end('object')
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
