import { JsonText } from '../../../lib/core/json-text'
import type { QueryResult, QueryStatistics, Value } from '../../../lib/core/result'
import type { Work } from '../../../lib/core/turns'
import { inTurns } from '../../../lib/core/turns'
import { rowsOf } from '../../../lib/formats/admission'
import type { WrittenRows } from '../../../lib/formats/json/written-rows'
import { freezeResult } from '../../../lib/stores/execution/frozen-result'

const ONE_COLUMN = [{ name: 'x', type: 'keyword' }] as const

function resultOf(...cells: Value[]): QueryResult {
  return { columns: ONE_COLUMN, values: cells.map((cell) => [cell]) }
}

function documentsOf(...cells: Value[]): QueryResult {
  return { columns: [{ name: 'x', type: '_source' }], values: cells.map((cell) => [cell]) }
}

/** Everything in a result that could be changed. */
function thawedIn(value: unknown, path = 'result'): string[] {
  if (typeof value !== 'object' || value === null) return []
  const inner = Object.entries(value).flatMap(([key, member]) => thawedIn(member, `${path}.${key}`))
  return Object.isFrozen(value) ? inner : [path, ...inner]
}

describe('freezeResult', () => {
  const full: QueryResult = {
    columns: [
      {
        name: 'x',
        type: '_source',
        originalTypes: ['a', 'b'],
        suggestedCast: 'a',
        meta: { bucket: { interval: 1, unit: 'day' } },
      },
    ],
    values: [[['a', { b: 'c' }]], [{ deep: { list: [1n] } }], [null], [new JsonText('{"b": 1.0}')]],
    statistics: {
      documentsFound: 3,
      valuesLoaded: 2,
      rowsEmitted: 1,
      bytesRead: 4,
      readNanos: 5,
      cpuNanos: 6,
    },
    tookNanos: 28e6,
    isPartial: true,
    approximationApplied: true,
    warnings: ['No limit defined', 'x'],
    profile: { drivers: [{ took: 1 }] },
    clusters: { total: 1, details: { '(local)': { status: 'successful' } } },
  }

  it('counts the values of the result', async () => {
    const { bytes } = await freezeResult(resultOf('x'.repeat(1_000), 'y'))
    expect(bytes).toBeGreaterThan(1_000)
    expect(bytes).toBeLessThan(1_500)
  })

  it('copies every part of a result', async () => {
    const { result } = await freezeResult(full)
    expect(result).toEqual({ ...full, isFrozen: true })
  })

  it('freezes the copy and does not change the original', async () => {
    const { result } = await freezeResult(full)
    expect(thawedIn(result)).toEqual([])
    expect(
      Object.isFrozen(full.values) || Object.isFrozen(full.values[0]) || Object.isFrozen(full.columns),
    ).toBe(false)
  })

  it('invents no counters', async () => {
    expect((await freezeResult(resultOf('a', 'b'))).result).not.toHaveProperty('statistics')
    const statistics: QueryStatistics = { documentsFound: 7, cpuNanos: 0 }
    Object.assign(statistics, { bytesRead: undefined, other: 1 })
    const { result } = await freezeResult({ ...resultOf('a'), statistics })
    expect(result.statistics).toEqual({ documentsFound: 7, cpuNanos: 0 })
  })

  it('keeps a date as text, since a frozen Date still has setters that work', async () => {
    const date = new Date('2024-05-06T07:08:09.010Z')
    const { result } = await freezeResult(resultOf(date, [date]))
    expect(result.values).toEqual([['2024-05-06T07:08:09.010Z'], [['2024-05-06T07:08:09.010Z']]])
  })

  it('keeps a member called __proto__ as a member', async () => {
    const { result } = await freezeResult(documentsOf(JSON.parse('{"__proto__":{"polluted":true}}')))
    const cell = rowsOf(result.values)[0]?.[0]
    expect(Object.entries(cell ?? {})).toEqual([['__proto__', { polluted: true }]])
    expect(cell).not.toHaveProperty('polluted')
  })

  it('leaves out members that are undefined', async () => {
    const { result } = await freezeResult(documentsOf({ a: undefined, b: 1 }))
    expect(Object.entries(rowsOf(result.values)[0]?.[0] ?? {})).toEqual([['b', 1]])
  })

  it('copies the rows that exist when it begins', async () => {
    const rows = Array.from({ length: 20_000 }, (_, index): Value[] => [`row ${index}`])
    const freezing = freezeResult({ columns: ONE_COLUMN, values: rows })
    rows.push(['late'])
    expect((await freezing).result.values).toHaveLength(20_000)
  })

  it('shares columns with other results, and counts them in each', async () => {
    const columns: { name: string; type: 'keyword' }[] = [{ name: 'shared once', type: 'keyword' }]
    const first = await freezeResult({ columns, values: [] })
    const second = await freezeResult({ columns: [...columns], values: [] })
    expect(second.result.columns).toBe(first.result.columns)
    expect(second.bytes).toBe(first.bytes)
    for (const column of columns) column.name = 'changed by the engine'
    const third = await freezeResult({ columns, values: [] })
    expect([first, third].map(({ result }) => result.columns)).toEqual([
      [{ name: 'shared once', type: 'keyword' }],
      [{ name: 'changed by the engine', type: 'keyword' }],
    ])
  })

  it('waits for none of the bodies that are read meanwhile', async () => {
    let steps = 0
    const read = function* (): Work<void> {
      for (let step = 0; step < 50; step += 1) {
        steps += 1
        yield
      }
    }
    const bodies = Array.from({ length: 20 }, () => inTurns(read()))
    const begun = steps
    await freezeResult(resultOf(...Array.from({ length: 2_000 }, () => 'x'.repeat(1_000))))
    // It takes ten turns. If it stood in line with the bodies, each would let all of them go on.
    expect(steps - begun).toBeLessThan(40)
    await Promise.all(bodies)
  })

  it.each([
    ['many cells', resultOf(...Array.from({ length: 50_000 }, () => 'cell'))],
    ['long texts', resultOf(...Array.from({ length: 100 }, () => 'x'.repeat(100_000)))],
    ['many rows without columns', { columns: [], values: Array.from({ length: 100_000 }, () => []) }],
    ['multi-values', resultOf(...Array.from({ length: 100 }, () => Array.from({ length: 5_000 }, () => 1)))],
  ])('lets other work run while it copies %s', async (_what, result) => {
    for (const asJson of [false, true]) {
      let turns = 0
      const count = (): void => {
        turns += 1
        ticking = setImmediate(count)
      }
      let ticking = setImmediate(count)
      await freezeResult(result, { asJson })
      clearImmediate(ticking)
      expect(turns).toBeGreaterThan(3)
    }
  })

  it.each([
    ['nothing', undefined, '`columns` must be an array of `{ name, type }`'],
    ['no columns', { values: [] }, '`columns` must be an array of `{ name, type }`'],
    ['a column that is null', { columns: [null], values: [] }, 'Column 0 must have a `name`'],
    ['a hole in the columns', { columns: new Array(1), values: [] }, 'Column 0 must have a `name`'],
    ['a column without a name', { columns: [{ type: 'long' }], values: [] }, 'Column 0 must have a `name`'],
    [
      'a column of an unknown type',
      { columns: [{ name: 'n', type: 'bigint' }], values: [] },
      'Column `n` must have an ES|QL type, got `bigint`',
    ],
    ['no values', { columns: ONE_COLUMN }, '`values` must be an array of rows'],
    [
      'metadata of a column that is no object',
      { columns: [{ name: 'n', type: 'long', meta: [1] }], values: [] },
      '`meta` of column `n` must be an object as JSON can carry it',
    ],
    ['one warning', { ...resultOf('a'), warnings: 'w' }, '`warnings` must be an array of texts'],
    [
      'warnings that are no texts',
      { ...resultOf('a'), warnings: [1] },
      '`warnings` must be an array of texts',
    ],
    [
      'an approximation that is a text',
      { ...resultOf('a'), approximationApplied: 'yes' },
      '`approximationApplied` must be a boolean',
    ],
    [
      'a row that is an object',
      { columns: ONE_COLUMN, values: [['a'], { x: 'b' }] },
      'Row 1 of `values` must be an array of 1 cells; `rowsToResult` makes a result of objects',
    ],
    [
      'a row that is too short',
      { columns: ONE_COLUMN, values: [[]] },
      'Row 0 of `values` must be an array of 1 cells',
    ],
    [
      'a row that is too long',
      { columns: ONE_COLUMN, values: [['a', 'b']] },
      'Row 0 of `values` must be an array of 1 cells',
    ],
    [
      'a cell that is a function',
      { columns: ONE_COLUMN, values: [[() => {}]] },
      'Row 0 of `values`: column `x` of type `keyword` cannot hold this function, it takes a text, a number or a boolean',
    ],
    [
      'a symbol in a document',
      documentsOf({ a: Symbol('s') as unknown as Value }),
      'Row 0 of `values`: column `x` of type `_source` cannot hold this object, it takes an object as JSON can carry it',
    ],
    [
      'a cell that does not fit, in a row that is not the first',
      {
        columns: [...ONE_COLUMN, { name: 'n', type: 'long' }],
        values: [
          ['a', 1],
          ['secret', 'b'],
        ],
      },
      'Row 1 of `values`: column `n` of type `long` cannot hold this string, it takes an integer from -2^63 to 2^63 - 1, beyond 2^53 as a bigint or decimal text',
    ],
    [
      'original types that are no array',
      { columns: [{ name: 'x', type: 'unsupported', originalTypes: 'ip' }], values: [] },
      '`originalTypes` of column `x` must be an array of texts',
    ],
    [
      'original types that are no texts',
      { columns: [{ name: 'x', type: 'unsupported', originalTypes: ['ip', null] }], values: [] },
      '`originalTypes` of column `x` must be an array of texts',
    ],
    [
      'a suggested cast that is no text',
      { columns: [{ name: 'x', type: 'unsupported', suggestedCast: 1 }], values: [] },
      '`suggestedCast` of column `x` must be a text',
    ],
    [
      'statistics that are not a number',
      { ...resultOf(), statistics: { documentsFound: Number.NaN } },
      '`statistics.documentsFound` must be a finite number',
    ],
    [
      'statistics that are bigint',
      { ...resultOf(), statistics: { bytesRead: 1n } },
      '`statistics.bytesRead` must be a finite number',
    ],
    [
      'an `isPartial` that is no boolean',
      { ...resultOf(), isPartial: 'no' },
      '`isPartial` must be a boolean',
    ],
    [
      'a `tookNanos` that is no time',
      { ...resultOf(), tookNanos: -1 },
      '`tookNanos` must be a number of nanoseconds',
    ],
  ])('refuses a result with %s', async (_what, result, message) => {
    await expect(freezeResult(result as unknown as QueryResult)).rejects.toMatchObject({
      name: 'TypeError',
      message,
    })
  })
})

