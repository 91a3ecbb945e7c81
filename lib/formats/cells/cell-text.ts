import type { ColumnType, Value } from '../../core/result'
import { javaText } from './java-text'
import { aggregateMetricText, histogramText, jsonText } from './metric-text'
import { isMultiValue, isValueObject, type Scalar, scalarsOf } from './multi-value'
import { dateNanosText, dateText, doubleText, floatText } from './scalar-text'

/**
 * How the cells of a column are written in CSV, TSV and plain text, before any escaping. `nullText` stands for
 * null, and so for each cell of a column whose type cannot be shown.
 */
export function cellText(
  type: ColumnType,
  timeZone: string,
  nullText: string,
): (cell: Value | undefined) => string {
  if (type === 'null' || type === 'unsupported') return () => nullText
  const text = scalarText(type, timeZone)
  return (cell) => {
    if (cell === null || cell === undefined) return nullText
    if (!isMultiValue(cell)) return text(cell)
    const [first, ...others] = scalarsOf(cell)
    if (first === undefined) return nullText
    // Java's text of a list.
    return others.length === 0 ? text(first) : `[${[first, ...others].map(text).join(', ')}]`
  }
}

function scalarText(type: ColumnType, timeZone: string): (value: Scalar) => string {
  switch (type) {
    case 'double':
    case 'counter_double':
      return (value) => decimalText(value, doubleText)
    case 'dense_vector':
      return (value) => decimalText(value, floatText)
    case 'date':
      return (value) => dateText(value, timeZone)
    case 'date_nanos':
      return (value) => dateNanosText(value, timeZone)
    case '_source':
    case 'flattened':
      return javaText
    case 'aggregate_metric_double':
      return (value) => (isValueObject(value) ? aggregateMetricText(value) : plainText(value))
    case 'exponential_histogram':
      return (value) => (isValueObject(value) ? histogramText(value) : plainText(value))
    default:
      return plainText
  }
}

/** Numbers come as text where JSON cannot carry them: `-0.0`, `NaN`. */
function decimalText(value: Scalar, text: (value: number) => string): string {
  if (typeof value === 'number') return text(value)
  const number = Number(value)
  return Number.isNaN(number) ? plainText(value) : text(number)
}

/** A value of a type that is written as it comes. */
export function plainText(value: Scalar): string {
  if (typeof value === 'string') return value
  return typeof value === 'object' ? jsonText(value) : String(value)
}
