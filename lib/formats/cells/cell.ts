import type { Value, ValueObject } from '../../core/result'
import { isMultiValue, isValueObject } from '../../core/result'
import { embeddedJson } from './objects'

/** One value of a cell. */
export type Scalar = Exclude<Value, null | readonly Value[]>

function isScalar(cell: Value | undefined): cell is Scalar {
  return cell !== null && cell !== undefined && !isMultiValue(cell)
}

/**
 * The value of a cell, or its values. As in Elasticsearch, null is not one of several values, a single value is no
 * array, and a cell without values is null.
 */
export function cellValue(cell: Value | undefined): Scalar | readonly Scalar[] | null {
  if (!isMultiValue(cell)) return cell ?? null
  const values = cell.filter(isScalar)
  return values.length > 1 ? values : (values[0] ?? null)
}

export function isMany(value: Scalar | readonly Scalar[]): value is readonly Scalar[] {
  return Array.isArray(value)
}

/**
 * How one value of a column is written: the kind of token, and what goes into it. `text` is a string that is
 * written as it comes, any other `string` is made from the value.
 */
export type CellRule =
  | { kind: 'null' }
  | { kind: 'boolean'; read: (value: Scalar) => boolean }
  | { kind: 'integer'; read: (value: Scalar) => number | bigint }
  | { kind: 'double'; read: (value: Scalar) => number }
  | { kind: 'float'; read: (value: Scalar) => number }
  | { kind: 'text' | 'string'; read: (value: Scalar) => string }
  | { kind: 'tree' }

/** A value of a type that is written as it comes. */
export function plainText(value: Scalar): string {
  if (typeof value === 'string') return value
  return typeof value === 'object' ? embeddedJson(value) : String(value)
}

/** A value of a type whose objects have a text. Stores may hand over the object or the text. */
export function objectText(value: Scalar, text: (value: ValueObject) => string): string {
  return isValueObject(value) ? text(value) : plainText(value)
}

/** Numbers come as text where JSON cannot carry them: `-0.0`, `NaN`. */
export function decimalText(value: Scalar, text: (value: number) => string): string {
  if (typeof value === 'number') return text(value)
  const number = Number(value)
  return Number.isNaN(number) ? plainText(value) : text(number)
}

/** Reads a cell for the JSON family. Like the readers below, it throws a `TypeError` for a cell of another kind. */
export function readBoolean(value: Scalar): boolean {
  if (typeof value === 'boolean') return value
  throw wrongCell('boolean', value)
}

/** A bigint only where a number would not be exact. */
export function readInteger(value: Scalar): number | bigint {
  if (typeof value === 'number' && Number.isInteger(value)) {
    return Number.isSafeInteger(value) ? value : BigInt(value)
  }
  if (typeof value === 'bigint' || (typeof value === 'string' && /^[+-]?\d+$/.test(value))) {
    const number = Number(value)
    return Number.isSafeInteger(number) ? number : BigInt(value)
  }
  throw wrongCell('integer', value)
}

export function readDouble(value: Scalar): number {
  if (typeof value === 'number') return value
  if (fitsDouble(value)) return Number(value)
  throw wrongCell('double', value)
}

function wrongCell(expected: string, value: Scalar): TypeError {
  return new TypeError(`A cell of a column of ${expected} values holds a ${typeof value} that is none`)
}

const INT_MIN = -(2 ** 31)
const INT_MAX = 2 ** 31 - 1
const LONG_MIN = -(2n ** 63n)
const LONG_MAX = 2n ** 63n - 1n
const UNSIGNED_LONG_MAX = 2n ** 64n - 1n

export function fitsBoolean(value: Value): boolean {
  return typeof value === 'boolean'
}

export function fitsInteger(value: Value): boolean {
  if (typeof value === 'number') return Number.isInteger(value) && value >= INT_MIN && value <= INT_MAX
  return isExactInteger(value, BigInt(INT_MIN), BigInt(INT_MAX))
}

export function fitsLong(value: Value): boolean {
  return typeof value === 'number' ? Number.isSafeInteger(value) : isExactInteger(value, LONG_MIN, LONG_MAX)
}

export function fitsUnsignedLong(value: Value): boolean {
  if (typeof value === 'number') return Number.isSafeInteger(value) && value >= 0
  return isExactInteger(value, 0n, UNSIGNED_LONG_MAX)
}

/** A bigint or decimal text. A number beyond 2^53 is not exact: it may have been rounded. */
function isExactInteger(value: Value, min: bigint, max: bigint): boolean {
  // No 64-bit integer has more digits than 20, and long texts of digits are slow to read.
  const isText = typeof value === 'string' && value.length <= 40 && /^[+-]?\d+$/.test(value)
  if (!isText && typeof value !== 'bigint') return false
  const integer = BigInt(value)
  return integer >= min && integer <= max
}

export function fitsDouble(value: Value): boolean {
  if (typeof value === 'number' || typeof value === 'bigint') return true
  return typeof value === 'string' && /\S/.test(value) && (value === 'NaN' || !Number.isNaN(Number(value)))
}

export function fitsDate(value: Value): boolean {
  if (typeof value === 'number') return Number.isFinite(value)
  if (value instanceof Date) return !Number.isNaN(value.getTime())
  return typeof value === 'string' || typeof value === 'bigint'
}

/** Everything but objects and invalid dates fits a column of text. */
export function fitsText(value: Value): boolean {
  switch (typeof value) {
    case 'string':
    case 'number':
    case 'bigint':
    case 'boolean':
      return true
    default:
      return fitsDate(value)
  }
}
