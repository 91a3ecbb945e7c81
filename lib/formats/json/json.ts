import type { Rows, Value } from '../../core/result'
import { batchesOf, isRows } from '../../core/result'
import { writeDocument } from '../document/document'
import { filtered } from '../document/filter-path'
import type { Table, TableColumn } from '../document/values'
import { tableColumns, writeCell, writeRow } from '../document/values'
import type { Writer, Writing } from '../writer'
import { JsonBatch } from './json-batch'
import { JsonSink } from './json-sink'
import { WrittenRows } from './written-rows'

/** JSON as Elasticsearch writes it. */
export const jsonWriter: Writer = (query, presentation) => {
  const { pretty, filterPath } = presentation
  const json = new JsonSink({ pretty })
  const sink = filtered(json, filterPath)
  // A batch of cells can be neither indented nor filtered.
  if (pretty || sink !== json) return writeDocument(query, presentation, sink)
  return writeDocument(query, presentation, json, (_, table) => writeJsonValues(json, table))
}

/** Writes a table as compact JSON at the speed of `JSON.stringify`, with the result of `writeValues`. */
function* writeJsonValues(sink: JsonSink, table: Table): Writing {
  const { values, columnar, timeZone } = table
  const isWritten = values instanceof WrittenRows && values.isWrittenFor(table.columns.length, timeZone)
  sink.start('array')
  if (isWritten && !columnar) yield* copyRows(sink, values)
  else yield* writeTable(sink, tableColumns(table), table)
  sink.end('array')
}

function* writeTable(sink: JsonSink, columns: readonly TableColumn[], { values, columnar }: Table): Writing {
  if (!columnar) {
    yield* writeBatches(sink, values, {
      add: (row, batch) => batch.addRow(columns, row),
      write: (row) => writeRow(sink, columns, row),
    })
  } else {
    for (const { index, rule } of columns) {
      sink.start('array')
      yield* writeBatches(sink, values, {
        add: (row, batch) => batch.addCell(rule, row[index]),
        write: (row) => writeCell(sink, rule, row[index]),
      })
      sink.end('array')
    }
  }
}

/** Bytes that are sent at a time, so that a slow client holds no more. */
const SLICE_BYTES = 128 * 1024

function* copyRows(sink: JsonSink, { chunks }: WrittenRows): Writing {
  for (const chunk of chunks) {
    if (sink.pending >= BATCH_LENGTH) yield sink.take()
    if (typeof chunk === 'string') sink.raw(chunk)
    else if (chunk.length < BATCH_LENGTH) sink.rawBytes(chunk)
    else yield* longBytes(sink, chunk)
  }
}

/** Copies nothing: V8 would not collect copies before there are many. */
function* longBytes(sink: JsonSink, json: Uint8Array): Writing {
  sink.raw('')
  yield sink.take()
  for (let begin = 0; begin < json.length; begin += SLICE_BYTES) {
    yield json.subarray(begin, begin + SLICE_BYTES)
  }
}

/** Characters of a batch: more than of other chunks, since each call of `JSON.stringify` costs something. */
const BATCH_LENGTH = 32 * 1024

/** What is written of a row, in a batch or as tokens. */
interface RowForms {
  add(row: readonly Value[], batch: JsonBatch): void
  write(row: readonly Value[]): void
}

function* writeBatches(sink: JsonSink, values: Table['values'], forms: RowForms): Writing {
  for (const read of batchesOf(values)) {
    const rows = isRows(read) ? read : yield read
    if (sink.pending >= BATCH_LENGTH) yield sink.take()
    for (let begin = 0; begin < rows.length; ) {
      begin = writeBatch(sink, rows, begin, forms)
      // What follows the last batch is little, and goes into the same chunk.
      if (begin < rows.length) yield sink.take()
    }
  }
}

/** Returns where the next batch begins. */
function writeBatch(sink: JsonSink, rows: Rows, begin: number, { add, write }: RowForms): number {
  const batch = new JsonBatch()
  let end = begin
  while (end < rows.length && batch.length < BATCH_LENGTH) add(rows[end++] ?? [], batch)
  const json = batch.json()
  if (json !== undefined) sink.raw(json)
  else for (const row of rows.slice(begin, end)) write(row)
  return end
}
