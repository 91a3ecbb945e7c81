import type { Value } from '../../core/result'
import { isMultiValue } from '../../core/result'
import { embeddedJson } from './objects'

/** One value of a cell. */
export type Scalar = Exclude<Value, null | readonly Value[]>

function isScalar(cell: Value | undefined): cell is Scalar {
  return cell !== null && cell !== undefined && !isMultiValue(cell)
}

/** The values of a multi-value. As in Elasticsearch, null is not one of them. */
export function scalarsOf(cell: readonly Value[]): Scalar[] {
  return cell.filter(isScalar)
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

/** Numbers come as text where JSON cannot carry them: `-0.0`, `NaN`. */
export function decimalText(value: Scalar, text: (value: number) => string): string {
  if (typeof value === 'number') return text(value)
  const number = Number(value)
  return Number.isNaN(number) ? plainText(value) : text(number)
}

/** Throws a `TypeError` for a cell of another kind, as the readers below do. */
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

/** Numbers come as text where JSON cannot carry them: `-0.0`, `NaN`. */
export function readDouble(value: Scalar): number {
  if (typeof value === 'number') return value
  if (typeof value === 'bigint' || (typeof value === 'string' && /\S/.test(value))) {
    const number = Number(value)
    if (!Number.isNaN(number) || value === 'NaN') return number
  }
  throw wrongCell('double', value)
}

function wrongCell(expected: string, value: Scalar): TypeError {
  return new TypeError(`A cell of a column of ${expected} values holds a ${typeof value} that is none`)
}
