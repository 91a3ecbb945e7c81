import type { QueryResult, Value } from '../core/result'
import { isMultiValue } from '../core/result'
import { isAlwaysNull } from './columns'
import { CELLS_PER_TURN } from './writer'

/**
 * Which columns `drop_null_columns` leaves out, in column order: those without any value, and so all of them
 * where there are no rows. Yields an empty chunk every few thousand cells.
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

/** The positions of the columns to write. Yields as {@link nullColumns} does. */
export function* shownColumns(result: QueryResult, dropNullColumns: boolean): Generator<'', number[]> {
  const isNull = dropNullColumns ? yield* nullColumns(result) : []
  return [...result.columns.keys()].filter((index) => !isNull[index])
}

function isNullCell(cell: Value | undefined): boolean {
  if (cell === null || cell === undefined) return true
  return isMultiValue(cell) && cell.every(isNullCell)
}
