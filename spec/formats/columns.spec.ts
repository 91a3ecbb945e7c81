import type { ColumnType, Value } from '../../lib/core/result'
import { COLUMN_TYPES } from '../../lib/core/result'
import { cellText, normalCell } from '../../lib/formats/columns'
import { OBJECT_FORMATS, TEXT_FORMATS, writerFor } from '../../lib/formats/formats'
import { EVERY_TYPE } from '../../lib/test-kit'
import { admitted, completed, plain } from '../support/tables'

const LONG_MAX = 2n ** 63n - 1n
const NANOS_MAX = '2262-04-11T23:47:16.854775807Z'
const DATE = new Date(0)
const EPOCH = '1970-01-01T00:00:00.000Z'
const LONE = '\ud83e'

/** Cells, each with its form: a cell alone has that form already. Types that are always null take anything. */
const FORMS: Readonly<Record<ColumnType, readonly (readonly [cell: unknown, form: Value] | Value)[]>> = {
  null: [],
  boolean: [true, false],
  integer: [0, [-0, 0], -(2 ** 31), 2 ** 31 - 1, [7n, 7], ['-7', -7], ['+007', 7]],
  long: [
    2 ** 53 - 1,
    -(2 ** 53) + 1,
    LONG_MAX,
    -LONG_MAX - 1n,
    [String(LONG_MAX), LONG_MAX],
    ['+1', 1],
    ['007', 7],
    [1n, 1],
  ],
  unsigned_long: [0, 2n ** 64n - 1n, [String(2n ** 64n - 1n), 2n ** 64n - 1n], ['0', 0]],
  double: [
    0.1,
    -0,
    Number.NaN,
    [1n, 1],
    ['NaN', Number.NaN],
    ['Infinity', Number.POSITIVE_INFINITY],
    ['-Infinity', Number.NEGATIVE_INFINITY],
    ['-0.0', -0],
    ['1.50', 1.5],
    ['1E3', 1000],
    ['.5', 0.5],
  ],
  counter_integer: [1],
  counter_long: [1, [1n, 1]],
  counter_double: [1],
  keyword: ['', 'a', '😀', [1, '1'], [1n, '1'], [true, 'true'], [DATE, EPOCH], [LONE, '\ufffd']],
  text: ['a', [`a${LONE}b`, 'a\ufffdb'], ['\udd8aa', '\ufffda']],
  date: [
    [DATE, EPOCH],
    [0, EPOCH],
    [1.5, '1970-01-01T00:00:00.001Z'],
    [1n, '1970-01-01T00:00:00.001Z'],
    ['2024-01-01', '2024-01-01T00:00:00.000Z'],
    ['2024-01-01T01:00:00+01:00', '2024-01-01T00:00:00.000Z'],
    '1816-03-30T05:56:08.066Z',
    '9999-12-31T23:59:59.000Z',
    '+287396-10-12T08:59:00.991Z',
  ],
  date_nanos: [
    [DATE, EPOCH],
    [0, EPOCH],
    [1n, '1970-01-01T00:00:00.000000001Z'],
    [LONG_MAX, NANOS_MAX],
    [new Date('2262-04-11T23:47:16.854Z'), '2262-04-11T23:47:16.854Z'],
    '2024-01-01T00:00:00.000000001Z',
    NANOS_MAX,
  ],
  ip: [
    '::1',
    '10.0.0.1',
    ['::ffff:10.0.0.1', '10.0.0.1'],
    ['::FFFF:FF00:0', '255.0.0.0'],
    ['FE80:0::1', 'fe80::1'],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
  ],
  version: ['1.2.3'],
  geo_point: ['POINT (0.0 0.0)', 'point(1 -2e3)', 'POINT EMPTY'],
  cartesian_point: ['POINT Z (0.0 0.0 1.0)'],
  geo_shape: [
    'POINT (0.0 0.0)',
    'BBOX (1, 2, 4, 3)',
    'GEOMETRYCOLLECTION (POINT (1 2), LINESTRING (0 0, 1 1))',
  ],
  cartesian_shape: ['MULTIPOINT ((1 2), (3 4))'],
  geohash: ['u2'],
  geotile: ['4/8/5'],
  geohex: ['841f059ffffffff'],
  _source: [
    {},
    { a: [{ b: [[1n]] }], c: '😀' },
    'a',
    [new Map<string, unknown>([['a', new Map([[1, new Set(['x'])]])]]), { a: { 1: ['x'] } }],
    [{ v: new Float32Array([0.5, 1]) }, { v: [0.5, 1] }],
    [
      { v: new BigInt64Array([1n]), b: Buffer.from('a') },
      { v: [1n], b: [97] },
    ],
    [
      { at: DATE, url: new URL('http://a/') },
      { at: EPOCH, url: 'http://a/' },
    ],
    [{ [LONE]: [LONE] }, { '\ufffd': ['\ufffd'] }],
    [{ gone: undefined, list: [undefined, LONE] }, { list: [null, '\ufffd'] }],
  ],
  _tsid: ['AAAA'],
  aggregate_metric_double: [
    { min: 1 },
    '{"min":1.0}',
    [
      { min: '1.5', value_count: '2' },
      { min: 1.5, value_count: 2 },
    ],
  ],
  dense_vector: [0.5, ['-0.0', -0]],
  exponential_histogram: [
    { scale: 1, positive: { indices: [1], counts: [2n ** 62n] } },
    [
      { sum: 2n, zero: new Map([['count', '1']]) },
      { sum: 2, zero: { count: 1 } },
    ],
  ],
  tdigest: ['{}', { min: 1 }],
  histogram: ['{}', { values: [1] }],
  date_range: ['..', ['2024-01-01..', '2024-01-01T00:00:00.000Z..']],
  double_range: ['0.5..1.5', ['1..1e7', '1.0..1.0E7'], ['-Infinity..', '-Infinity..']],
  flattened: [{ a: 1 }],
  unsupported: [],
}

