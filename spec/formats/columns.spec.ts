import type { ColumnType, Value } from '../../lib/core/result'
import { COLUMN_TYPES } from '../../lib/core/result'
import { cellRule, cellText, fitsColumn } from '../../lib/formats/columns'
import { OBJECT_FORMATS, TEXT_FORMATS, writerFor } from '../../lib/formats/formats'
import { EVERY_TYPE } from '../../lib/test-kit'
import { completed, plain } from '../support/tables'

const LONG_MAX = 2n ** 63n - 1n
const DATE = new Date(0)

/** Some cells that fit each type. Those that are always null take anything. */
const FITTING: Readonly<Record<ColumnType, readonly Value[]>> = {
  null: [],
  boolean: [true, false],
  integer: [0, -0, -(2 ** 31), 2 ** 31 - 1, 7n, '-7'],
  long: [2 ** 53 - 1, -(2 ** 53) + 1, LONG_MAX, -LONG_MAX - 1n, String(LONG_MAX), '+1'],
  unsigned_long: [0, 2n ** 64n - 1n, String(2n ** 64n - 1n)],
  double: [0.1, 1n, Number.NaN, 'NaN', 'Infinity', '-Infinity', '-0.0', '1.5'],
  counter_integer: [1],
  counter_long: [1, 1n],
  counter_double: [1],
  keyword: ['', 'a', 1, 1n, true, DATE],
  text: ['a'],
  date: [DATE, 0, 1.5, 1n, '2024-01-01'],
  date_nanos: [DATE, 0, 1n, '2024-01-01T00:00:00.000000001Z'],
  ip: ['::1'],
  version: ['1.2.3'],
  geo_point: ['POINT (0.0 0.0)'],
  cartesian_point: ['POINT (0.0 0.0)'],
  geo_shape: ['POINT (0.0 0.0)'],
  cartesian_shape: ['POINT (0.0 0.0)'],
  geohash: ['u2'],
  geotile: ['4/8/5'],
  geohex: ['841f059ffffffff'],
  _source: [{}, { a: [{ b: [[1n]] }] }, 'a'],
  _tsid: ['AAAA'],
  aggregate_metric_double: [{ min: 1 }, '{"min":1.0}'],
  dense_vector: [0.5, '-0.0'],
  exponential_histogram: [{ scale: 1 }],
  tdigest: ['{}', { min: 1 }],
  histogram: ['{}', { values: [1] }],
  date_range: ['..'],
  double_range: ['0.5..1.5'],
  flattened: [{ a: 1 }],
  unsupported: [],
}

const FITS = (Object.keys(FITTING) as ColumnType[]).flatMap((type) =>
  FITTING[type].map((cell): [ColumnType, Value] => [type, cell]),
)

const MISFITS: readonly [ColumnType, readonly unknown[]][] = [
  ['boolean', ['true', 1, 0n, {}, DATE]],
  ['integer', [1.5, 2 ** 31, -(2 ** 31) - 1, Number.NaN, '1.5', '', 'a', 2n ** 31n, true, {}, DATE]],
  ['long', [1.5, 2 ** 53, Number.POSITIVE_INFINITY, '1e3', ' 1', '0x1', LONG_MAX + 1n, true, {}, DATE]],
  ['long', [String(LONG_MAX + 1n), '9'.repeat(100_000)]],
  ['unsigned_long', [-1, -1n, '-1', 2n ** 64n]],
  ['double', ['', ' ', 'a', 'nan', true, {}, DATE]],
  ['dense_vector', ['a', {}]],
  ['date', [new Date(Number.NaN), Number.NaN, Number.POSITIVE_INFINITY, true, {}]],
  ['date_nanos', [new Date(Number.NaN), Number.NaN, true, {}]],
  ['keyword', [{}, () => {}, Symbol('s'), new Date(Number.NaN)]],
  ['geo_point', [{ lat: 1, lon: 2 }]],
]

describe('fitsColumn', () => {
  it.each(FITS)('lets a column of type %s hold %p, alone and in a multi-value', (type, cell) => {
    expect([cell, [cell], [cell, null, cell]].map(fitsColumn(type))).toEqual([true, true, true])
  })

  it.each(MISFITS.flatMap(([type, cells]) => cells.map((cell) => [type, cell] as const)))(
    'lets no column of type %s hold %p, alone or in a multi-value',
    (type, cell) => {
      const cells = [cell, [cell], [null, cell]] as Value[]
      expect(cells.map(fitsColumn(type))).toEqual([false, false, false])
    },
  )

  it.each(COLUMN_TYPES)('lets a column of type %s hold null and no values', (type) => {
    expect([null, undefined, [], [null]].map(fitsColumn(type))).toEqual([true, true, true, true])
  })

  it.each(COLUMN_TYPES)(
    'lets a column of type %s hold arrays in arrays only where null is written',
    (type) => {
      expect(fitsColumn(type)([[]])).toBe(type === 'null' || type === 'unsupported')
    },
  )

  it('lets a column whose cells are written as null hold anything', () => {
    expect([1, 'a', {}, [[1]], DATE].map(fitsColumn('unsupported'))).toEqual(Array(5).fill(true))
  })

  it.each([...OBJECT_FORMATS, ...TEXT_FORMATS])('lets nothing pass that %s cannot write', async (format) => {
    const write = await writerFor(format)
    for (const [type, cell] of FITS) {
      const query = completed({ columns: [{ name: 'x', type }], values: [[cell], [[cell, cell]]] })
      expect([...write(query, plain)].length).toBeGreaterThan(0)
    }
  })

  it('takes every cell of the table of the test-kit', () => {
    const misfits = EVERY_TYPE.columns.filter(
      ({ type }, index) => !EVERY_TYPE.values.every((row) => fitsColumn(type)(row[index])),
    )
    expect(misfits).toEqual([])
  })
})

