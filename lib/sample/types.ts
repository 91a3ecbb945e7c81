import type { Column, ColumnType, Value } from '../result'

/**
 * Two cells of every ES|QL type; the second is a multi-value where the type can have one. Those from
 * `aggregate_metric_double` on have no place in an Arrow stream.
 */
const CELLS: readonly (readonly [type: ColumnType, first: Value, second: Value])[] = [
  ['null', null, null],
  ['boolean', true, [false, true]],
  ['integer', 2147483647, [-2147483648, 0]],
  ['long', 9223372036854775807n, [-9007199254740993n, 9007199254740993n]],
  ['unsigned_long', 18446744073709551615n, [0n, 9223372036854775808n]],
  ['double', 12, [0.0001, 3.5, 10000000]],
  ['counter_integer', 40, 41],
  ['counter_long', 9007199254740993n, 9007199254740995n],
  ['counter_double', 0.5, 1.5],
  ['keyword', 'a "quoted", comma', ['tab\there', 'Zürich 雪 🎈']],
  ['text', 'two\nlines', ['first', 'second']],
  ['date', '2020-02-29T12:30:30.500Z', ['1969-12-31T23:59:59.999Z', '2038-01-19T03:14:08.000Z']],
  [
    'date_nanos',
    '2020-02-29T12:30:30.123456789Z',
    ['2020-02-29T12:30:30.500800900Z', '2020-02-29T12:30:31Z'],
  ],
  ['ip', '127.0.0.1', ['10.0.0.1', 'fe80::cae2:65ff:fece:feb9']],
  ['version', '1.2.3', ['1.2.3', '4.5.6-SNOOPY']],
  ['geo_point', 'POINT (12.0 56.0)', ['POINT (-97.0 26.0)', 'POINT (8.5 47.25)']],
  ['cartesian_point', 'POINT (1234.0 5678.0)', ['POINT (-9753.0 2611.0)', 'POINT (0.5 0.25)']],
  [
    'geo_shape',
    'POLYGON ((-1.0 -1.0, 1.0 -1.0, 1.0 1.0, -1.0 1.0, -1.0 -1.0))',
    'LINESTRING (8.0 47.0, 8.5 47.25, 9.0 47.5)',
  ],
  ['cartesian_shape', 'LINESTRING (0.0 0.0, 100.0 50.0)', 'POLYGON ((0.0 0.0, 4.0 0.0, 4.0 3.0, 0.0 0.0))'],
  ['_source', { title: 'Dune', pages: 412, tags: ['desert', 'politics'] }, { title: 'Neuromancer' }],
  ['unsupported', null, null],
  [
    'aggregate_metric_double',
    { min: 1, max: 3, sum: 10.1, value_count: 2 },
    { min: 0, max: 0, sum: 0, value_count: 1 },
  ],
  ['dense_vector', [0.5, -1, 3], [0.25, 0.125, 100]],
  [
    'exponential_histogram',
    { scale: 2, sum: 7, min: 1, max: 4, positive: { indices: [0, 3], counts: [2, 1] } },
    { scale: 0, sum: 0, zero: { count: 1 } },
  ],
  [
    'tdigest',
    '{"min":1.0,"max":3.0,"sum":6.0,"centroids":[1.0,2.0,3.0],"counts":[1,1,1]}',
    '{"centroids":[1.5],"counts":[4]}',
  ],
  ['histogram', '{"values":[0.1,0.25],"counts":[3,7]}', '{"values":[1.0],"counts":[1]}'],
  ['date_range', '2020-01-01T00:00:00.000Z..2021-01-01T00:00:00.000Z', null],
  ['double_range', '1.5..2.5', null],
  ['flattened', { host: 'web-1', labels: { tier: 'front' } }, { host: 'web-2' }],
  ['geohash', 'u3b', ['u3b', 'u3c']],
  ['geotile', '4/8/5', ['4/8/5', '4/8/6']],
  ['geohex', '841f059ffffffff', ['841f059ffffffff', '841f05bffffffff']],
  ['_tsid', 'JFFUy14C9UcX3MnFnsFrpf0UyfFfY7IFZ5m8', 'JFFUy14C9UcX3MnFnsFrpf0UyfFfY7IFZ5m9'],
]

const BASIC = CELLS.slice(
  0,
  CELLS.findIndex(([type]) => type === 'aggregate_metric_double'),
)

export const ALL_TYPES = typesTable(CELLS)

/** The types that an Arrow stream can carry. */
export const BASIC_TYPES = typesTable(BASIC)

/** One column per type, under its name. The rows: single values, multi-values, nulls. */
function typesTable(cells: typeof CELLS): { columns: Column[]; values: Value[][] } {
  return {
    columns: cells.map(([type]) => ({
      name: type,
      type,
      ...(type === 'unsupported' && { originalTypes: ['rank_feature'] }),
    })),
    values: [cells.map(([, first]) => first), cells.map(([, , second]) => second), cells.map(() => null)],
  }
}
