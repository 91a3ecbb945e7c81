import { isDate } from 'node:util/types'
import type { ColumnType, Value } from '../core/result'
import { isMultiValue } from '../core/result'
import type { CellRule, Scalar } from './cells/cell'
import { cellValue, isMany, objectText, plainText } from './cells/cell'
import { dateNanosText, dateText } from './cells/dates'
import type { Normalize } from './cells/normal'
import {
  normalBoolean,
  normalDate,
  normalDateNanos,
  normalDocument,
  normalDouble,
  normalDoubleEnd,
  normalHistogram,
  normalInteger,
  normalIp,
  normalLong,
  normalPoint,
  normalRange,
  normalShape,
  normalText,
} from './cells/normal'
import { doubleText, floatText } from './cells/numbers'
import { aggregateMetricText, DOUBLES, histogramText, javaText } from './cells/objects'
import { listOf, mapChanged } from './cells/trees'

type NormalizeCell = (cell: unknown) => Value | undefined

/** What a column of a type can hold, and what formats have to know about it. */
interface ColumnKind {
  /** What a value may be, for people. */
  takes: string
  /** The form of a cell when its result comes in. All writers see this form. */
  normal: NormalizeCell
  /** A value in CSV, TSV, TXT and Markdown, before any escaping. */
  text: (value: Scalar, timeZone: string) => string
  /** A value in JSON, YAML, CBOR and SMILE: `string` alone is that text. */
  rule: CellRule | 'string'
}

const metricCell = (value: Scalar): string => objectText(value, aggregateMetricText)
const histogramCell = (value: Scalar): string => objectText(value, histogramText)
const doubleCell = (value: Scalar): string => doubleText(value as number)
const floatCell = (value: Scalar): string => floatText(value as number)
const normalNumbers: Normalize = (value) =>
  typeof value === 'string' ? normalText(value) : normalHistogram(value)

const BEYOND = 'beyond 2^53 as a bigint or decimal text'
const NANOS = 'from 1970-01-01 to 2262-04-11T23:47:16.854775807Z'
const NUMBERS = 'an object of numbers, or its JSON'

/** Whatever a cell holds, null is written. Not even several values are looked at. */
const NOTHING: ColumnKind = {
  takes: 'anything',
  normal: () => null,
  text: plainText,
  rule: { kind: 'null' },
}
const BOOLEAN = kind('a boolean', normalBoolean, plainText, { kind: 'boolean' })
const INTEGER = integers('an integer from -2^31 to 2^31 - 1', normalInteger(-(2n ** 31n), 2n ** 31n - 1n))
const LONG = integers(`an integer from -2^63 to 2^63 - 1, ${BEYOND}`, normalLong)
const UNSIGNED_LONG = integers(`an integer from 0 to 2^64 - 1, ${BEYOND}`, normalInteger(0n, 2n ** 64n - 1n))
const DOUBLE = kind('a number', normalDouble, doubleCell, { kind: 'double' })
const FLOAT = kind('a number', normalDouble, floatCell, { kind: 'float' })
const TEXT = texts('a text, a number or a boolean', normalText)
const IP = texts('an IPv4 or IPv6 address', normalIp)
const POINT = texts('a point in well-known text', normalPoint)
const SHAPE = texts('a geometry in well-known text', normalShape)
const DATE = kind('a `Date`, epoch milliseconds or ISO 8601 text', normalDate, dateText, 'string')
const DATE_NANOS = kind(
  `a \`Date\`, epoch nanoseconds as bigint or ISO 8601 text, ${NANOS}`,
  normalDateNanos,
  dateNanosText,
  'string',
)
const DATE_RANGE = texts('two dates with `..` between', normalRange(normalDate))
const DOUBLE_RANGE = texts('two numbers with `..` between', normalRange(normalDoubleEnd))
const DOCUMENT = kind('an object as JSON can carry it', normalDocument, javaText, { kind: 'tree' })
const METRIC = kind(NUMBERS, normalNumbers, metricCell, 'string')
const HISTOGRAM = kind(NUMBERS, normalNumbers, histogramCell, 'string')
const TREE_OF_NUMBERS = { kind: 'tree', doubles: DOUBLES } as const
const EXPONENTIAL_HISTOGRAM = kind('an object of numbers', normalHistogram, histogramCell, TREE_OF_NUMBERS)

