import type { AsyncQuery } from '../../lib/core/store'
import type { Format } from '../../lib/formats/formats'
import { FORMATS, writerFor } from '../../lib/formats/formats'
import type { Presentation } from '../../lib/formats/writer'
import { chunksOf, completed, plain, tableOf } from '../support/tables'

type Row = [format: Format, presentation: Partial<Presentation>, columnar: boolean]

const rows: readonly Row[] = [
  ...FORMATS.flatMap((format): Row[] => [
    [format, {}, false],
    [format, { dropNullColumns: true }, false],
  ]),
  ['json', { pretty: true }, false],
  ['json', { filterPath: 'values' }, false],
  ['json', {}, true],
  ['json', { pretty: true }, true],
  ['yaml', {}, true],
]

const hundredRows = tableOf(
  ...Array.from({ length: 100 }, (_, row) => Array.from({ length: 5 }, (_, column) => `${row}-${column}`)),
)

/** Longer than any chunk is meant to be, so that nothing is to follow its last cell. */
const fullAtTheEnd = tableOf(['a', 'b'.repeat(100_000)])

async function lengths(
  format: Format,
  query: AsyncQuery,
  presentation: Partial<Presentation>,
): Promise<number[]> {
  const write = await writerFor(format)
  return chunksOf(write(query, { ...plain, ...presentation })).map((chunk) => chunk.length)
}

describe('a small result is one chunk', () => {
  it.each(rows)('of %s with %j, columnar: %j', async (format, presentation, columnar) => {
    const chunks = await lengths(format, { ...completed(hundredRows), columnar }, presentation)
    expect(chunks).toEqual([expect.any(Number)])
    expect(chunks[0]).toBeGreaterThan(500)
  })
})

describe('nothing follows the chunk that the last cell fills', () => {
  // As text for people, the lines above the rows are as long as that cell.
  it.each(rows.filter(([format]) => format !== 'txt'))(
    'in %s with %j, columnar: %j',
    async (format, presentation, columnar) => {
      const chunks = await lengths(format, { ...completed(fullAtTheEnd), columnar }, presentation)
      expect(chunks).toEqual([expect.any(Number)])
    },
  )
})

describe('rows without a cell to show come in chunks', () => {
  const nulls = tableOf(...Array.from({ length: 50_000 }, () => [null]))

  it.each(
    rows.filter(([format, { dropNullColumns }]) => dropNullColumns && !['md', 'arrow'].includes(format)),
  )('of %s with %j', async (format, presentation) => {
    const chunks = await lengths(format, completed(nulls), presentation)
    expect(chunks.length).toBeGreaterThan(1)
    expect(Math.max(...chunks)).toBeLessThan(64 * 1024)
  })

  it('of indented JSON', async () => {
    const chunks = await lengths('json', completed(nulls), { dropNullColumns: true, pretty: true })
    expect(Math.max(...chunks)).toBeLessThan(64 * 1024)
  })
})
