import type { ColumnType, Value } from '../../../lib/core/result'
import { COLUMN_TYPES } from '../../../lib/core/result'
import { fitsColumn } from '../../../lib/formats/cells/fits'
import { writerFor } from '../../../lib/formats/formats'
import { EVERY_TYPE } from '../../../lib/test-kit'
import { completed, plain } from '../../support/tables'

const LONG_MAX = 2n ** 63n - 1n
const DATE = new Date(0)

const FITTING: readonly [ColumnType, readonly Value[]][] = [
  ['boolean', [true, false]],
  ['integer', [0, -0, -(2 ** 31), 2 ** 31 - 1, 7n, '-7']],
  ['counter_integer', [1]],
  ['long', [2 ** 53 - 1, -(2 ** 53) + 1, LONG_MAX, -LONG_MAX - 1n, String(LONG_MAX), '+1']],
  ['counter_long', [1, 1n]],
  ['unsigned_long', [0, 2n ** 64n - 1n, String(2n ** 64n - 1n)]],
  ['double', [0.1, 1n, Number.NaN, 'NaN', 'Infinity', '-Infinity', '-0.0', '1.5']],
  ['counter_double', [1]],
  ['dense_vector', [0.5, '-0.0']],
  ['date', [DATE, 0, 1.5, 1n, '2024-01-01']],
  ['date_nanos', [DATE, 0, 1n, '2024-01-01T00:00:00.000000001Z']],
  ['keyword', ['', 'a', 1, 1n, true, DATE]],
  ['ip', ['::1']],
  ['_source', [{}, { a: [{ b: [[1n]] }] }, 'a']],
  ['aggregate_metric_double', [{ min: 1 }, '{"min":1.0}']],
  ['exponential_histogram', [{ scale: 1 }]],
]

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

function each<T>(table: readonly [ColumnType, readonly T[]][]): [ColumnType, T][] {
  return table.flatMap(([type, cells]) => cells.map((cell): [ColumnType, T] => [type, cell]))
}

describe('fitsColumn', () => {
  it.each(each(FITTING))('lets a column of type %s hold %p, alone and in a multi-value', (type, cell) => {
    expect([cell, [cell], [cell, null, cell]].map(fitsColumn(type))).toEqual([true, true, true])
  })

  it.each(each(MISFITS))('lets no column of type %s hold %p, alone or in a multi-value', (type, cell) => {
    const cells = [cell, [cell], [null, cell]] as Value[]
    expect(cells.map(fitsColumn(type))).toEqual([false, false, false])
  })

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

  it.each(['json', 'yaml', 'cbor', 'smile', 'csv', 'tsv', 'txt'] as const)(
    'lets nothing pass that %s cannot write',
    async (format) => {
      const write = await writerFor(format)
      for (const [type, cell] of each(FITTING)) {
        const query = completed({ columns: [{ name: 'x', type }], values: [[cell], [[cell, cell]]] })
        expect([...write(query, plain)].length).toBeGreaterThan(0)
      }
    },
  )

  it('takes every cell of the table of the test-kit', () => {
    const misfits = EVERY_TYPE.columns.filter(
      ({ type }, index) => !EVERY_TYPE.values.every((row) => fitsColumn(type)(row[index])),
    )
    expect(misfits).toEqual([])
  })
})
