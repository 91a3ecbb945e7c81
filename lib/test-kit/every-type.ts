import type { ColumnType, QueryResult, Value } from '../core/result'
import { COLUMN_TYPES } from '../core/result'

const BOOK = {
  title: 'Dune',
  authors: ['Herbert', null],
  edition: { pages: 412, weight: 0.75, stock: 9_007_199_254_740_993n, signed: false, gone: null },
}

/** For each type a cell with one value, and one with several where the type has multi-values. */
const CELLS: Readonly<Record<ColumnType, readonly [Value, Value]>> = {
  null: [null, null],
  boolean: [true, [false, true]],
  integer: [-2_147_483_648, [0, 2_147_483_647]],
  long: [9_007_199_254_740_993n, [-9_223_372_036_854_775_808n, 9_223_372_036_854_775_807n]],
  unsigned_long: [18_446_744_073_709_551_615n, [0, 9_223_372_036_854_775_808n]],
  double: [0.1, [-1.5, 1e300]],
  counter_integer: [7, 8],
  counter_long: [9_007_199_254_740_995n, 1],
  counter_double: [7.25, 0.5],
  keyword: ['Der W\u00fcstenplanet \u{1f3dc}', ['a', 'b, "c"\n']],
  text: ['', ['It was a dark', 'and stormy night']],
  date: ['2024-02-29T12:34:56.789Z', ['1969-12-31T23:59:59.999Z', '2024-01-01T00:00:00.000Z']],
  date_nanos: [
    '2024-02-29T12:34:56.123456789Z',
    ['1970-01-01T00:00:00.000000001Z', '2024-01-01T00:00:00.000Z'],
  ],
  ip: ['10.0.0.1', ['2001:db8::1', '10.0.0.2']],
  version: ['1.2.3-rc.1', ['1.2.3', '1.10.0']],
  geo_point: ['POINT (12.5 -3.25)', ['POINT (0.0 0.0)', 'POINT (1.0 2.0)']],
  cartesian_point: ['POINT (1200.5 -3.25)', ['POINT (0.0 0.0)', 'POINT (1000.0 2.0)']],
  geo_shape: [
    'POLYGON ((0.0 0.0, 2.0 0.0, 2.0 2.0, 0.0 0.0))',
    ['POINT (0.0 0.0)', 'LINESTRING (0.0 0.0, 1.0 1.0)'],
  ],
  cartesian_shape: [
    'LINESTRING (0.0 0.0, 1000.0 1000.0)',
    ['POINT (0.0 0.0)', 'POLYGON ((0.0 0.0, 2.0 0.0, 2.0 2.0, 0.0 0.0))'],
  ],
  geohash: ['u281z', ['u2', 'u3']],
  geotile: ['4/8/5', ['1/0/0', '1/1/0']],
  geohex: ['841f059ffffffff', ['841f051ffffffff', '841f053ffffffff']],
  _source: [BOOK, {}],
  _tsid: ['KDODRmbj7vu4rLWvjrJbpUuaET_vOYoRw6ImzKEcF4sEaGKnXSaKfM0', 'AAAA'],
  aggregate_metric_double: [{ min: 1.5, max: 3.5, sum: 5, value_count: 2 }, { value_count: 1 }],
  dense_vector: [
    [0.5, -0.25, 1],
    [0, 0, 1],
  ],
  exponential_histogram: [
    { scale: 2, sum: 5.5, min: 1.5, max: 4, positive: { indices: [1], counts: [2] } },
    {},
  ],
  tdigest: ['{"min":1.0,"max":2.0,"sum":3.0,"centroids":[1.0,2.0],"counts":[1,1]}', null],
  histogram: ['{"values":[1.0,2.0],"counts":[3,4]}', null],
  date_range: ['2024-01-01T00:00:00.000Z..2025-01-01T00:00:00.000Z', null],
  double_range: ['0.5..1.5', null],
  flattened: [{ color: 'red', sizes: ['s', 'm'] }, {}],
  unsupported: [null, null],
}

/**
 * A table for `outcomes.completes`, which shows that a store spoils nothing: a column of each type, named after it, and
 * three rows, of single values, of multi-values, and of nulls. It has integers beyond 2^53, nanoseconds, objects and
 * text that is easy to break.
 *
 * Cells have the form that an exact reader of JSON returns: integers up to 2^53 are numbers, larger ones are bigint,
 * dates are ISO 8601 text. The kit tells forms apart. The harness of a store that returns another form that `Value`
 * allows (a `Date`, bigint for each `long`, the text of an `aggregate_metric_double`) names its outcome in that form.
 */
export const EVERY_TYPE: QueryResult = {
  columns: COLUMN_TYPES.map((type) => ({
    name: type,
    type,
    ...(type === 'unsupported' && { originalTypes: ['keyword', 'long'], suggestedCast: 'keyword' }),
  })),
  values: [
    COLUMN_TYPES.map((type) => CELLS[type][0]),
    COLUMN_TYPES.map((type) => CELLS[type][1]),
    COLUMN_TYPES.map(() => null),
  ],
  statistics: {
    documentsFound: 3,
    valuesLoaded: 99,
    rowsEmitted: 3,
    bytesRead: 300,
    readNanos: 7,
    cpuNanos: 9,
  },
}
