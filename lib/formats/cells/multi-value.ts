import type { Value, ValueObject } from '../../core/result'

/** One value of a cell. */
export type Scalar = Exclude<Value, null | readonly Value[]>

export function isMultiValue(cell: Value | undefined): cell is readonly Value[] {
  return Array.isArray(cell)
}

function isScalar(cell: Value | undefined): cell is Scalar {
  return cell !== null && cell !== undefined && !isMultiValue(cell)
}

/** The values of a multi-value. As in Elasticsearch, null is not one of them. */
export function scalarsOf(cell: readonly Value[]): Scalar[] {
  return cell.filter(isScalar)
}

export function isValueObject(value: Value): value is ValueObject {
  return typeof value === 'object' && value !== null && !(value instanceof Date) && !isMultiValue(value)
}
