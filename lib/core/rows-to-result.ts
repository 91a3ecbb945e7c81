import { isDate, isTypedArray } from 'node:util/types'
import { isObject } from './is-object'
import type { Column, ColumnType, QueryResult, Value } from './result'

/**
 * Makes a result of objects: the rows of a database driver, for example. Only their own properties count, and one that
 * an object lacks is null.
 *
 * Without `columns`, there is a column for each property, in the order in which they appear. Its type comes from all of
 * its values: `boolean`, `long` for integers, `double` for other numbers, `unsigned_long` for integers beyond a long,
 * `date` for `Date`, `flattened` for objects, `keyword` for text and for a mixture, `null` where there is no value. Give
 * `columns` if the types must not depend on the values.
 *
 * Throws a `TypeError` for a row that is no object. Whether the values fit the columns is checked when the result comes
 * in, as for every result.
 */
export function rowsToResult(rows: readonly object[], columns?: readonly Column[]): QueryResult {
  for (const [index, row] of rows.entries()) {
    if (!isObject(row)) throw new TypeError(`Row ${index} must be an object with a property for each column`)
  }
  const shown = columns ?? derivedColumns(rows)
  const values = rows.map((row) => shown.map(({ name }) => propertyOf(row, name) ?? null))
  return { columns: shown, values }
}

function propertyOf(row: object, name: string): Value | undefined {
  return Object.hasOwn(row, name) ? Reflect.get(row, name) : undefined
}

function derivedColumns(rows: readonly object[]): Column[] {
  const types = new Map<string, ColumnType>()
  for (const row of rows) {
    for (const [name, cell] of Object.entries(row)) {
      let type = types.get(name) ?? 'null'
      for (const value of isMany(cell) ? cell : [cell]) type = commonType(type, typeOf(value))
      types.set(name, type)
    }
  }
  return Array.from(types, ([name, type]) => ({ name, type }))
}

function isMany(cell: unknown): cell is Iterable<unknown> {
  return Array.isArray(cell) || (isTypedArray(cell) && !Buffer.isBuffer(cell))
}

const LONG_LIMIT = 2n ** 63n

function typeOf(value: unknown): ColumnType {
  switch (typeof value) {
    case 'undefined':
      return 'null'
    case 'boolean':
      return 'boolean'
    case 'number':
      return Number.isSafeInteger(value) ? 'long' : 'double'
    case 'bigint':
      return value < LONG_LIMIT ? 'long' : 'unsigned_long'
    case 'object':
      if (value === null) return 'null'
      return isDate(value) ? 'date' : 'flattened'
    default:
      return 'keyword'
  }
}

/** From narrow to wide: each of these types can hold the numbers of those before it, but for negative ones. */
const NUMBERS: readonly ColumnType[] = ['long', 'unsigned_long', 'double']

function commonType(one: ColumnType, other: ColumnType): ColumnType {
  if (one === other || other === 'null') return one
  if (one === 'null') return other
  const width = Math.min(NUMBERS.indexOf(one), NUMBERS.indexOf(other))
  return width < 0
    ? 'keyword'
    : (NUMBERS[Math.max(NUMBERS.indexOf(one), NUMBERS.indexOf(other))] ?? 'keyword')
}
