import type { Value } from '../../core/result'
import type { CellRule, Scalar } from '../cells/cell'
import { cellValue, isMany } from '../cells/cell'
import type { Chunk } from '../writer'
import { CELLS_PER_TURN, CHUNK_LENGTH } from '../writer'
import type { TokenSink } from './token-sink'
import { writeTree } from './tree'

/** What the field `values` is made of. */
export interface Table {
  /** The columns to write: their place in each row, and how to write their cells. */
  columns: readonly TableColumn[]
  rows: readonly (readonly Value[])[]
  /** One array per column instead of one per row. */
  columnar: boolean
}

export interface TableColumn {
  index: number
  rule: CellRule
}

/** Writes a table into a sink, and yields what the sink holds on the way. */
export type WriteValues = (sink: TokenSink, table: Table) => Generator<Chunk, void>

export const writeValues: WriteValues = function* (sink, { columns, rows, columnar }) {
  const turn = new Turn(sink)
  sink.start('array')
  if (!columnar) {
    for (const row of rows) {
      sink.start('array')
      for (const { index, rule } of columns) {
        if (turn.isOver()) yield sink.take()
        writeCell(sink, rule, row[index])
      }
      sink.end('array')
    }
  } else if (rows.length > 0) {
    // Without rows, Elasticsearch has no pages that it could turn into columns.
    for (const { index, rule } of columns) {
      sink.start('array')
      for (const row of rows) {
        if (turn.isOver()) yield sink.take()
        writeCell(sink, rule, row[index])
      }
      sink.end('array')
    }
  }
  sink.end('array')
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