/** The table of column types. Arrow has one of its own, `arrow/arrow-columns.ts`, in its own types. */
const COLUMN_KINDS: Readonly<Record<ColumnType, ColumnKind>> = {
  null: NOTHING,
  boolean: BOOLEAN,
  integer: INTEGER,
  long: LONG,
  unsigned_long: UNSIGNED_LONG,
  double: DOUBLE,
  counter_integer: INTEGER,
  counter_long: LONG,
  counter_double: DOUBLE,
  keyword: TEXT,
  text: TEXT,
  date: DATE,
  date_nanos: DATE_NANOS,
  ip: IP,
  version: TEXT,
  geo_point: POINT,
  cartesian_point: POINT,
  geo_shape: SHAPE,
  cartesian_shape: SHAPE,
  geohash: TEXT,
  geotile: TEXT,
  geohex: TEXT,
  _source: DOCUMENT,
  _tsid: TEXT,
  aggregate_metric_double: METRIC,
  dense_vector: FLOAT,
  exponential_histogram: EXPONENTIAL_HISTOGRAM,
  tdigest: HISTOGRAM,
  histogram: HISTOGRAM,
  date_range: DATE_RANGE,
  double_range: DOUBLE_RANGE,
  flattened: DOCUMENT,
  unsupported: NOTHING,
}

function integers(takes: string, normal: Normalize): ColumnKind {
  return kind(takes, normal, plainText, { kind: 'integer' })
}

function texts(takes: string, normal: Normalize): ColumnKind {
  return kind(takes, normal, plainText, { kind: 'text' })
}

function kind(
  takes: string,
  normal: Normalize,
  text: ColumnKind['text'],
  rule: ColumnKind['rule'],
): ColumnKind {
  return { takes, normal: normalizeCells(normal), text, rule }
}

/** `normal`: gives a value that is not null its form. */
function normalizeCells(normal: Normalize): NormalizeCell {
  const normalValue = (value: Value | undefined): Value | undefined => {
    if (value === null || value === undefined) return null
    return isMultiValue(value) ? undefined : normal(value)
  }
  return (cell) => {
    if (typeof cell !== 'object' || cell === null) return normalValue(cell as Value | undefined)
    // A typed array of numbers is a vector. Bytes are nobody's numbers.
    const values = isDate(cell) || Buffer.isBuffer(cell) ? cell : (listOf(cell) ?? cell)
    if (!Array.isArray(values)) return normalValue(values as Value)
    const normals = mapChanged<Value | undefined>(values, normalValue)
    return normals.includes(undefined) ? undefined : (normals as readonly Value[])
  }
}

/** Whether every cell of a column of this type is written as null. */
export function isAlwaysNull(type: ColumnType): boolean {
  return COLUMN_KINDS[type] === NOTHING
}

/** What the cells of a column of this type may be, for people. */
export function takenBy(type: ColumnType): string {
  return COLUMN_KINDS[type].takes
}

/**
 * Gives a cell its one form when its result comes in, after the table at {@link Value}. Gives `undefined`, or throws, for
 * a cell that no format could write, or not each in the same meaning. Gives a cell that has the form as it is.
 */
export function normalCell(type: ColumnType): NormalizeCell {
  return COLUMN_KINDS[type].normal
}

/**
 * How the cells of a column are written in CSV, TSV, TXT and Markdown, before any escaping. `nullText` stands for null, and so
 * for each cell of a column that is always null.
 */
export function cellText(
  type: ColumnType,
  timeZone: string,
  nullText: string,
): (cell: Value | undefined) => string {
  if (isAlwaysNull(type)) return () => nullText
  const { text } = COLUMN_KINDS[type]
  return (cell) => {
    const value = cellValue(cell)
    if (value === null) return nullText
    // Java's text of a list.
    return isMany(value) ? `[${value.map((each) => text(each, timeZone)).join(', ')}]` : text(value, timeZone)
  }
}

/** How the cells of a column are written in the JSON family, with dates in this zone. */
export function cellRule(type: ColumnType, timeZone: string): CellRule {
  const { rule, text } = COLUMN_KINDS[type]
  return rule === 'string' ? { kind: rule, read: (value) => text(value, timeZone) } : rule
}
