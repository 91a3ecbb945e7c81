import { DuckDBTypeId as Sql } from '@duckdb/node-api'
import { QueryError } from 'express-esql-async-query'

const LONG = [-(2n ** 63n), 2n ** 63n - 1n]
/** What JavaScript's dates can be, in milliseconds. */
const DATE = [-8_640_000_000_000_000n, 8_640_000_000_000_000n]
const DATE_NANOS = [0n, 2n ** 63n - 1n]

const asItIs = (cell) => cell
const long = (cell) => within(LONG, cell, cell, 'long')
const date = (cell, millis) => Number(within(DATE, millis, cell, 'date'))

/** The ES|QL type of each SQL type, and a cell of it. Every other type is text, as DuckDB writes it. */
const TYPES = new Map([
  [Sql.SQLNULL, ['null', asItIs]],
  [Sql.BOOLEAN, ['boolean', asItIs]],
  [Sql.TINYINT, ['integer', asItIs]],
  [Sql.UTINYINT, ['integer', asItIs]],
  [Sql.SMALLINT, ['integer', asItIs]],
  [Sql.USMALLINT, ['integer', asItIs]],
  [Sql.INTEGER, ['integer', asItIs]],
  [Sql.UINTEGER, ['long', asItIs]],
  [Sql.BIGINT, ['long', asItIs]], // a bigint, exact beyond 2^53
  [Sql.UBIGINT, ['unsigned_long', asItIs]],
  [Sql.HUGEINT, ['long', long]], // what SUM makes of integers
  [Sql.UHUGEINT, ['long', long]],
  [Sql.FLOAT, ['double', asItIs]],
  [Sql.DOUBLE, ['double', asItIs]],
  [Sql.DECIMAL, ['double', (cell) => cell.toDouble()]],
  [Sql.DATE, ['date', (cell) => date(cell, BigInt(cell.days) * 86_400_000n)]],
  [Sql.TIMESTAMP_S, ['date', (cell) => date(cell, cell.seconds * 1_000n)]],
  [Sql.TIMESTAMP_MS, ['date', (cell) => date(cell, cell.millis)]],
  [Sql.TIMESTAMP, ['date', (cell) => date(cell, thousands(cell.micros))]],
  [Sql.TIMESTAMP_TZ, ['date', (cell) => date(cell, thousands(cell.micros))]],
  [Sql.TIMESTAMP_NS, ['date_nanos', (cell) => within(DATE_NANOS, cell.nanos, cell, 'date_nanos')]],
])

/** A column of the answer, with a function that makes its cells. A list is a multi-value: it has no null, and no list. */
export function columnOf(name, sqlType) {
  const { typeId } = sqlType
  const isList = typeId === Sql.LIST || typeId === Sql.ARRAY
  const [type, ofOne] = TYPES.get(isList ? sqlType.valueType.typeId : typeId) ?? ['keyword', String]
  const orNull = (cell) => (cell === null ? null : ofOne(cell))
  if (!isList) return { name, type, toCell: orNull }
  const ofMany = ({ items }) => items.filter((item) => item !== null).map(ofOne)
  return { name, type, toCell: (cell) => (cell === null ? null : ofMany(cell)) }
}

function within([least, most], value, cell, type) {
  if (value >= least && value <= most) return value
  throw new QueryError(
    'illegal_argument_exception',
    `[${cell}] is out of the range of a ${type}: cast it to VARCHAR`,
  )
}

/** Rounded down, also before 1970. */
const thousands = (micros) => (micros - (((micros % 1000n) + 1000n) % 1000n)) / 1000n
