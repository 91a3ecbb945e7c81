import { readDefaultCatalogue } from '../../lib/sample/catalogue'
import { sampleEngine } from '../../lib/sample/engine'

const samples = readDefaultCatalogue()
const engine = sampleEngine(() => samples)

const run = async (query: string) => {
  const { signal } = new AbortController()
  const { columns, values } = await engine({ query }, { signal, report: () => {} } as never)
  return { names: columns.map(({ name }) => name), values: [...(values as unknown[][])] }
}

describe('a sample query with LIMIT and KEEP', () => {
  it.each<[string, string[], number]>([
    ['from books', ['title', 'authors', 'published', 'pages', 'price', 'isbn', 'in_stock'], 7],
    ['FROM books | LIMIT 3', ['title', 'authors', 'published', 'pages', 'price', 'isbn', 'in_stock'], 3],
    ['from books|limit 0', ['title', 'authors', 'published', 'pages', 'price', 'isbn', 'in_stock'], 0],
    ['FROM books | LIMIT 100', ['title', 'authors', 'published', 'pages', 'price', 'isbn', 'in_stock'], 7],
    ['FROM books | KEEP price, title | LIMIT 2', ['price', 'title'], 2],
    ['FROM books | limit 4 | keep p*, title // all', ['published', 'pages', 'price', 'title'], 4],
    [
      'FROM books | KEEP *, title',
      ['authors', 'published', 'pages', 'price', 'isbn', 'in_stock', 'title'],
      7,
    ],
    ['FROM books | KEEP p*, pages, *s', ['published', 'price', 'pages', 'authors'], 7],
    ['FROM books | KEEP `title`', ['title'], 7],
    ['FROM many | LIMIT 2000 | KEEP n | LIMIT 1500', ['n'], 1500],
  ])('gives these columns and rows: %s', async (query, names, rows) => {
    const result = await run(query)
    expect([result.names, result.values.length]).toEqual([names, rows])
    expect(result.values.every((row) => row.length === names.length)).toBe(true)
  })

  it('puts each cell below its column', async () => {
    expect((await run('FROM books | KEEP pages, title | LIMIT 1')).values).toEqual([[412, 'Dune']])
  })

  it('cuts the rows that a stop keeps too', async () => {
    const stop = new AbortController()
    const reported: unknown[] = []
    const context = { signal: stop.signal, report: (result: unknown) => reported.push(result) }
    const running = engine({ query: 'FROM slower | KEEP host | LIMIT 1' }, context as never)
    stop.abort(new Error('stopped'))
    await expect(running).rejects.toThrow('stopped')
    expect(reported).toEqual([
      expect.objectContaining({ columns: [{ name: 'host', type: 'keyword' }], values: [['web-1']] }),
    ])
  })

  it.each([
    ['FROM books | KEEP titel', /Unknown column \[titel\], did you mean \[title\]\?$/],
    ['FROM books | KEEP a.b[+', /Unknown column \[a\.b\[\+\]$/],
    [`FROM books | KEEP ${'*e'.repeat(5_000)}`, /Unknown column \[/],
    ['FROM box | LIMIT 2', /does not know this query; the closest of \d+ is\s+known: FROM books\|LIMIT 2/],
    ['FROM books | SORT title | LIMIT 2', /does not know this query/],
    [`FROM books${' | LIMIT 1'.repeat(20)}`, /does not know this query/],
    ['FROM missing | LIMIT 2', /Unknown index/],
  ])('fails as Elasticsearch does, or is no sample: %s', async (query, message) => {
    await expect(run(query)).rejects.toMatchObject({ message: expect.stringMatching(message) })
  })
})
