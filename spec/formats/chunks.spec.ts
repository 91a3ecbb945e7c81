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