describe('rows that are wanted as JSON', () => {
  const AS_JSON = { asJson: true }

  it('are kept as that', async () => {
    const { result } = await freezeResult(resultOf('a', 'b'), AS_JSON)
    expect(result.values).toMatchObject({ rowCount: 2, chunks: ['["a"],["b"]'] })
    expect(result.isFrozen && Object.isFrozen(result)).toBe(true)
  })

  it('are an array where there are none, and where JSON has not all of their values', async () => {
    expect((await freezeResult(resultOf(), AS_JSON)).result.values).toEqual([])
    const { result } = await freezeResult(documentsOf('a', { b: 1n }), AS_JSON)
    expect(result.values).toEqual([['a'], [{ b: 1n }]])
    expect(thawedIn(result)).toEqual([])
  })

  it('are taken as they are where they are written already, or else as an array', async () => {
    const { result, bytes } = await freezeResult(resultOf('a', 'b'), AS_JSON)
    const values = result.values as WrittenRows
    const again = await freezeResult({ ...resultOf(), values }, AS_JSON)
    expect(again).toEqual({ result, bytes })
    expect(again.result.values).toBe(values)
    expect((await freezeResult({ ...resultOf(), values })).result.values).toEqual([['a'], ['b']])
  })

  it('are those that exist when the copy begins, even if it has to begin again', async () => {
    const rows = Array.from({ length: 20_000 }, (_, index): Value[] => [`row ${index}`, 1])
    rows.push(['last', 2n ** 60n])
    const columns = [...ONE_COLUMN, { name: 'n', type: 'long' as const }]
    const freezing = freezeResult({ columns, values: rows }, AS_JSON)
    rows.push(['late', 1])
    expect((await freezing).result.values).toHaveLength(20_001)
  })

  it('are checked as others are', async () => {
    const wrong = { columns: [{ name: 'n', type: 'integer' as const }], values: [[1], ['x']] }
    await expect(freezeResult(wrong, AS_JSON)).rejects.toThrow(
      'Row 1 of `values`: column `n` of type `integer` cannot hold this string',
    )
  })
})

describe('assertRoom', () => {
  it.each([
    ['an array', false, 500_000],
    ['JSON', true, 100_000],
  ])('is called while rows become %s, which ends when it throws', async (_, asJson, limit) => {
    const copied = new Set<number>()
    const rows = Array.from({ length: 100_000 }, (_, index) =>
      Object.defineProperty(['a'], 0, {
        get() {
          copied.add(index)
          return 'a'
        },
      }),
    )
    const assertRoom = (bytes: number): void => {
      if (bytes > limit) throw new Error('full')
    }
    await expect(freezeResult({ columns: ONE_COLUMN, values: rows }, { assertRoom, asJson })).rejects.toThrow(
      'full',
    )
    expect(copied.size).toBeLessThan(50_000)
  })
})
