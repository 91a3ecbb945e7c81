import type { ColumnType, Value } from '../core/result'
import { isMultiValue, isValueObject } from '../core/result'
import type { CellRule, Scalar } from './cells/cell'
import { decimalText, plainText, readBoolean, readDouble, readInteger, scalarsOf } from './cells/cell'
import { dateNanosText, dateText } from './cells/dates'
import {
  fitsBoolean,
  fitsDate,
  fitsDouble,
  fitsInteger,
  fitsLong,
  fitsText,
  fitsUnsignedLong,
} from './cells/fits'
import { doubleText, floatText } from './cells/numbers'
import { aggregateMetricText, histogramText, javaText } from './cells/objects'

/** What formats have to know about the columns of a type. */
export type ColumnKind = ValueKind | { isAlwaysNull: true }

interface ValueKind {
  /** `true`: whatever a cell holds, null is written. */
  isAlwaysNull: false
  /** Whether a value, which is not null, can stand in the column. */
  fits: (value: Value) => boolean
  /** A value in CSV, TSV and TXT, before any escaping. */
  text: (timeZone: string) => (value: Scalar) => string
  /** A value in JSON, YAML, CBOR and SMILE. */
  rule: (timeZone: string) => CellRule
}

const NOTHING: ColumnKind = { isAlwaysNull: true }
const BOOLEAN = kind(fitsBoolean, plainText, { kind: 'boolean', read: readBoolean })
const INTEGER = kind(fitsInteger, plainText, { kind: 'integer', read: readInteger })
const LONG = kind(fitsLong, plainText, { kind: 'integer', read: readInteger })
const UNSIGNED_LONG = kind(fitsUnsignedLong, plainText, { kind: 'integer', read: readInteger })
const DOUBLE = kind(fitsDouble, (value) => decimalText(value, doubleText), {
  kind: 'double',
  read: readDouble,
})
const FLOAT = kind(fitsDouble, (value) => decimalText(value, floatText), { kind: 'float', read: readDouble })
const TEXT = kind(fitsText, plainText, { kind: 'text', read: plainText })
const JSON_TEXT = kind(fitsAnything, plainText, { kind: 'text', read: plainText })
const DOCUMENT = kind(fitsAnything, javaText, { kind: 'tree' })
const METRIC = kind(fitsAnything, metricText, { kind: 'string', read: metricText })
const EXPONENTIAL_HISTOGRAM = kind(fitsAnything, exponentialHistogramText, { kind: 'tree' })
const DATE: ColumnKind = {
  isAlwaysNull: false,
  fits: fitsDate,
  text: (timeZone) => (value) => dateText(value, timeZone),
  rule: (timeZone) => ({ kind: 'string', read: (value) => dateText(value, timeZone) }),
}
const DATE_NANOS: ColumnKind = {
  isAlwaysNull: false,
  fits: fitsDate,
  text: (timeZone) => (value) => dateNanosText(value, timeZone),
  rule: (timeZone) => ({ kind: 'string', read: (value) => dateNanosText(value, timeZone) }),
}

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
  ip: TEXT,
  version: TEXT,
  geo_point: TEXT,
  cartesian_point: TEXT,
  geo_shape: TEXT,
  cartesian_shape: TEXT,
  geohash: TEXT,
  geotile: TEXT,
  geohex: TEXT,
  _source: DOCUMENT,
  _tsid: TEXT,
  aggregate_metric_double: METRIC,
  dense_vector: FLOAT,
  exponential_histogram: EXPONENTIAL_HISTOGRAM,
  tdigest: JSON_TEXT,
  histogram: JSON_TEXT,
  date_range: TEXT,
  double_range: TEXT,
  flattened: DOCUMENT,
  unsupported: NOTHING,
}

/** A cluster that is newer than this package can have types that are not in the table. It writes most of them as text. */
function kindOf(type: ColumnType): ColumnKind {
  return Object.hasOwn(COLUMN_KINDS, type) ? COLUMN_KINDS[type] : TEXT
}

function kind(fits: ValueKind['fits'], text: (value: Scalar) => string, rule: CellRule): ColumnKind {
  return { isAlwaysNull: false, fits, text: () => text, rule: () => rule }
}

function fitsAnything(): boolean {
  return true
}

function metricText(value: Scalar): string {
  return isValueObject(value) ? aggregateMetricText(value) : plainText(value)
}

function exponentialHistogramText(value: Scalar): string {
  return isValueObject(value) ? histogramText(value) : plainText(value)
}

/** Whether every cell of a column of this type is written as null. */
export function isAlwaysNull(type: ColumnType): boolean {
  return kindOf(type).isAlwaysNull
}

/** Whether a cell can stand in a column. */
export type FitsColumn = (cell: Value | undefined) => boolean

/**
 * The check for the cells of a column, after the table at {@link Value}, as far as a cell of another kind could not
 * be written. Text that is to be an address, a shape or a date is taken as it comes: most formats write it as it is.
 */
export function fitsColumn(type: ColumnType): FitsColumn {
  const kind = kindOf(type)
  if (kind.isAlwaysNull) return () => true
  const { fits } = kind
  const fitsOrNull = (value: Value | undefined): boolean =>
    value === null || value === undefined || (!isMultiValue(value) && fits(value))
  return (cell) =>
    typeof cell === 'object' && isMultiValue(cell) ? cell.every(fitsOrNull) : fitsOrNull(cell)
}

/**
 * How the cells of a column are written in CSV, TSV and TXT, before any escaping. `nullText` stands for null, and so
 * for each cell of a column that is always null.
 */
export function cellText(
  type: ColumnType,
  timeZone: string,
  nullText: string,
): (cell: Value | undefined) => string {
  const kind = kindOf(type)
  if (kind.isAlwaysNull) return () => nullText
  const text = kind.text(timeZone)
  return (cell) => {
    if (cell === null || cell === undefined) return nullText
    if (!isMultiValue(cell)) return text(cell)
    const [first, ...others] = scalarsOf(cell)
    if (first === undefined) return nullText
    // Java's text of a list.
    return others.length === 0 ? text(first) : `[${[first, ...others].map(text).join(', ')}]`
  }
}

const NULL_RULE: CellRule = { kind: 'null' }

/** How the cells of a column are written in the JSON family, with dates in this zone. */
export function cellRule(type: ColumnType, timeZone: string): CellRule {
  const kind = kindOf(type)
  return kind.isAlwaysNull ? NULL_RULE : kind.rule(timeZone)
}
