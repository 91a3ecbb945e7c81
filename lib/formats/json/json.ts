import type { Rows, Value } from '../../core/result'
import { batchesOf, isMultiValue, isRows } from '../../core/result'
import type { CellRule, Scalar } from '../cells/cell'
import { cellValue, isMany } from '../cells/cell'
import { writeDocument } from '../document/document'
import { filtered } from '../document/filter-path'
import { writeTree } from '../document/tree'
import type { Table, TableColumn } from '../document/values'
import { writeCell, writeRow } from '../document/values'
import type { Writer, Writing } from '../writer'
import { isPlainDouble, JsonSink, jsonDouble, jsonFloat, jsonText } from './json-sink'

/** JSON as Elasticsearch writes it. */
export const jsonWriter: Writer = (query, presentation) => {
  const { pretty, filterPath } = presentation
  const json = new JsonSink({ pretty })
  const sink = filtered(json, filterPath)
  // A batch of cells can be neither indented nor filtered.
  if (pretty || sink !== json) return writeDocument(query, presentation, sink)
  return writeDocument(query, presentation, json, (_, table) => writeJsonValues(json, table))
}

/**
 * Writes a table as compact JSON at the speed of `JSON.stringify`, with the result of `writeValues`. `JSON.stringify`
 * writes the cells in batches, with a mark in place of each cell that JavaScript spells differently from Java.
 */
function* writeJsonValues(sink: JsonSink, { columns, values, columnar }: Table): Writing {
  sink.start('array')
  if (!columnar) {
    yield* writeBatches(sink, values, {
      plain: (row, batch) => plainRow(columns, row, batch),
      write: (row) => writeRow(sink, columns, row),
    })
  } else {
    for (const { index, rule } of columns) {
      sink.start('array')
      yield* writeBatches(sink, values, {
        plain: (row, batch) => plainCell(rule, row[index], batch),
        write: (row) => writeCell(sink, rule, row[index]),
      })
      sink.end('array')
    }
  }
  sink.end('array')
}

/** Characters of a batch: more than of other chunks, since each call of `JSON.stringify` costs something. */
const BATCH_LENGTH = 32 * 1024

/** A row is written as the value that `plain` makes of it for `JSON.stringify`, or by `write`, as tokens. */
interface RowForms {
  plain(row: readonly Value[], batch: Batch): unknown
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
function writeBatch(sink: JsonSink, rows: Rows, begin: number, { plain, write }: RowForms): number {
  const batch = new Batch()
  let end = begin
  while (end < rows.length && batch.length < BATCH_LENGTH) batch.items.push(plain(rows[end++] ?? [], batch))
  const json = batch.json()
  if (json !== undefined) sink.raw(json)
  else for (const row of rows.slice(begin, end)) write(row)
  return end
}

/** Most rows can be passed on as they are, without a copy. */
function plainRow(columns: readonly TableColumn[], row: readonly Value[], batch: Batch): readonly unknown[] {
  let plain: unknown[] | undefined = columns.length === row.length ? undefined : []
  // Even without cells, a row has brackets and takes time.
  let length = 8
  for (let position = 0; position < columns.length; position++) {
    const { index, rule } = columns[position] as TableColumn
    const cell = row[index]
    length += typeof cell === 'string' ? 8 + cell.length : 8
    const value = isPlain(rule.kind, cell) ? cell : otherCell(rule, cell, batch)
    if (plain === undefined && value !== cell) plain = [...row]
    if (plain !== undefined) plain[position] = value
  }
  batch.length += length
  return plain ?? row
}

function plainCell(rule: CellRule, cell: Value | undefined, batch: Batch): unknown {
  batch.length += typeof cell === 'string' ? 8 + cell.length : 8
  return isPlain(rule.kind, cell) ? cell : otherCell(rule, cell, batch)
}

function otherCell(rule: CellRule, cell: Value | undefined, batch: Batch): unknown {
  // Most stores hand dates over as text.
  if (rule.kind === 'string' && typeof cell === 'string') return rule.read(cell)
  if (!isMultiValue(cell)) return batch.plain(rule, cell)
  let isAllPlain = cell.length > 1
  for (const value of cell) {
    batch.length += typeof value === 'string' ? 8 + value.length : 8
    isAllPlain &&= isPlain(rule.kind, value)
  }
  return isAllPlain ? cell : batch.plain(rule, cell)
}

/** Whether `JSON.stringify` writes a value as Elasticsearch does. */
function isPlain(kind: CellRule['kind'], value: Value | undefined): boolean {
  switch (kind) {
    case 'text':
      return typeof value === 'string'
    case 'integer':
      return Number.isSafeInteger(value)
    case 'double':
      return typeof value === 'number' && isPlainDouble(value)
    case 'boolean':
      return typeof value === 'boolean'
    default:
      return false
  }
}

/** Stands for a cell that is filled in later. Hardly any text consists of this one character. */
const MARK = '\u007f'

class Batch {
  readonly items: unknown[] = []
  /** About how long the JSON will be. */
  length = 0
  /** The JSON of the cells that are marked, in their order. */
  readonly #marked: string[] = []

  /** What `JSON.stringify` is to write in place of a cell. */
  plain(rule: CellRule, cell: Value | undefined): unknown {
    const value = cellValue(cell)
    if (value === null || rule.kind === 'null') return null
    return isMany(value) ? value.map((scalar) => this.#scalar(rule, scalar)) : this.#scalar(rule, value)
  }

  /** The items with commas between them. `undefined` where a text cannot be told from a mark. */
  json(): string | undefined {
    const text = jsonText(this.items).slice(1, -1)
    if (this.#marked.length === 0) return text
    const [first = '', ...others] = text.split(`"${MARK}"`)
    if (others.length !== this.#marked.length) return undefined
    let json = first
    for (const [index, other] of others.entries()) json += this.#marked[index] + other
    return json
  }

  #scalar(rule: CellRule, value: Scalar): unknown {
    switch (rule.kind) {
      case 'integer':
        return typeof value === 'number' ? value : this.#mark(String(value))
      case 'double':
        return isPlainDouble(value as number) ? value : this.#mark(jsonDouble(value as number))
      case 'float':
        return this.#mark(jsonFloat(value as number))
      case 'string':
        return rule.read(value)
      case 'tree': {
        const sink = new JsonSink()
        writeTree(sink, value, rule.doubles)
        return this.#mark(sink.take())
      }
      default:
        return value
    }
  }

  #mark(json: string): string {
    this.length += json.length
    this.#marked.push(json)
    return MARK
  }
}
