import type { Value } from '../../core/result'

// Whether one value, which is not null, can stand in a column of a kind.

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

/** A bigint or decimal text. A number beyond 2^53 is none: it has been rounded, or could have been. */
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

/** Whatever has a text of its own. */
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
