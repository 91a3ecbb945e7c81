import { COLUMN_TYPES } from '../../lib/core/result'
import type { Format } from '../../lib/formats/formats'
import { OBJECT_FORMATS, TEXT_FORMATS, writerFor } from '../../lib/formats/formats'
import { run } from '../support/sample-queries'
import { chunksOf } from '../support/tables'

describe('FROM books', () => {
  it('is a small table', async () => {
    const { columns, values, statistics } = await run('FROM books')
    expect(columns.map(({ name, type }) => `${name}:${type}`)).toEqual([
      'title:text',
      'authors:keyword',
      'published:date',
      'pages:integer',
      'price:double',
      'isbn:long',
      'in_stock:boolean',
    ])
    expect(values).toHaveLength(7)
    expect(statistics).toEqual({ documentsFound: 7, valuesLoaded: 49 })
  })

  it.each(['  FROM\n  books ', 'from books', 'From/* all */books // of them'])('is %j too', async (query) => {
    expect(await run(query)).toEqual(await run('FROM books'))
  })
})

describe('FROM books | LIMIT 2', () => {
  it.each(['FROM books | LIMIT 2', 'from books|limit 2', 'FROM books // all\n| LIMIT 2'])(
    'is the beginning of it, as %j',
    async (query) => {
      const [part, whole] = [await run(query), await run('FROM books')]
      expect(part).toEqual({
        columns: whole.columns,
        values: whole.values.slice(0, 2),
        statistics: { documentsFound: 2, valuesLoaded: 14 },
      })
    },
  )
})

describe('FROM types', () => {
  it('has a column of every type, with a value and a null', async () => {
    const { columns, values } = await run('FROM types')
    expect(columns.map(({ type }) => type).sort()).toEqual([...COLUMN_TYPES].sort())
    expect(values).toHaveLength(3)
    const empty = columns.filter((_, index) => values[0]?.[index] === null).map(({ type }) => type)
    expect(empty).toEqual(['null', 'unsupported'])
    expect(values[2]?.every((cell) => cell === null)).toBe(true)
  })

  it.each([...OBJECT_FORMATS, ...TEXT_FORMATS])('is written as %s', async (format) => {
    expect(await writtenBytes('FROM types', format)).toBeGreaterThan(1_000)
  })

  it('has a part that is written as arrow', async () => {
    expect(await writtenBytes('FROM types_basic', 'arrow')).toBeGreaterThan(1_000)
  })
})

async function writtenBytes(query: string, format: Format): Promise<number> {
  const result = await run(query)
  const presentation = { dropNullColumns: false, pretty: false, human: false, header: true }
  const write = await writerFor(format)
  const chunks = chunksOf(write({ isRunning: false, isPartial: false, result }, presentation))
  return chunks.reduce((bytes, chunk) => bytes + Buffer.byteLength(chunk), 0)
}
