import type { ColumnType, Value } from '../core/result'
import { isMultiValue } from '../core/result'
import type { CellRule, Scalar } from './cells/cell'
import {
  cellValue,
  decimalText,
  fitsBoolean,
  fitsDate,
  fitsDouble,
  fitsInteger,
  fitsLong,
  fitsText,
  fitsUnsignedLong,
  isMany,
  objectText,
  plainText,
  readBoolean,
  readDouble,
  readInteger,
} from './cells/cell'
import { dateNanosText, dateText } from './cells/dates'
import { doubleText, floatText } from './cells/numbers'
import { aggregateMetricText, histogramText, javaText } from './cells/objects'

/** What formats have to know about the columns of a type. */
interface ColumnKind {
  /** Whether a value, which is not null, can stand in the column. */
  fits: (value: Value) => boolean
  /** A value in CSV, TSV and TXT, before any escaping. */
  text: (value: Scalar, timeZone: string) => string
  /** A value in JSON, YAML, CBOR and SMILE: `string` alone is that text. */
  rule: CellRule | 'string'
}

const doubleCell = (value: Scalar): string => decimalText(value, doubleText)
const floatCell = (value: Scalar): string => decimalText(value, floatText)
const metricCell = (value: Scalar): string => objectText(value, aggregateMetricText)
const histogramCell = (value: Scalar): string => objectText(value, histogramText)
const fitsAnything = (): boolean => true

/** Whatever a cell holds, null is written. */
const NOTHING = kind(fitsAnything, plainText, { kind: 'null' })
const BOOLEAN = kind(fitsBoolean, plainText, { kind: 'boolean', read: readBoolean })
const INTEGER = kind(fitsInteger, plainText, { kind: 'integer', read: readInteger })
const LONG = kind(fitsLong, plainText, { kind: 'integer', read: readInteger })
const UNSIGNED_LONG = kind(fitsUnsignedLong, plainText, { kind: 'integer', read: readInteger })
const DOUBLE = kind(fitsDouble, doubleCell, { kind: 'double', read: readDouble })
const FLOAT = kind(fitsDouble, floatCell, { kind: 'float', read: readDouble })
const TEXT = kind(fitsText, plainText, { kind: 'text', read: plainText })
const DATE = kind(fitsDate, dateText, 'string')
const DATE_NANOS = kind(fitsDate, dateNanosText, 'string')
const DOCUMENT = kind(fitsAnything, javaText, { kind: 'tree' })
const METRIC = kind(fitsAnything, metricCell, 'string')
const EXPONENTIAL_HISTOGRAM = kind(fitsAnything, histogramCell, { kind: 'tree' })
const HISTOGRAM = kind(fitsAnything, plainText, { kind: 'text', read: plainText })

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
  tdigest: HISTOGRAM,
  histogram: HISTOGRAM,
  date_range: TEXT,
  double_range: TEXT,
  flattened: DOCUMENT,
  unsupported: NOTHING,
}

/** Types that a newer cluster has and this package does not know are taken for text. */
function kindOf(type: ColumnType): ColumnKind {
  return Object.hasOwn(COLUMN_KINDS, type) ? COLUMN_KINDS[type] : TEXT
}

function kind(fits: ColumnKind['fits'], text: ColumnKind['text'], rule: ColumnKind['rule']): ColumnKind {
  return { fits, text, rule }
}

/** Whether every cell of a column of this type is written as null. */
export function isAlwaysNull(type: ColumnType): boolean {
  return kindOf(type) === NOTHING
}

/**
 * The check for the cells of a column, after the table at {@link Value}, as far as a cell of another kind could not
 * be written. Text that is to be an address, a shape or a date is taken as it comes: most formats write it as it is.
 */
export function fitsColumn(type: ColumnType): (cell: Value | undefined) => boolean {
  if (isAlwaysNull(type)) return fitsAnything
  const { fits } = kindOf(type)
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
  if (isAlwaysNull(type)) return () => nullText
  const { text } = kindOf(type)
  return (cell) => {
    const value = cellValue(cell)
    if (value === null) return nullText
    // Java's text of a list.
    return isMany(value) ? `[${value.map((each) => text(each, timeZone)).join(', ')}]` : text(value, timeZone)
  }
}

/** How the cells of a column are written in the JSON family, with dates in this zone. */
export function cellRule(type: ColumnType, timeZone: string): CellRule {
  const { rule, text } = kindOf(type)
  return rule === 'string' ? { kind: rule, read: (value) => text(value, timeZone) } : rule
}
