import { rowsToResult } from 'express-esql-async-query'
import { admitted } from '../support/tables'

/** The type of a column with these values. */
function typeOf(...values: unknown[]): string | undefined {
  return rowsToResult(values.map((x) => ({ x }))).columns[0]?.type
}

describe('rowsToResult', () => {
  it('makes a column of each property, in the order in which they appear', () => {
    const rows = [
      { title: 'Dune', pages: 412 },
      { price: 9.5, title: 'Emma', read: new Date(0), tags: ['a', 'b'] },
    ]
    expect(rowsToResult(rows)).toEqual({
      columns: [
        { name: 'title', type: 'keyword' },
        { name: 'pages', type: 'long' },
        { name: 'price', type: 'double' },
        { name: 'read', type: 'date' },
        { name: 'tags', type: 'keyword' },
      ],
      values: [
        ['Dune', 412, null, null, null],
        ['Emma', null, 9.5, new Date(0), ['a', 'b']],
      ],
    })
  })

  it.each<[string, unknown[]]>([
    ['null', [null, undefined, []]],
    ['boolean', [true, null, false]],
    ['long', [1, -2, 3n, 2n ** 63n - 1n, null]],
    ['long', [new BigInt64Array([1n])]],
    ['double', [1, 1.5]],
    ['double', [1, 2 ** 60]],
    ['double', [Number.NaN, 1n]],
    ['double', [new Float32Array([0.5])]],
    ['unsigned_long', [1, 2n ** 63n]],
    ['double', [2n ** 63n, 0.5]],
    ['keyword', ['a', null]],
    ['keyword', ['a', 1]],
    ['keyword', [true, 1]],
    ['keyword', [[1, 'a']]],
    ['keyword', [new Date(0), 'a']],
    ['date', [new Date(0), [new Date(1), null]]],
    ['flattened', [{ a: 1 }, new Map([['b', 2]])]],
  ])('finds the type %s for %p', (type, values) => {
    expect(typeOf(...values)).toBe(type)
  })

  it('takes the columns that it is given, and the properties that they name', () => {
    const columns = [
      { name: 'at', type: 'date_nanos' },
      { name: 'constructor', type: 'keyword' },
      { name: '__proto__', type: 'keyword' },
    ] as const
    expect(rowsToResult([{ at: 1n, other: 'x' }, {}], columns)).toEqual({
      columns,
      values: [
        [1n, null, null],
        [null, null, null],
      ],
    })
  })

  it('makes an empty result of no rows', () => {
    expect(rowsToResult([])).toEqual({ columns: [], values: [] })
    const columns = [{ name: 'n', type: 'long' }] as const
    expect(rowsToResult([], columns)).toEqual({ columns, values: [] })
  })

  it.each([[null], [undefined], ['a'], [1], [['a']], [new Date(0)]])('refuses %p as a row', (row) => {
    expect(() => rowsToResult([{ a: 1 }, row as object])).toThrow(
      new TypeError('Row 1 must be an object with a property for each column'),
    )
  })

  it('makes results that come in', () => {
    const { values } = admitted(
      rowsToResult([{ a: new Map([['b', 1]]) }, { c: 2n ** 64n - 1n, d: 'x' }, { d: 5 }]),
    )
    expect(values).toEqual([
      [{ b: 1 }, null, null],
      [null, 2n ** 64n - 1n, 'x'],
      [null, null, '5'],
    ])
  })
})
