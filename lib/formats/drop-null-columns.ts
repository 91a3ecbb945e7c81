import type { Column, StoredResult, Value } from '../core/result'
import { batchesOf, isMultiValue, isRows } from '../core/result'
import { isAlwaysNull } from './columns'
import type { Writing } from './writer'
import { CELLS_PER_TURN } from './writer'

/**
 * Tells for each column whether `drop_null_columns` leaves it out: it does when no cell has a value, and so always
 * when there are no rows. Reads all rows where the batches do not tell. Yields an empty chunk every few thousand cells.
 */
export function* nullColumns({ columns, values }: StoredResult): Writing<readonly boolean[]> {
  if (!isRows(values) && values.nullColumns) return values.nullColumns
  const isNull = columns.map(() => true)
  let open = columns.flatMap(({ type }, index) => (isAlwaysNull(type) ? [] : [index]))
  let cells = 0
  for (const batch of batchesOf(values)) {
    for (const row of isRows(batch) ? batch : yield batch) {
      if (open.length === 0) return isNull
      for (const index of open) if (!isNullCell(row[index])) isNull[index] = false
      cells += open.length
      open = open.filter((index) => isNull[index])
      if (cells < CELLS_PER_TURN) continue
      cells = 0
      yield ''
    }
  }
  return isNull
}

/** A column to write, and the place of its cells in each row. */
export interface ShownColumn {
  index: number
  column: Column
}

/** Yields as {@link nullColumns} does. */
export function* shownColumns(result: StoredResult, dropNullColumns: boolean): Writing<ShownColumn[]> {
  const columns = result.columns.map((column, index) => ({ index, column }))
  if (!dropNullColumns) return columns
  const isNull = yield* nullColumns(result)
  return columns.filter(({ index }) => !isNull[index])
}

function isNullCell(cell: Value | undefined): boolean {
  if (cell === null || cell === undefined) return true
  return isMultiValue(cell) && cell.every(isNullCell)
}
