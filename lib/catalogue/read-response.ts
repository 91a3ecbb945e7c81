import type { QueryError } from '../core/errors'
import type { Column, QueryResult, Rows, Value, ValueObject } from '../core/result'
import { atOnce } from '../core/turns'
import { normalCell, takenBy } from '../formats/columns'
import { readError, readResult, readState } from '../json/elasticsearch-body'
import { exactJson } from '../json/write'
import type { ResponseFields } from './format'

/** How much of a wrong cell a message shows. */
const MAX_SHOWN = 100

/** Reads the body of an answer into our words. Throws an error that says what is wrong, and where. */
export function readResponse(
  body: ResponseFields,
  where: string,
  isColumnar: boolean,
): QueryResult | QueryError {
  const object: ValueObject = body
  if (object.error !== undefined) return readError(object)
  if (isColumnar) checkColumns(object, where)
  const result = readResult(object, isColumnar)
  checkRows(result.values, result.columns, `${where}.values`, isColumnar)
  const { tookNanos } = readState(object)
  return { ...result, ...(tookNanos !== undefined && { tookNanos }) }
}

/** Columns must be as many as `columns` has, and each as long as the others. */
function checkColumns({ columns, values }: ValueObject, where: string): void {
  const [names, lists] = [columns as readonly Value[], values as Rows]
  // A result without rows may have no lists either.
  if (lists.length > 0 && lists.length !== names.length) {
    throw new Error(`${where}.values must have ${names.length} arrays, one per column`)
  }
  const [first = []] = lists
  const misfit = lists.findIndex(({ length }) => length !== first.length)
  if (misfit >= 0)
    throw new Error(`${where}.values[${misfit}] must have ${first.length} cells, as the columns before it`)
}

/** Refuses rows of another length than the columns, and cells that their columns cannot hold. */
export function checkRows(rows: Rows, columns: readonly Column[], where: string, isColumnar = false): void {
  const normal = columns.map(({ type }) => normalCell(type))
  for (const [row, cells] of rows.entries()) {
    if (cells.length !== columns.length) {
      const hint = 'if `values` has an array for each column, set `columnar` of the entry to true'
      throw new Error(`${where}[${row}] must have ${columns.length} cells, one per column; ${hint}`)
    }
    for (const [index, { name, type }] of columns.entries()) {
      const cell = cells[index] ?? null
      if (isHeld(normal[index], cell)) continue
      const place = isColumnar ? `[${index}][${row}]` : `[${row}][${index}]`
      throw new Error(
        `${where}${place} must be ${takenBy(type)}: column \`${name}\` has the type \`${type}\`, got \`${shown(cell)}\``,
      )
    }
  }
}

function isHeld(normal: ReturnType<typeof normalCell> | undefined, cell: Value): boolean {
  try {
    return normal?.(cell) !== undefined
  } catch {
    return false
  }
}

function shown(cell: Value): string {
  const text = atOnce(exactJson(cell))
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text
}
