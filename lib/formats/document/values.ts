import { QueryError } from '../../core/errors'
import type { Rows, StoredResult, Value } from '../../core/result'
import { batchesOf, isRows, rowCountOf } from '../../core/result'
import type { CellRule, Scalar } from '../cells/cell'
import { cellValue, isMany } from '../cells/cell'
import { cellRule } from '../columns'
import type { ShownColumn } from '../drop-null-columns'
import type { Writing } from '../writer'
import { CELLS_PER_TURN, CHUNK_LENGTH } from '../writer'
import type { TokenSink } from './token-sink'
import { writeTree } from './tree'

/** What the field `values` is made of. */
export interface Table {
  /** The columns to write, and their place in each row. */
  columns: readonly ShownColumn[]
  values: StoredResult['values']
  /** One array per column instead of one per row. */
  columnar: boolean
  /** The zone of dates. */
  timeZone: string
}

/** The place of a column in each row, and how to write its cells. */
export interface TableColumn {
  index: number
  rule: CellRule
}

export function tableColumns({ columns, timeZone }: Pick<Table, 'columns' | 'timeZone'>): TableColumn[] {
  return columns.map(({ index, column }) => ({ index, rule: cellRule(column.type, timeZone) }))
}

/** Writes a table into a sink, and yields what the sink holds on the way. */
export type WriteValues = (sink: TokenSink, table: Table) => Writing

export const writeValues: WriteValues = function* (sink, table) {
  const { values, columnar } = table
  const columns = tableColumns(table)
  sink.start('array')
  if (columnar) {
    for (const column of columns) {
      sink.start('array')
      yield* writeCells(new Cells(sink, [column], false), values)
      sink.end('array')
    }
  } else {
    yield* writeCells(new Cells(sink, columns, true), values)
  }
  sink.end('array')
}

function* writeCells(cells: Cells, values: Table['values']): Writing {
  for (const batch of batchesOf(values)) {
    const rows = isRows(batch) ? batch : yield batch
    while (!cells.write(rows)) yield cells.sink.take()
  }
}

/** Cells that a columnar answer may read, that is some tens of seconds of work in turns. */
const MAX_COLUMNAR_READS = 2 ** 26

/**
 * A columnar answer reads all batches once for each column: so it takes no more memory than any other, but far more work.
 *
 * Throws `circuit_breaking_exception` where that is too much. Rows in memory cost no reading.
 */
export function assertColumnarFits({ columns, values }: StoredResult): void {
  const { length } = columns
  const reads = rowCountOf(values) * length * length
  if (isRows(values) || reads <= MAX_COLUMNAR_READS) return
  throw new QueryError(
    'circuit_breaking_exception',
    `[columnar] Data too large: to write [${rowCountOf(values)}] rows of [${length}] columns column by column takes ` +
      `[${reads}] reads of a cell, which is more than the limit of [${MAX_COLUMNAR_READS}]; ` +
      'ask for a format of lines or submit the query without [columnar]',
    { metadata: { durability: 'PERMANENT' }, limit: 'columnar' },
  )
}

export function writeRow(sink: TokenSink, columns: readonly TableColumn[], row: readonly Value[]): void {
  sink.start('array')
  for (const { index, rule } of columns) writeCell(sink, rule, row[index])
  sink.end('array')
}

/**
 * Writes cells until it is time for a chunk, even where a filter leaves out all of them. It looks before each cell, and not
 * after the last one: what follows is little, and goes into the same chunk.
 *
 * It is no generator, in whose loops all that lives longer than a turn is on the heap.
 */
class Cells {
  readonly sink: TokenSink
  readonly #columns: readonly TableColumn[]
  readonly #inRows: boolean
  /** The row to go on with, and how many of its cells are written. */
  #row = 0
  #written = 0
  #sinceTurn = 0

  /** `inRows`: each row is an array. */
  constructor(sink: TokenSink, columns: readonly TableColumn[], inRows: boolean) {
    this.sink = sink
    this.#columns = columns
    this.#inRows = inRows
  }

  /** Goes on with these rows. Returns whether all of them are written. */
  write(rows: Rows): boolean {
    for (; this.#row < rows.length; this.#row++) {
      if (!this.#writeRow(rows[this.#row] ?? [])) return false
    }
    this.#row = 0
    return true
  }

  #writeRow(row: readonly Value[]): boolean {
    const { sink } = this
    const columns = this.#columns
    let written = this.#written
    // Rows may have no cells to show, and take time all the same.
    do {
      if (this.#isTurnOver()) {
        this.#written = written
        return false
      }
      if (written === 0 && this.#inRows) sink.start('array')
      const column = columns[written]
      if (column) writeCell(sink, column.rule, row[column.index])
      written++
    } while (written < columns.length)
    this.#written = 0
    if (this.#inRows) sink.end('array')
    return true
  }

  #isTurnOver(): boolean {
    if (this.#sinceTurn < CELLS_PER_TURN && this.sink.pending < CHUNK_LENGTH) {
      this.#sinceTurn++
      return false
    }
    this.#sinceTurn = 0
    return true
  }
}

export function writeCell(sink: TokenSink, rule: CellRule, cell: Value | undefined): void {
  // Most cells are one value, and need no more than this.
  if (typeof cell !== 'object' && cell !== undefined && rule.kind !== 'null') {
    writeScalar(sink, rule, cell)
    return
  }
  const value = cellValue(cell)
  if (value === null || rule.kind === 'null') {
    sink.null()
  } else if (isMany(value)) {
    sink.start('array')
    for (const scalar of value) writeScalar(sink, rule, scalar)
    sink.end('array')
  } else {
    writeScalar(sink, rule, value)
  }
}

function writeScalar(sink: TokenSink, rule: CellRule, value: Scalar): void {
  switch (rule.kind) {
    case 'boolean':
      sink.boolean(value as boolean)
      break
    case 'integer':
      sink.integer(value as number | bigint)
      break
    case 'double':
      sink.double(value as number)
      break
    case 'float':
      sink.float(value as number)
      break
    case 'text':
      sink.string(value as string)
      break
    case 'string':
      sink.string(rule.read(value))
      break
    case 'tree':
      writeTree(sink, value, rule.doubles)
  }
}
