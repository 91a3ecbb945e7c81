import { QueryError } from '../../lib/core/errors'
import type { QueryResult, Value } from '../../lib/core/result'
import { isRows } from '../../lib/core/result'
import type { Format } from '../../lib/formats/formats'
import { FORMATS, OBJECT_FORMATS, writerFor } from '../../lib/formats/formats'
import type { Presentation } from '../../lib/formats/writer'
import { EVERY_TYPE } from '../../lib/test-kit'
import { CountedBatches, inBatches, writtenBy } from '../support/batches'
import { admitted, plain } from '../support/tables'

const COLUMNS: QueryResult['columns'] = [
  { name: 'n', type: 'long' },
  { name: 'name', type: 'keyword' },
  { name: 'gone', type: 'keyword' },
  { name: 'x', type: 'double' },
]

/** Rows whose JSON takes several chunks, with what cannot be written in a batch. */
const LARGE = admitted({
  columns: COLUMNS,
  values: Array.from({ length: 3_000 }, (_, row): Value[] => [
    row % 7 === 0 ? 2n ** 60n + BigInt(row) : row,
    row % 1_000 === 0 ? '\u007f' : row % 5 === 0 ? [`a${row}`, 'b'] : `row "${row}"`.repeat(1 + (row % 9)),
    null,
    row / 2,
  ]),
}) as QueryResult

const KNOWN = {
  nullColumns: COLUMNS.map(({ name }) => name === 'gone'),
  multiValuedColumns: COLUMNS.map(({ name }) => name === 'name'),
}

type Case = [format: Format, presentation: Partial<Presentation>, columnar: boolean]

const CASES: readonly Case[] = [
  ...FORMATS.map((format): Case => [format, {}, false]),
  ...FORMATS.map((format): Case => [format, { dropNullColumns: true }, false]),
  ...OBJECT_FORMATS.map((format): Case => [format, {}, true]),
  ['json', { pretty: true }, false],
  ['json', { filterPath: 'values,columns.name' }, false],
  ['json', { filterPath: '-values' }, false],
]

async function written(
  result: QueryResult | ReturnType<typeof inBatches>,
  format: Format,
  presentation: Partial<Presentation> = {},
  columnar = false,
): Promise<Buffer> {
  const write = await writerFor(format)
  const query = { isRunning: false, isPartial: false, tookNanos: 1, columnar, result } as const
  return writtenBy(write(query, { ...plain, ...presentation }))
}

describe('a result in batches', () => {
  it.each(CASES)(
    'is written as one in memory, as %s with %j, columnar: %j',
    async (format, presentation, columnar) => {
      const expected = await written(LARGE, format, presentation, columnar)
      for (const size of [1, 700, 1_499, 5_000]) {
        const result = inBatches(LARGE, size)
        const bytes = await written(result, format, presentation, columnar)
        expect(bytes.equals(expected)).toBe(true)
        expect(result.values.readers).toBe(0)
      }
      expect(
        (await written(inBatches(LARGE, 700, KNOWN), format, presentation, columnar)).equals(expected),
      ).toBe(true)
    },
  )

  it.each(FORMATS.filter((format) => format !== 'arrow'))(
    'is written as one in memory with every type, as %s',
    async (format) => {
      const table = admitted(EVERY_TYPE) as QueryResult
      const expected = await written(table, format)
      expect((await written(inBatches(table, 1), format)).equals(expected)).toBe(true)
    },
  )

  it.each(CASES)('may have no rows, as %s with %j, columnar: %j', async (format, presentation, columnar) => {
    const empty = { columns: COLUMNS, values: [] }
    const expected = await written(empty, format, presentation, columnar)
    expect((await written(inBatches(empty, 1), format, presentation, columnar)).equals(expected)).toBe(true)
  })

  type Reading = { presentation?: Partial<Presentation>; columnar?: boolean; known?: typeof KNOWN }

  it.each<[passes: number, what: string, format: Format, reading: Reading]>([
    ...(['json', 'yaml', 'cbor', 'smile', 'csv', 'tsv'] as const).map(
      (format): [number, string, Format, Reading] => [1, format, format, {}],
    ),
    [2, 'TXT, which needs the widths', 'txt', {}],
    [2, 'Arrow, which needs the schema', 'arrow', {}],
    [1, 'Arrow where multi-values are known', 'arrow', { known: KNOWN }],
    [2, 'drop_null_columns', 'csv', { presentation: { dropNullColumns: true } }],
    [
      1,
      'drop_null_columns where null columns are known',
      'csv',
      { presentation: { dropNullColumns: true }, known: KNOWN },
    ],
    [4, 'four columns of a columnar answer', 'json', { columnar: true }],
    [4, 'four columns of a columnar answer', 'smile', { columnar: true }],
    [0, 'a filter that leaves out the values', 'json', { presentation: { filterPath: 'columns' } }],
  ])('is read %j times for %s', async (passes, _what, format, { presentation, columnar, known }) => {
    const result = inBatches(LARGE, 700, known)
    await written(result, format, presentation, columnar)
    expect(result.values.passes).toBe(passes)
  })

  it.each(FORMATS)(
    'is not read before its first piece is asked for, and let go when its reader leaves, as %s',
    async (format) => {
      const result = inBatches(LARGE, 1_000)
      const write = await writerFor(format)
      const pieces = write({ isRunning: false, isPartial: false, result }, plain)[Symbol.iterator]()
      expect(result.values.read).toBe(0)
      const first = pieces.next()
      expect(first.value).toBeInstanceOf(Promise)
      expect(result.values.readers).toBe(1)
      await first.value
      pieces.return?.()
      expect(result.values.readers).toBe(0)
    },
  )

  it.each(OBJECT_FORMATS)(
    'is refused where it would be read too often column by column, before it is read, as %s',
    async (format) => {
      const result = inBatches(LARGE, 1_000, { rowCount: 2 ** 22 + 1 })
      const reads = (2 ** 22 + 1) * 16
      await expect(written(result, format, {}, true)).rejects.toEqual(
        new QueryError(
          'circuit_breaking_exception',
          '[columnar] Data too large: to write [4194305] rows of [4] columns column by column takes ' +
            `[${reads}] reads of a cell, which is more than the limit of [67108864]; ` +
            'ask for a format of lines or submit the query without [columnar]',
          { metadata: { durability: 'PERMANENT' } },
        ),
      )
      expect(result.values.read).toBe(0)
    },
  )

  it('that is refused column by column is written row by row', async () => {
    const values = new CountedBatches([[['a']]], { rowCount: 2 ** 27 })
    const result = { columns: [{ name: 'c', type: 'keyword' as const }], values }
    expect((await written(result, 'csv', {}, true)).toString()).toBe('c\r\na\r\n')
  })

  it('asks for no batch where rows are in memory', async () => {
    for (const format of FORMATS) {
      const write = await writerFor(format)
      const pieces = [...write({ isRunning: false, isPartial: false, result: LARGE }, plain)]
      expect(pieces.some((piece) => piece instanceof Promise)).toBe(false)
    }
    expect(isRows(LARGE.values)).toBe(true)
  })
})