const CELLS = (Object.keys(FORMS) as ColumnType[]).flatMap((type) =>
  FORMS[type].map((form) => {
    const [cell, normal] = Array.isArray(form) ? form : [form, form]
    return [type, cell as Value, normal as Value] as const
  }),
)

class Circle {
  self = this
}

const MISFITS: readonly [ColumnType, readonly unknown[]][] = [
  ['boolean', ['true', 1, 0n, {}, DATE]],
  ['integer', [1.5, 2 ** 31, -(2 ** 31) - 1, Number.NaN, '1.5', '', 'a', 2n ** 31n, true, {}, DATE]],
  ['long', [1.5, 2 ** 53, Number.POSITIVE_INFINITY, '1e3', ' 1', '0x1', LONG_MAX + 1n, true, {}, DATE]],
  ['long', [String(LONG_MAX + 1n), '9'.repeat(100_000)]],
  ['unsigned_long', [-1, -1n, '-1', 2n ** 64n]],
  [
    'double',
    ['nan', 'infinity', `${'1'.repeat(200_000)}x`, '', ' ', 'a', '0x10', ' 1', '1_0', '1,5', true, {}, DATE],
  ],
  ['dense_vector', ['a', {}]],
  ['date', [new Date(Number.NaN), Number.NaN, Number.POSITIVE_INFINITY, true, {}, 2 ** 53, 2n ** 60n]],
  ['date', ['', 'tomorrow', '2021-02-29', '2020-01-01T24:00:00Z', 'aaaaaaaaaaTaaaaaaaa.aaaZ']],
  ['date_nanos', [new Date(Number.NaN), Number.NaN, true, {}, -1n, LONG_MAX + 1n, 1e18, 1.5]],
  [
    'date_nanos',
    ['9999-12-31T23:59:59Z', '1969-12-31T23:59:59.999999999Z', '2262-04-11T23:47:16.854775808Z'],
  ],
  ['date_nanos', [new Date(-1), new Date('2263-01-01'), 'soon']],
  ['keyword', [{}, () => {}, Symbol('s'), new Date(Number.NaN), new Map(), Buffer.from('a')]],
  ['ip', ['', '10.0.0.0/8', '::/0', 'fe80::1%eth0', '1.2.3', '010.0.0.1', 'localhost', 1]],
  ['geo_point', [{ lat: 1, lon: 2 }, '12,56', 'LINESTRING (0 0, 1 1)', 'POINT (1)', 'POINT (1 2 3 4)']],
  ['cartesian_point', ['POINT (1.2.3)', 'POINT (1 2', 'POINT (a b)', 'POINT (1 2, 3 4)', '']],
  ['geo_shape', ['LINESTRING (0 0, 1 1 1)', 'POLYGON ((0 0, 1))', 'BBOX (1 2, 3 4)', 'CIRCLE (1 2 3)', 1]],
  ['cartesian_shape', ['POINT (1 2) x', `${'GEOMETRYCOLLECTION ('.repeat(100_000)}`]],
  ['_source', [1, true, DATE, new Date(Number.NaN), new URL('http://a/'), Buffer.from('a')]],
  ['_source', [{ f: () => {} }, { s: Symbol('s') }, { p: Promise.resolve() }, { r: /a/ }, new Circle()]],
  ['_source', [{ d: new Date(Number.NaN) }, new Map([[{}, 1]]), new ArrayBuffer(1)]],
  ['aggregate_metric_double', [1, { min: 'low' }, { value_count: {}, max: true }]],
  ['exponential_histogram', ['{}', 1, { sum: 'much' }, { counts: [true] }]],
  ['date_range', ['', '2024-01-01', 'a..b', '2024-01-01..2025-01-01..2026-01-01', {}]],
  ['double_range', ['1.5', 'a..', '1..2..3', 1]],
]

