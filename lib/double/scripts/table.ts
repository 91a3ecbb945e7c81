import type { Column, ColumnType, QueryResult, Rows, Value } from '../../core/result'
import { admitColumns, admitFacts, rowAdmission, rowsOf } from '../../formats/admission'

/** Rows alone, or with their columns. */
export type RowsOrTable = Rows | QueryResult

/** Checks a table, and copies it, so that a mistake shows where it is written and a later change changes nothing. */
export function checkedTable(table: QueryResult): QueryResult {
  const columns = admitColumns(table.columns)
  const admitRow = rowAdmission(columns)
  const values = rowsOf(table.values).map((row, index) => [...admitRow(row, index)])
  return { ...table, columns, values, ...admitFacts(table) }
}

/** A table of rows. Rows without columns get those of the table that is known, or columns made up for them. */
export function tableOf(rows: RowsOrTable, known?: QueryResult): QueryResult {
  if (!isRows(rows)) return checkedTable(rows)
  const [first] = rows
  const fits = known && (first === undefined || first.length === known.columns.length)
  return checkedTable({ columns: fits ? known.columns : columnsFor(rows), values: rows })
}

/** The same, with nothing that a test may change later but in its cells. */
export function copied(rows: RowsOrTable): RowsOrTable {
  return isRows(rows) ? rowsOf(rows).map((row) => [...row]) : checkedTable(rows)
}

function isRows(rows: RowsOrTable): rows is Rows {
  return Array.isArray(rows)
}

function columnsFor(rows: Rows): Column[] {
  const [first = []] = rows
  return first.map((_, index) => ({
    name: `column_${index + 1}`,
    type: rows.reduce<ColumnType>((type, row) => widened(type, typeOf(row[index] ?? null)), 'null'),
  }))
}

/** A type that holds the cells of both. */
function widened(one: ColumnType, other: ColumnType): ColumnType {
  if (one === other || other === 'null') return one
  const types = [one, other]
  return types.includes('long') && types.includes('double') ? 'double' : other
}

function typeOf(cell: Value): ColumnType {
  if (Array.isArray(cell)) return cell.map(typeOf).reduce(widened, 'null')
  if (cell instanceof Date) return 'date'
  switch (typeof cell) {
    case 'boolean':
      return 'boolean'
    case 'bigint':
      return 'long'
    case 'number':
      return Number.isInteger(cell) ? 'long' : 'double'
    case 'string':
      return 'keyword'
    default:
      return cell === null ? 'null' : 'flattened'
  }
}
