import type { ColumnType, Value } from '../../../lib/core/result'
import { jsonCells } from '../../support/json-family'

/** For each type some cells, and their JSON. */
const CELLS: Readonly<Record<ColumnType, readonly (readonly [cells: readonly Value[], json: string])[]>> = {
  null: [[[null, 1, ['a', 'b'], { a: 1 }], 'null,null,null,null']],
  boolean: [[[true, false, [true, false]], 'true,false,[true,false]']],
  integer: [[[1, -0, 2147483647, '7'], '1,0,2147483647,7']],
  long: [
    [[1, 2n, '3', '-9223372036854775808', 9007199254740993n], '1,2,3,-9223372036854775808,9007199254740993'],
    [[2n ** 62n], '4611686018427387904'],
    [
      [
        [1n, null],
        [2n, 3n],
      ],
      '1,[2,3]',
    ],
  ],
  unsigned_long: [
    [[18446744073709551615n, '18446744073709551615'], '18446744073709551615,18446744073709551615'],
  ],
  double: [
    [[3, 0.5, 1e7, 1e-4, 5e-324], '3.0,0.5,1.0E7,1.0E-4,4.9E-324'],
    [['NaN', 'Infinity', '-Infinity', '-0.0', '1.5', 7n], '"NaN","Infinity","-Infinity",-0.0,1.5,7.0'],
    [[Number.NaN, Number.POSITIVE_INFINITY, -0], '"NaN","Infinity",-0.0'],
  ],
  counter_integer: [[[1], '1']],
  counter_long: [[['9007199254740993'], '9007199254740993']],
  counter_double: [[[2], '2.0']],
  keyword: [
    [['a', '', 'null', ['a', 'b']], '"a","","null",["a","b"]'],
    [[1, 2n, true], '"1","2","true"'],
    // Nulls are not part of a multi-value, one value is no array, and no value is null.
    [[[], [null], ['a'], [null, 'a'], ['a', null, 'b']], 'null,null,"a","a",["a","b"]'],
  ],
  text: [[['é日😀'], '"é日😀"']],
  date: [
    [
      [0, new Date(1), '2020-02-29', '2020-02-29T12:30:30.500Z'],
      '"1970-01-01T00:00:00.000Z","1970-01-01T00:00:00.001Z","2020-02-29T00:00:00.000Z","2020-02-29T12:30:30.500Z"',
    ],
  ],
  date_nanos: [
    [
      [1n, new Date(1), '2020-02-29T12:30:30.5008009Z'],
      '"1970-01-01T00:00:00.000000001Z","1970-01-01T00:00:00.001Z","2020-02-29T12:30:30.5008009Z"',
    ],
  ],
  ip: [[['127.0.0.1', '::1'], '"127.0.0.1","::1"']],
  version: [[['4.5.6-SNOOPY'], '"4.5.6-SNOOPY"']],
  geo_point: [[['POINT (12.0 56.0)'], '"POINT (12.0 56.0)"']],
  cartesian_point: [[['POINT (1200.5 -3.25)'], '"POINT (1200.5 -3.25)"']],
  geo_shape: [[['LINESTRING (0.0 0.0, 1.0 1.0)'], '"LINESTRING (0.0 0.0, 1.0 1.0)"']],
  cartesian_shape: [[['LINESTRING (0.0 0.0, 1.0 1.0)'], '"LINESTRING (0.0 0.0, 1.0 1.0)"']],
  geohash: [[['u281z'], '"u281z"']],
  geotile: [[['4/8/5'], '"4/8/5"']],
  geohex: [[['841f059ffffffff'], '"841f059ffffffff"']],
  _source: [
    [[{ b: 1, a: [1.5, null, {}, []], c: undefined, 1: 2n }], '{"1":2,"b":1,"a":[1.5,null,{},[]]}'],
    [
      [{ n: 1e21, m: 2 ** 60, z: -0, d: new Date(0), u: Number.NaN }],
      '{"n":1.0E21,"m":1152921504606846976,"z":-0.0,"d":"1970-01-01T00:00:00.000Z","u":"NaN"}',
    ],
  ],
  _tsid: [[['AAAA'], '"AAAA"']],
  aggregate_metric_double: [
    [
      [{ value_count: 2, max: 3, min: 1 }, '{"min":1.0}'],
      '"{\\"min\\":1.0,\\"max\\":3.0,\\"value_count\\":2}","{\\"min\\":1.0}"',
    ],
  ],
  dense_vector: [[[[0.5, -1, 3], [0.25], [0.1, 1e10]], '[0.5,-1.0,3.0],0.25,[0.1,1.0E10]']],
  exponential_histogram: [
    [[{ scale: 3, sum: 0.5 }], '{"scale":3,"sum":0.5}'],
    [
      [{ scale: 3, sum: 2, min: 1, max: 1n, zero: { threshold: 0, count: 1 }, positive: { counts: [1] } }],
      '{"scale":3,"sum":2.0,"min":1.0,"max":1.0,"zero":{"threshold":0.0,"count":1},"positive":{"counts":[1]}}',
    ],
  ],
  tdigest: [[['{"a":1}'], '"{\\"a\\":1}"']],
  histogram: [
    [[{ values: [1, 2.5], counts: [3n, '4'] }], '"{\\"values\\":[1.0,2.5],\\"counts\\":[3,4]}"'],
    [['{"counts":[3]}'], '"{\\"counts\\":[3]}"'],
  ],
  date_range: [
    [
      ['2024-01-01T00:00:00.000Z..2025-01-01T00:00:00.000Z'],
      '"2024-01-01T00:00:00.000Z..2025-01-01T00:00:00.000Z"',
    ],
  ],
  double_range: [[['0.5..1.5'], '"0.5..1.5"']],
  flattened: [[[{ 'a.b': 'c' }], '{"a.b":"c"}']],
  unsupported: [[['a', [1, 2]], 'null,null']],
}

const CASES = (Object.keys(CELLS) as ColumnType[]).flatMap((type) =>
  CELLS[type].map(([cells, json]) => [type, cells, json] as const),
)

describe.each([
  ['token by token', 'values'],
  ['in batches', ''],
])('cells, written %s', (_, filterPath) => {
  it.each(CASES)('%s %j', (type, cells, json) => {
    expect(jsonCells(type, cells, { filterPath })).toBe(json)
  })

  it('show dates in the zone of the query', () => {
    const cells = ['2020-02-29T12:30:30.500Z']
    expect(jsonCells('date', cells, { filterPath, timeZone: 'Europe/Madrid' })).toBe(
      '"2020-02-29T13:30:30.500+01:00"',
    )
    expect(jsonCells('date_nanos', cells, { filterPath, timeZone: '+10:00' })).toBe(
      '"2020-02-29T22:30:30.500+10:00"',
    )
  })
})
