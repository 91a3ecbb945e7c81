import { isObject } from './is-object'
import type { JsonText } from './json-text'
import { isJsonText } from './json-text'

/** The ES|QL types a column can have. */
export const COLUMN_TYPES = [
  'null',
  'boolean',
  'integer',
  'long',
  'unsigned_long',
  'double',
  'counter_integer',
  'counter_long',
  'counter_double',
  'keyword',
  'text',
  'date',
  'date_nanos',
  'ip',
  'version',
  'geo_point',
  'cartesian_point',
  'geo_shape',
  'cartesian_shape',
  'geohash',
  'geotile',
  'geohex',
  '_source',
  '_tsid',
  'aggregate_metric_double',
  'dense_vector',
  'exponential_histogram',
  'tdigest',
  'histogram',
  'date_range',
  'double_range',
  'flattened',
  'unsupported',
] as const

/** One of {@link COLUMN_TYPES}. */
export type ColumnType = (typeof COLUMN_TYPES)[number]

/** A column of a result: its name and its ES|QL type. */
export interface Column {
  name: string
  type: ColumnType
  /** The mapping types of an `unsupported` or ambiguously mapped column. */
  originalTypes?: readonly string[]
  /** The type to cast an ambiguous column to. @default derived from `originalTypes` as in Elasticsearch */
  suggestedCast?: string
  /**
   * The `_meta` field of the column: how its values came about, such as `{ bucket: { interval: 1, unit: 'day' } }`. The
   * answer shows it only if {@link CompletedQuery.columnMetadata} is set.
   */
  meta?: ValueObject
}

/**
 * One cell. An array is a multi-value, and for `dense_vector` the vector.
 *
 * What a cell may be depends on the type of its column. Each cell is checked once, when a result of a store or an
 * executor comes in, and gets the form that every format writes. A result with a cell that its column cannot hold is
 * refused as a whole: the log names column, row and reason, and the client gets a 500. Lone surrogates become U+FFFD.
 *
 * | type | a cell is |
 * |---|---|
 * | `boolean` | boolean |
 * | `integer`, `counter_integer` | number |
 * | `long`, `unsigned_long`, `counter_long` | bigint, number, or decimal text; beyond 2^53 not a number |
 * | `double`, `counter_double` | number, or `'NaN'`, `'Infinity'`, `'-Infinity'`, `'-0.0'` or decimal text |
 * | `dense_vector` | array of numbers, or typed array |
 * | `date` | `Date`, epoch milliseconds, or ISO 8601 text |
 * | `date_nanos` | epoch nanoseconds as bigint, `Date`, or ISO 8601 text; from 1970 to 2262-04-11T23:47:16.854775807Z |
 * | `date_range`, `double_range` | text of two dates or numbers with `..` between; one that is left out is open |
 * | `ip` | text of an IPv4 or IPv6 address |
 * | `geo_point`, `cartesian_point`, `geo_shape`, `cartesian_shape` | well-known text |
 * | `_source`, `flattened` | object, or {@link JsonText} where the spelling counts |
 * | `exponential_histogram`, `tdigest`, `histogram` | object of numbers; the last two also its JSON text |
 * | `aggregate_metric_double` | object of its metrics (`min`, `max`, `sum`, `value_count`), or its JSON text |
 * | `null`, `unsupported` | anything; always written as null |
 * | every other | text |
 */
export type Value =
  | null
  | boolean
  | number
  | bigint
  | string
  | Date
  | readonly Value[]
  | ValueObject
  | JsonText

/**
 * The content of a `_source` or `flattened` cell: a JSON object, with bigint for exact integers. A `Map` counts as an
 * object, a typed array or a `Set` as an array, and an object with a `toJSON` method as what that returns. A {@link JsonText} keeps its
 * spelling.
 */
export interface ValueObject {
  readonly [key: string]: Value | undefined
}

/** Whether a cell is an array. `Array.isArray` does not narrow a readonly array away from an object. */
export function isMultiValue(cell: Value | undefined): cell is readonly Value[] {
  return Array.isArray(cell)
}

