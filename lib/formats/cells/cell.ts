import type { Value, ValueObject } from '../../core/result'
import { isMultiValue, isValueObject } from '../../core/result'
import { uncachedText } from './numbers'
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
 * How one value of a column is written: the kind of token. A `string` is the text that `read` makes of the value, a
 * `text` the value itself. In a `tree`, the numbers of some members are `doubles` by name.
 */
export type CellRule =
  | { kind: 'null' | 'boolean' | 'integer' | 'double' | 'float' | 'text' }
  | { kind: 'string'; read: (value: Scalar) => string }
  | { kind: 'tree'; doubles?: ReadonlySet<string> }

/** The text of a value in a column of text. Only documents can be objects there. */
export function plainText(value: Scalar): string {
  if (typeof value === 'string') return value
  return typeof value === 'object' ? embeddedJson(value) : uncachedText(value)
}

/** A value of a type whose objects have a text. Stores may hand over the object or the text. */
export function objectText(value: Scalar, text: (value: ValueObject) => string): string {
  return isValueObject(value) ? text(value) : String(value)
}
