import type { Column } from '../../core/result'
import type { AsyncQuery, CompletedQuery } from '../../core/store'
import { shownColumns } from '../null-columns'
import type { Presentation } from '../writer'
import { cellRule } from './cell'
import { writeColumn } from './column-object'
import { writeState } from './document-state'
import type { Chunk, TokenSink } from './token-sink'
import { writeMember } from './tree'
import type { WriteValues } from './values'
import { writeValues as writeEachValue } from './values'

/** Writes an answer of the JSON family into a sink, and hands out what the sink holds in chunks. */
export function* writeDocument(
  query: AsyncQuery,
  { dropNullColumns, human }: Presentation,
  sink: TokenSink,
  writeValues: WriteValues = writeEachValue,
): Generator<Chunk> {
  sink.startObject()
  writeState(sink, query, human)
  if (query.isRunning) {
    if (dropNullColumns) writeColumns(sink, 'all_columns', [])
    writeColumns(sink, 'columns', [])
    sink.key('values')
    sink.startArray()
    sink.endArray()
  } else {
    yield* writeResult(query, dropNullColumns, sink, writeValues)
  }
  sink.endObject()
  yield sink.take()
}

function* writeResult(
  { result, columnar = false, timeZone = 'UTC' }: CompletedQuery,
  dropNullColumns: boolean,
  sink: TokenSink,
  writeValues: WriteValues,
): Generator<Chunk> {
  const shown: { index: number; column: Column }[] = []
  for (const index of yield* shownColumns(result, dropNullColumns)) {
    const column = result.columns[index]
    if (column) shown.push({ index, column })
  }
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
