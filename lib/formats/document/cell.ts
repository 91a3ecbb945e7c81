import type { ColumnType, Value } from '../../core/result'
import { plainText } from '../cells/cell-text'
import { aggregateMetricText } from '../cells/metric-text'
import { isMultiValue, isValueObject, type Scalar, scalarsOf } from '../cells/multi-value'
import { dateNanosText, dateText } from '../cells/scalar-text'
import type { TokenSink } from './token-sink'
import { writeTree } from './tree'

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

/** The rule for the cells of a column, with dates in this zone. */
export function cellRule(type: ColumnType, timeZone: string): CellRule {
  switch (type) {
    case 'null':
    case 'unsupported':
      return { kind: 'null' }
    case 'boolean':
      return { kind: 'boolean', read: readBoolean }
    case 'integer':
    case 'long':
    case 'unsigned_long':
    case 'counter_integer':
    case 'counter_long':
      return { kind: 'integer', read: readInteger }
    case 'double':
    case 'counter_double':
      return { kind: 'double', read: readDouble }
    case 'dense_vector':
      return { kind: 'float', read: readDouble }
    case '_source':
    case 'flattened':
    case 'exponential_histogram':
      return { kind: 'tree' }
    case 'date':
      return { kind: 'string', read: (value) => dateText(value, timeZone) }
    case 'date_nanos':
      return { kind: 'string', read: (value) => dateNanosText(value, timeZone) }
    case 'aggregate_metric_double':
      return {
        kind: 'string',
        read: (value) => (isValueObject(value) ? aggregateMetricText(value) : plainText(value)),
      }
    default:
      return { kind: 'text', read: plainText }
  }
}

/**
 * The value of a cell, or its values. Multi-values are as in Elasticsearch: null is not part of them, one value
 * is no array, and no value is null.
 */
export function cellValue(cell: Value | undefined): Scalar | readonly Scalar[] | null {
  if (!isMultiValue(cell)) return cell ?? null
  const values = scalarsOf(cell)
  return values.length > 1 ? values : (values[0] ?? null)
}

export function isMany(value: Scalar | readonly Scalar[]): value is readonly Scalar[] {
  return Array.isArray(value)
}

export function writeCell(sink: TokenSink, rule: CellRule, cell: Value | undefined): void {
  const value = cellValue(cell)
  if (value === null || rule.kind === 'null') {
    sink.null()
  } else if (isMany(value)) {
    sink.startArray()
    for (const scalar of value) writeScalar(sink, rule, scalar)
    sink.endArray()
  } else {
    writeScalar(sink, rule, value)
  }
}

function writeScalar(sink: TokenSink, rule: Exclude<CellRule, { kind: 'null' }>, value: Scalar): void {
  switch (rule.kind) {
    case 'boolean':
      sink.boolean(rule.read(value))
      break
    case 'integer':
      sink.integer(rule.read(value))
      break
    case 'double':
      sink.double(rule.read(value))
      break
    case 'float':
      sink.float(rule.read(value))
      break
    case 'text':
    case 'string':
      sink.string(rule.read(value))
      break
    case 'tree':
      writeTree(sink, value)
  }
}

function readBoolean(value: Scalar): boolean {
  if (typeof value === 'boolean') return value
  throw wrongCell('boolean', value)
}

/** A bigint only where a number would not be exact. */
function readInteger(value: Scalar): number | bigint {
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
function readDouble(value: Scalar): number {
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
