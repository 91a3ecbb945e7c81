import { QueryError } from '../../core/errors'
import type { StoredResult, Value } from '../../core/result'
import { batchesOf, isRows, rowCountOf } from '../../core/result'
import type { CellRule, Scalar } from '../cells/cell'
import { cellValue, isMany } from '../cells/cell'
import type { Writing } from '../writer'
import { CELLS_PER_TURN, CHUNK_LENGTH } from '../writer'
import type { TokenSink } from './token-sink'
import { writeTree } from './tree'

/** What the field `values` is made of. */
export interface Table {
  /** The columns to write: their place in each row, and how to write their cells. */
  columns: readonly TableColumn[]
  values: StoredResult['values']
  /** One array per column instead of one per row. */
  columnar: boolean
}

export interface TableColumn {
  index: number
  rule: CellRule
}

/** Writes a table into a sink, and yields what the sink holds on the way. */
export type WriteValues = (sink: TokenSink, table: Table) => Writing

export const writeValues: WriteValues = function* (sink, { columns, values, columnar }) {
  const turn = new Turn(sink)
  sink.start('array')
  if (columnar) yield* writeColumns(sink, columns, values, turn)
  else yield* writeRows(sink, columns, values, turn)
  sink.end('array')
}

function* writeRows(
  sink: TokenSink,
  columns: Table['columns'],
  values: Table['values'],
  turn: Turn,
): Writing {
  // Rows may have no cells to show, and take time all the same.
  const isBare = columns.length === 0
  for (const batch of batchesOf(values)) {
    for (const row of isRows(batch) ? batch : yield batch) {
      if (isBare && turn.isOver()) yield sink.take()
      sink.start('array')
      for (const { index, rule } of columns) {
        if (turn.isOver()) yield sink.take()
        writeCell(sink, rule, row[index])
      }
      sink.end('array')
    }
  }
}

function* writeColumns(
  sink: TokenSink,
  columns: Table['columns'],
  values: Table['values'],
  turn: Turn,
): Writing {
  for (const { index, rule } of columns) {
    sink.start('array')
    for (const batch of batchesOf(values)) {
      for (const row of isRows(batch) ? batch : yield batch) {
        if (turn.isOver()) yield sink.take()
        writeCell(sink, rule, row[index])
      }
    }
    sink.end('array')
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
 * Tells before each cell whether it is time for a chunk, even where a filter leaves out all cells. It does not tell
 * after the last cell: what follows is little, and goes into the same chunk.
 */
class Turn {
  readonly #sink: TokenSink
  #cells = 0

  constructor(sink: TokenSink) {
    this.#sink = sink
  }

  isOver(): boolean {
    if (this.#cells < CELLS_PER_TURN && this.#sink.pending < CHUNK_LENGTH) {
      this.#cells++
      return false
    }
    this.#cells = 1
    return true
  }
}

export function writeCell(sink: TokenSink, rule: CellRule, cell: Value | undefined): void {
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
