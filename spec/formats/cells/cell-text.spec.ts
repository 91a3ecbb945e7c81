import type { ColumnType, Value } from '../../../lib/core/result'
import { cellText } from '../../../lib/formats/cells/cell-text'

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
