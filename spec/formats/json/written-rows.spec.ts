import fc from 'fast-check'
import type { Column, ColumnType, QueryResult, Value } from '../../../lib/core/result'
import { FORMATS, writerFor } from '../../../lib/formats/formats'
import { jsonWriter } from '../../../lib/formats/json/json'
import { RowsWriter, WrittenRows } from '../../../lib/formats/json/written-rows'
import type { Presentation } from '../../../lib/formats/writer'
import { writtenBy } from '../../support/batches'
import { admitted, chunksOf, completed, plain } from '../../support/tables'

const columnsOf = (...types: ColumnType[]): Column[] => types.map((type) => ({ name: type, type }))

/** The rows as JSON, if that loses nothing. */
function writtenRows({ columns, values }: QueryResult): WrittenRows | undefined {
  const writer = new RowsWriter(columns)
  for (const row of values) {
    writer.add(row)
    if (writer.isChunkDue && !writer.endChunk()) return undefined
  }
  return writer.endChunk() ? writer.rows() : undefined
}

const TYPES = ['keyword', 'long', 'integer', 'double', 'boolean', 'date', 'date_nanos', 'null'] as const

const hostile = fc.string({ unit: fc.constantFrom('"', '\\', ',', ']', '\u000b', '\u0001', '日', 'a') })
const moment = fc.date({ noInvalidDate: true, min: new Date(0), max: new Date('2262-01-01') })
const row: fc.Arbitrary<readonly Value[]> = fc.tuple(
  ...[
    hostile,
    fc.maxSafeInteger(),
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.boolean(),
    fc.date({ noInvalidDate: true }),
    moment,
    hostile,
  ].map((scalar: fc.Arbitrary<Value>) =>
    fc.oneof(scalar, fc.array(fc.option(scalar), { maxLength: 3 }), fc.constant(null)),
  ),
)

const STYLES: readonly (Partial<Presentation> & { timeZone?: string; columnar?: boolean })[] = [
  {},
  { dropNullColumns: true },
  { pretty: true },
  { filterPath: 'values' },
  { filterPath: '-values' },
  { human: true },
  { timeZone: 'Asia/Kolkata' },
  { columnar: true },
]

describe('rows that are written as JSON', () => {
  it.each(FORMATS)('are in %s what they are as an array, however an answer is asked for', async (format) => {
    const style = fc.constantFrom(...STYLES)
    const write = await writerFor(format)
    const property = fc.asyncProperty(
      fc.array(row, { minLength: 1 }),
      style,
      async (values, { timeZone = 'UTC', columnar = false, ...presentation }) => {
        const result = admitted({ columns: columnsOf(...TYPES), values }) as QueryResult
        const query = { ...completed(result), timeZone, columnar }
        const written = { ...query, result: { ...result, values: writtenRows(result) ?? [], isFrozen: true } }
        const output = { ...plain, ...presentation }
        expect(written.result.values).toBeInstanceOf(WrittenRows)
        expect(await writtenBy(write(written, output))).toEqual(await writtenBy(write(query, output)))
      },
    )
    await fc.assert(property, { numRuns: 50 })
  })

  it.each<[string, ColumnType, Value]>([
    ['an integer beyond 2^53', 'long', 2n ** 53n],
    ['a number that is none', 'double', Number.NaN],
    ['an infinite number', 'double', Number.NEGATIVE_INFINITY],
    ['a float, which JSON has in fewer digits', 'dense_vector', [0.1, 0.2]],
    ['a document, whose doubles look like integers', '_source', { a: 3 }],
    ['metrics, which JSON has as text', 'aggregate_metric_double', { min: 1 }],
  ])('are no rows with %s, wherever it stands', (_, type, cell) => {
    const columns = columnsOf('keyword', type)
    for (const values of [[['a', cell]], [['a', [cell, cell].flat()]], [...many(20_000), ['a', cell]]]) {
      expect(writtenRows({ columns, values: values as Value[][] })).toBeUndefined()
    }
  })

  it('are no rows with a text that looks like the place of a cell', () => {
    expect(writtenRows({ columns: columnsOf('keyword', 'double'), values: [['\u007f', 1]] })).toBeUndefined()
  })

  it('count what is null, and what has several values', () => {
    const result = admitted({
      columns: columnsOf('keyword', 'keyword', 'long', 'unsupported'),
      values: [
        ['a', null, 1, 'x'],
        ['b', [null], [1, 2], 'x'],
      ],
    }) as QueryResult
    expect(writtenRows(result)).toMatchObject({
      rowCount: 2,
      nullColumns: [false, true, false, true],
      multiValuedColumns: [false, false, true, false],
    })
  })

  it('are parts of some 64 KiB, and as many bytes as UTF-8 has', () => {
    const values = Array.from({ length: 10_000 }, (_, index) => [`Zeile mit Wörtern ${index}`, index])
    const { chunks } = writtenRows({ columns: columnsOf('keyword', 'long'), values }) as WrittenRows
    const bytes = chunks.map((chunk) => Buffer.from(chunk))
    expect(`[${bytes.join()}]`).toBe(JSON.stringify(values))
    expect(bytes.length).toBeGreaterThan(3)
    for (const chunk of chunks) {
      expect(chunk.length).toBeLessThan(80_000)
      // Part of a larger buffer would keep all of that.
      expect(typeof chunk === 'string' || chunk.buffer.byteLength === chunk.length).toBe(true)
    }
  })

  it('are sent in parts that a slow client may hold', () => {
    const values = Array.from({ length: 10_000 }, (_, index) => [`Zeile mit Wörtern ${index}`])
    const result = { columns: columnsOf('keyword'), values }
    const json = JSON.stringify(values).slice(1, -1)
    const found = { rowCount: values.length, nullColumns: [false], multiValuedColumns: [false] }
    const rows = [writtenRows(result) as WrittenRows, WrittenRows.of(found, json)]
    for (const each of rows) {
      const pieces = chunksOf(jsonWriter(completed({ ...result, values: each, isFrozen: true }), plain))
      expect(Buffer.concat(pieces.map((piece) => Buffer.from(piece))).toString()).toContain(
        `"values":[${json}]}`,
      )
      expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThan(129 * 1024)
    }
  })

  it('are given as texts of about the length that is asked for, with all rows in order', () => {
    const values = Array.from({ length: 10_000 }, (_, index) => [`Zeile mit Wörtern ${index}`, index])
    const rows = writtenRows({ columns: columnsOf('keyword', 'long'), values }) as WrittenRows
    const { length } = rows.chunks
    const counts = [1, 70_000, 10_000_000].map((atLeast) => {
      const texts = [...rows.texts(atLeast)]
      expect(`[${texts.join()}]`).toBe(JSON.stringify(values))
      return texts.length
    })
    expect(counts).toEqual([length, Math.ceil(length / 2), 1])
  })

  it('cannot be changed by who reads them', () => {
    const rows = writtenRows({ columns: columnsOf('keyword'), values: [['a']] }) as WrittenRows
    for (const batch of rows.batches()) (batch[0] as Value[])[0] = 'changed'
    expect([...rows.batches()]).toEqual([[['a']]])
    expect(Object.isFrozen(rows) && Object.isFrozen(rows.chunks)).toBe(true)
  })
})

function many(count: number): Value[][] {
  return Array.from({ length: count }, () => ['a text', null])
}
