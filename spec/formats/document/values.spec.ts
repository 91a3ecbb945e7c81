import type { ColumnType, Value } from '../../../lib/core/result'
import { jsonCells } from '../../support/json-family'

type Case = [type: ColumnType, cells: readonly Value[], json: string]

const cases: Case[] = [
  ['null', [null, 1, ['a', 'b'], { a: 1 }], 'null,null,null,null'],
  ['unsupported', ['a', [1, 2]], 'null,null'],
  ['boolean', [true, false, [true, false]], 'true,false,[true,false]'],
  ['integer', [1, -0, 2147483647, '7'], '1,0,2147483647,7'],
  ['counter_integer', [1], '1'],
  [
    'long',
    [1, 2n, '3', '-9223372036854775808', 9007199254740993n],
    '1,2,3,-9223372036854775808,9007199254740993',
  ],
  ['long', [2 ** 62], '4611686018427387904'],
  [
    'unsigned_long',
    [18446744073709551615n, '18446744073709551615'],
    '18446744073709551615,18446744073709551615',
  ],
  ['counter_long', ['9007199254740993'], '9007199254740993'],
  ['double', [3, 0.5, 1e7, 1e-4, 5e-324], '3.0,0.5,1.0E7,1.0E-4,4.9E-324'],
  [
    'double',
    ['NaN', 'Infinity', '-Infinity', '-0.0', '1.5', 7n],
    '"NaN","Infinity","-Infinity",-0.0,1.5,7.0',
  ],
  ['double', [Number.NaN, Number.POSITIVE_INFINITY, -0], '"NaN","Infinity",-0.0'],
  ['counter_double', [2], '2.0'],
  ['keyword', ['a', '', 'null', ['a', 'b']], '"a","","null",["a","b"]'],
  ['keyword', [1, 2n, true], '"1","2","true"'],
  ['text', ['é日😀'], '"é日😀"'],
  ['ip', ['127.0.0.1', '::1'], '"127.0.0.1","::1"'],
  ['version', ['4.5.6-SNOOPY'], '"4.5.6-SNOOPY"'],
  ['geo_point', ['POINT (12.0 56.0)'], '"POINT (12.0 56.0)"'],
  [
    'date',
    [0, new Date(1), '2020-02-29', '2020-02-29T12:30:30.500Z'],
    '"1970-01-01T00:00:00.000Z","1970-01-01T00:00:00.001Z","2020-02-29T00:00:00.000Z","2020-02-29T12:30:30.500Z"',
  ],
  [
    'date_nanos',
    [1n, new Date(1), '2020-02-29T12:30:30.5008009Z'],
    '"1970-01-01T00:00:00.000000001Z","1970-01-01T00:00:00.001Z","2020-02-29T12:30:30.5008009Z"',
  ],
  [
    'aggregate_metric_double',
    [{ value_count: 2, max: 3, min: 1 }, '{"min":1.0}'],
    '"{\\"min\\":1.0,\\"max\\":3.0,\\"value_count\\":2}","{\\"min\\":1.0}"',
  ],
  ['dense_vector', [[0.5, -1, 3], [0.25], [0.1, 1e10]], '[0.5,-1.0,3.0],0.25,[0.1,1.0E10]'],
  ['tdigest', ['{"a":1}'], '"{\\"a\\":1}"'],
  ['_source', [{ b: 1, a: [1.5, null, {}, []], c: undefined, 1: 2n }], '{"1":2,"b":1,"a":[1.5,null,{},[]]}'],
  [
    '_source',
    [{ n: 1e21, m: 2 ** 60, z: -0, d: new Date(0), u: Number.NaN }],
    '{"n":1.0E21,"m":1152921504606846976,"z":-0.0,"d":"1970-01-01T00:00:00.000Z","u":"NaN"}',
  ],
  ['flattened', [{ 'a.b': 'c' }], '{"a.b":"c"}'],
  ['exponential_histogram', [{ scale: 3, sum: 0.5 }], '{"scale":3,"sum":0.5}'],
  // Nulls are not part of a multi-value, one value is no array, and no value is null.
  ['keyword', [[], [null], ['a'], [null, 'a'], ['a', null, 'b']], 'null,null,"a","a",["a","b"]'],
  [
    'long',
    [
      [1n, null],
      [2n, 3n],
    ],
    '1,[2,3]',
  ],
]

describe.each([
  ['token by token', 'values'],
  ['in batches', ''],
])('cells, written %s', (_, filterPath) => {
  it.each(cases)('%s %j', (type, cells, json) => {
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

  it.each<[ColumnType, Value]>([
    ['boolean', 'true'],
    ['integer', 1.5],
    ['long', 'one'],
    ['long', ''],
    ['long', {}],
    ['double', 'one'],
    ['double', ' '],
    ['double', true],
    ['dense_vector', [0.5, 'x']],
  ])('of type %s refuse %j', (type, cell) => {
    expect(() => jsonCells(type, [cell], { filterPath })).toThrow(TypeError)
  })
})