describe('normalCell', () => {
  it.each(CELLS)('gives a cell of type %s its form: %p', (type, cell, form) => {
    const normal = normalCell(type)
    expect([cell, [cell], [cell, null, cell]].map(normal)).toEqual([form, [form], [form, null, form]])
  })

  it.each(CELLS)('gives a cell of type %s that has its form as it is, for %p', (type, _cell, form) => {
    const normal = normalCell(type)
    const many = [form, form]
    expect([normal(form), normal(many)].map((cell, at) => Object.is(cell, [form, many][at]))).toEqual([
      true,
      true,
    ])
  })

  it.each(MISFITS.flatMap(([type, cells]) => cells.map((cell) => [type, cell] as const)))(
    'lets no column of type %s hold %p, alone or in a multi-value',
    (type, cell) => {
      for (const wrong of [cell, [cell], [null, cell]]) expect(isRefused(type, wrong)).toBe(true)
    },
  )

  it.each(COLUMN_TYPES)('makes null of null and of a missing cell of type %s', (type) => {
    expect([null, undefined].map(normalCell(type))).toEqual([null, null])
    expect([[], [null]].map((cell) => isRefused(type, cell))).toEqual([false, false])
  })

  it.each(COLUMN_TYPES)('refuses arrays in arrays of type %s, unless null is written', (type) => {
    expect(isRefused(type, [[]])).toBe(type !== 'null' && type !== 'unsupported')
  })

  it('makes null of all cells that are written as null', () => {
    expect([1, 'a', {}, [[1]], DATE, new Map()].map(normalCell('unsupported'))).toEqual(Array(6).fill(null))
  })

  it('takes a typed array for a vector', () => {
    expect(normalCell('dense_vector')(new Float32Array([0.5, 1]))).toEqual([0.5, 1])
    expect(normalCell('long')(new BigInt64Array([1n, LONG_MAX]))).toEqual([1, LONG_MAX])
  })

  it.each([...OBJECT_FORMATS, ...TEXT_FORMATS])('lets nothing pass that %s cannot write', async (format) => {
    const write = await writerFor(format)
    for (const [type, cell] of CELLS) {
      const query = completed({ columns: [{ name: 'x', type }], values: [[cell], [[cell, cell]]] })
      expect([...write(query, plain)].length).toBeGreaterThan(0)
    }
  })

  it('lets nothing pass that arrow cannot write', async () => {
    const write = await writerFor('arrow')
    for (const [type, cell] of CELLS) {
      const query = completed({ columns: [{ name: 'x', type }], values: [[cell], [[cell, cell]]] })
      try {
        expect([...write(query, plain)].length).toBeGreaterThan(0)
      } catch (error) {
        expect(error).toHaveProperty('reason', `ES|QL type [${type}] is not supported by the Arrow format`)
      }
    }
  })

  it('changes no cell of the table of the test-kit', () => {
    expect(admitted(EVERY_TYPE)).toEqual(EVERY_TYPE)
  })
})

function isRefused(type: ColumnType, cell: unknown): boolean {
  try {
    return normalCell(type)(cell) === undefined
  } catch {
    return true
  }
}

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
    expect(cellText(type, 'Europe/Madrid', '')(normalCell(type)(cell))).toBe(text)
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
    expect(cellText(type, 'UTC', 'null')(normalCell(type)(cell))).toBe(text)
  })

  it.each(['', 'null'])('writes null and a missing cell as %p', (nullText) => {
    const text = cellText('keyword', 'UTC', nullText)
    expect([text(null), text(undefined)]).toEqual([nullText, nullText])
  })
})
