import type { QueryResult } from '../../lib/core/result'
import { nullColumns } from '../../lib/formats/drop-null-columns'

const columns = (['keyword', 'integer', 'unsupported', 'null'] as const).map((type) => ({ name: type, type }))

describe('nullColumns', () => {
  it.each<[string, QueryResult['values'], boolean[]]>([
    ['columns of nulls, and of a type that has no values', [[null, 1, 'x', 'x']], [true, false, true, true]],
    [
      'no column that has a value in any row',
      [
        [null, null],
        ['', null],
        [null, 0],
      ],
      [false, false, true, true],
    ],
    ['columns of empty multi-values', [[[], [null, null]]], [true, true, true, true]],
    ['columns that rows are too short for', [['a'], []], [false, true, true, true]],
    ['every column where there are no rows', [], [true, true, true, true]],
  ])('finds %s', (_, values, expected) => {
    expect(run({ columns, values }).isNull).toEqual(expected)
  })

  it('lets others run every few thousand cells', () => {
    const values = Array.from({ length: 10_000 }, () => [null, null])
    expect(run({ columns, values }).turns).toBe(4)
  })

  it('stops looking when every column has a value', () => {
    const values = Array.from({ length: 10_000 }, () => ['a', 1])
    expect(run({ columns, values })).toEqual({ isNull: [false, false, true, true], turns: 0 })
  })
})

function run(result: QueryResult): { isNull: readonly boolean[]; turns: number } {
  const scan = nullColumns(result)
  for (let turns = 0; ; turns++) {
    const { done, value } = scan.next()
    if (done) return { isNull: value, turns }
  }
}