const AGGREGATE = '{"min":1.0,"max":3.0,"sum":10.1,"value_count":2}'
const HISTOGRAM = '{"scale":3,"sum":2.0,"zero":{"count":1,"threshold":0.0}}'
const NUMBERS = '{safe=3, long=4611686018427387904, beyond=9.223372036854776E18, minusZero=-0.0}'
const SOURCE = '{d=1.5, big=1.0E300, l=9007199254740993, e={}, ea=[]}'

describe('cellText', () => {
  it.each<[ColumnType, Value, string]>([
    ['boolean', true, 'true'],
    ['boolean', false, 'false'],
    ['integer', -7, '-7'],
    ['counter_integer', 7, '7'],
    ['long', 9007199254740993n, '9007199254740993'],
    ['long', '-9223372036854775808', '-9223372036854775808'],
    ['counter_long', 42, '42'],
    ['unsigned_long', '18446744073709551615', '18446744073709551615'],
    ['unsigned_long', 18446744073709551615n, '18446744073709551615'],
    ['double', 12, '12.0'],
    ['double', 1e7, '1.0E7'],
    ['double', -0, '-0.0'],
    ['double', '-0.0', '-0.0'],
    ['double', 'NaN', 'NaN'],
    ['double', '-Infinity', '-Infinity'],
    ['double', '10000000', '1.0E7'],
    ['counter_double', 0.5, '0.5'],
    ['keyword', 'a "b", c', 'a "b", c'],
    ['text', '', ''],
    ['date', 1582979430500, '2020-02-29T13:30:30.500+01:00'],
    ['date_nanos', 1582979430500800900n, '2020-02-29T13:30:30.5008009+01:00'],
    ['ip', 'fe80::cae2:65ff:fece:feb9', 'fe80::cae2:65ff:fece:feb9'],
    ['version', '4.5.6-SNOOPY', '4.5.6-SNOOPY'],
    ['geo_point', 'POINT (12.0 56.0)', 'POINT (12.0 56.0)'],
    ['tdigest', '{"sum":1.0}', '{"sum":1.0}'],
    ['dense_vector', [0.5, 1], '[0.5, 1.0]'],
    ['dense_vector', [0.1], '0.1'],
    ['aggregate_metric_double', { value_count: 2, sum: 10.1, max: 3, min: 1 }, AGGREGATE],
    ['aggregate_metric_double', { value_count: 2, min: null }, '{"value_count":2}'],
    ['aggregate_metric_double', { max: Number.NaN }, '{"max":"NaN"}'],
    ['aggregate_metric_double', '{"min":1.0}', '{"min":1.0}'],
    ['exponential_histogram', { scale: 3, sum: 2, zero: { count: 1, threshold: 0 } }, HISTOGRAM],
    ['histogram', { values: [0.5], counts: [3n] }, '{"values":[0.5],"counts":[3]}'],
    ['_source', { foo: 'bar' }, '{foo=bar}'],
    ['_source', { at: new Date(0) }, '{at=1970-01-01T00:00:00.000Z}'],
    ['_source', { foo: { a: [1, 2] }, n: null }, '{foo={a=[1, 2]}, n=null}'],
    ['_source', { d: 1.5, big: 1e300, l: 9007199254740993n, e: {}, ea: [] }, SOURCE],
    ['_source', { gone: undefined, list: [null, true, { x: 'y' }] }, '{list=[null, true, {x=y}]}'],
    ['_source', { safe: 3, long: 2 ** 62, beyond: 2 ** 63, minusZero: -0 }, NUMBERS],
    ['flattened', { a: { b: 'c' } }, '{a={b=c}}'],
    ['unsupported', 'anything', ''],
    ['null', 'anything', ''],
  ])('writes %s %p as %s', (type, cell, text) => {
    expect(cellText(type, 'Europe/Madrid', '')(cell)).toBe(text)
  })

  it.each<[ColumnType, Value, string]>([
    ['integer', [1, 2], '[1, 2]'],
    ['keyword', ['c,d', 'e"f'], '[c,d, e"f]'],
    ['double', [1.5, 1e7], '[1.5, 1.0E7]'],
    ['boolean', [false, true], '[false, true]'],
    ['date', ['2020-02-29T12:30:30Z', 0], '[2020-02-29T12:30:30.000Z, 1970-01-01T00:00:00.000Z]'],
    ['keyword', ['a', null, 'b'], '[a, b]'],
    ['keyword', ['one'], 'one'],
    ['keyword', [null, 'one', null], 'one'],
    ['keyword', [], 'null'],
    ['keyword', [null], 'null'],
    ['unsupported', ['a', 'b'], 'null'],
  ])('writes the multi-value %s %p as %s', (type, cell, text) => {
    expect(cellText(type, 'UTC', 'null')(cell)).toBe(text)
  })

  it.each(['', 'null'])('writes null and a missing cell as %p', (nullText) => {
    const text = cellText('keyword', 'UTC', nullText)
    expect([text(null), text(undefined)]).toEqual([nullText, nullText])
  })
})

describe('a type that a newer cluster has', () => {
  it.each(['from_the_future', 'constructor', '__proto__'])('%s is written as text', (name) => {
    const type = name as ColumnType
    expect(fitsColumn(type)('a')).toBe(true)
    expect(cellText(type, 'UTC', '')(['a', 'b'])).toBe('[a, b]')
    expect(cellRule(type, 'UTC')).toEqual(cellRule('keyword', 'UTC'))
  })
})
