import type { ColumnType, Value } from '../../core/result'

/** Whether a cell can stand in a column. */
export type FitsColumn = (cell: Value | undefined) => boolean

/**
 * The check for the cells of a column, after the table at {@link Value}, as far as a cell of another kind could not
 * be written. Text that is to be an address, a shape or a date is taken as it comes: most formats write it as it is.
 */
export function fitsColumn(type: ColumnType): FitsColumn {
  // Whatever they hold, null is written.
  if (type === 'null' || type === 'unsupported') return () => true
  const fits = fitsType(type)
  const fitsOrNull = (value: Value | undefined): boolean =>
    value === null || value === undefined || (!isArray(value) && fits(value))
  return (cell) => (typeof cell === 'object' && isArray(cell) ? cell.every(fitsOrNull) : fitsOrNull(cell))
}

/** `Array.isArray`, which does not narrow a readonly array away from an object. */
export function isArray(value: Value | undefined): value is readonly Value[] {
  return Array.isArray(value)
}

/** The same for one value. */
function fitsType(type: ColumnType): (value: Value) => boolean {
  switch (type) {
    case 'boolean':
      return isBoolean
    case 'integer':
    case 'counter_integer':
      return isInteger
    case 'long':
    case 'counter_long':
      return isLong
    case 'unsigned_long':
      return isUnsignedLong
    case 'double':
    case 'counter_double':
    case 'dense_vector':
      return isDouble
    case 'date':
    case 'date_nanos':
      return isDate
    case '_source':
    case 'flattened':
    case 'aggregate_metric_double':
    case 'exponential_histogram':
    case 'histogram':
    case 'tdigest':
      return () => true
    default:
      return isPlain
  }
}

const INT_MIN = -(2 ** 31)
const INT_MAX = 2 ** 31 - 1
const LONG_MIN = -(2n ** 63n)
const LONG_MAX = 2n ** 63n - 1n
const UNSIGNED_LONG_MAX = 2n ** 64n - 1n

function isBoolean(value: Value): boolean {
  return typeof value === 'boolean'
}

function isInteger(value: Value): boolean {
  if (typeof value === 'number') return Number.isInteger(value) && value >= INT_MIN && value <= INT_MAX
  return isExactInteger(value, BigInt(INT_MIN), BigInt(INT_MAX))
}

function isLong(value: Value): boolean {
  return typeof value === 'number' ? Number.isSafeInteger(value) : isExactInteger(value, LONG_MIN, LONG_MAX)
}

function isUnsignedLong(value: Value): boolean {
  if (typeof value === 'number') return Number.isSafeInteger(value) && value >= 0
  return isExactInteger(value, 0n, UNSIGNED_LONG_MAX)
}

/** A bigint or decimal text. A number beyond 2^53 is none: it has been rounded, or could have been. */
function isExactInteger(value: Value, min: bigint, max: bigint): boolean {
  // No 64-bit integer has more digits than 20, and long texts of digits are slow to read.
  const isText = typeof value === 'string' && value.length <= 40 && /^[+-]?\d+$/.test(value)
  if (!isText && typeof value !== 'bigint') return false
  const integer = BigInt(value)
  return integer >= min && integer <= max
}

function isDouble(value: Value): boolean {
  if (typeof value === 'number' || typeof value === 'bigint') return true
  return typeof value === 'string' && /\S/.test(value) && (value === 'NaN' || !Number.isNaN(Number(value)))
}

function isDate(value: Value): boolean {
  if (typeof value === 'number') return Number.isFinite(value)
  if (value instanceof Date) return !Number.isNaN(value.getTime())
  return typeof value === 'string' || typeof value === 'bigint'
}

function isPlain(value: Value): boolean {
  switch (typeof value) {
    case 'string':
    case 'number':
    case 'bigint':
    case 'boolean':
      return true
    default:
      return isDate(value)
  }
}
