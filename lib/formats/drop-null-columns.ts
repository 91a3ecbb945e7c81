import type { Column, QueryResult, Value } from '../core/result'
import { isMultiValue } from '../core/result'
import { isAlwaysNull } from './columns'
import { CELLS_PER_TURN } from './writer'

/**
 * Tells for each column whether `drop_null_columns` leaves it out: it does when no cell has a value, and so always
 * when there are no rows. Yields an empty chunk every few thousand cells.
 */
export function* nullColumns({ columns, values }: QueryResult): Generator<'', boolean[]> {
  const isNull = columns.map(() => true)
  let open = columns.flatMap(({ type }, index) => (isAlwaysNull(type) ? [] : [index]))
  let cells = 0
  for (const row of values) {
    if (open.length === 0) break
    for (const index of open) if (!isNullCell(row[index])) isNull[index] = false
    cells += open.length
    open = open.filter((index) => isNull[index])
    if (cells < CELLS_PER_TURN) continue
    cells = 0
    yield ''
  }
  return isNull
}

/** The columns to write, and the place of their cells in each row. Yields as {@link nullColumns} does. */
export function* shownColumns(
  result: QueryResult,
  dropNullColumns: boolean,
): Generator<'', { index: number; column: Column }[]> {
  const isNull = dropNullColumns ? yield* nullColumns(result) : []
  return result.columns.map((column, index) => ({ index, column })).filter(({ index }) => !isNull[index])
}

function isNullCell(cell: Value | undefined): boolean {
  if (cell === null || cell === undefined) return true
  return isMultiValue(cell) && cell.every(isNullCell)
}