/** Whether a cell is an object of the kind that JSON has: no array, no `Date`, no {@link JsonText}. */
export function isValueObject(cell: Value | undefined): cell is ValueObject {
  return isObject(cell) && !isJsonText(cell)
}

/** Rows of cells, in column order. */
export type Rows = readonly (readonly Value[])[]

/** Rows that are read when they are needed, batch by batch: a result that need not be in memory. */
export interface RowBatches {
  /** How many rows all batches have together. */
  readonly rowCount: number
  /** For each column, whether every cell is null. Left out, `drop_null_columns` reads all batches once more. */
  readonly nullColumns?: readonly boolean[]
  /** For each column, whether a cell has several values. Left out, Arrow reads all batches once more. */
  readonly multiValuedColumns?: readonly boolean[]
  /**
   * All batches from the first on, at each call. A promise stands for a batch that is not in memory; the reader asks for
   * the next one only when it has come, and one at a time. So a batch is what a reader has in memory: a few hundred
   * kilobytes are a good size. The reader calls `return` of the iterator when it needs no more.
   *
   * If the promise of a batch rejects, or the iterator throws, the client gets a 503, or, when the answer has begun, a broken
   * connection. It gets a 500 or the same, and a line in the log says why, when a cell does not fit, rows are missing, or a
   * cell has what the fields above deny.
   */
  batches(): Iterable<Rows | Promise<Rows>>
}

/** The result of a query. The router checks each object once: a store whose result changes returns a new object. */
export interface QueryResult<Values = Rows> {
  columns: readonly Column[]
  /** Rows of cells, in column order. */
  values: Values
  /** How long the query ran, in nanoseconds, where that is not the time that `execute` took. @default the store measures it */
  tookNanos?: number
  /** The counters of the answer: what the query has read and written. */
  statistics?: QueryStatistics
  /** `true`: rows are missing although the query was not stopped. @default false */
  isPartial?: boolean
  /** Whether the engine has approximated, for requests that allow it: the `approximation_applied` field of the answer. */
  approximationApplied?: boolean
  /**
   * Texts for people, sent as `Warning` headers in Elasticsearch's form. Each is sent once, cut after 1,000 characters.
   * All together they take at most 8 KiB: texts beyond that are left out.
   */
  warnings?: readonly string[]
  /** The `profile` field of the answer, for requests that ask for a profile. */
  profile?: ValueObject
  /** The `_clusters` field of the answer. */
  clusters?: ValueObject
  /**
   * `true` promises that nothing in this object ever changes, so that the router may keep the bytes of its answers.
   * `MemoryStore` sets it on its own frozen copies. @default false
   */
  isFrozen?: boolean
}

/** The result of a query as a store returns it: with its rows, or with batches of them. */
export type StoredResult = QueryResult<Rows | RowBatches>

/**
 * What an engine gives: a result with its rows, or with an iterable of batches of them, which is read as fast as the store
 * takes it. What the iterable returns at its end is a {@link ResultEnd}, or nothing.
 */
export type EngineResult = QueryResult<Rows | AsyncIterable<Rows> | Iterable<Rows>>

/** What an engine knows only when it has given its last row. It replaces the same fields of the {@link EngineResult}. */
export type ResultEnd = Omit<QueryResult, 'columns' | 'values' | 'isFrozen'>

/** Whether rows are in memory. `Array.isArray` does not narrow a readonly array away from an object. */
export function isRows(values: unknown): values is Rows {
  return Array.isArray(values)
}

/** All batches of a result. Rows in memory are one. */
export function batchesOf(values: Rows | RowBatches): Iterable<Rows | Promise<Rows>> {
  return isRows(values) ? [values] : values.batches()
}

export function rowCountOf(values: Rows | RowBatches): number {
  return isRows(values) ? values.length : values.rowCount
}

/**
 * Counters of a query. The answer of a finished query has no counter that is left out, except the first two, which are
 * then 0.
 */
export interface QueryStatistics {
  documentsFound?: number
  valuesLoaded?: number
  rowsEmitted?: number
  bytesRead?: number
  readNanos?: number
  cpuNanos?: number
}
