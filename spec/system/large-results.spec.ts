import { get as httpGet, type IncomingMessage } from 'node:http'
import { buffer } from 'node:stream/consumers'
import type { EngineResult, QueryRequest, QueryResult, Rows, Value } from 'express-esql-async-query'
import { FORMATS, OBJECT_FORMATS } from '../../lib/formats/formats'
import type { Gateway } from '../support/gateway'
import { startGateway } from '../support/gateway'
import { token } from '../support/tokens'

const COLUMNS: QueryResult['columns'] = [
  { name: 'n', type: 'long' },
  { name: 'text', type: 'keyword' },
  { name: 'gone', type: 'keyword' },
  { name: 'x', type: 'double' },
]

/** As LONG, more than the connection takes at once. */
const LONG_ROWS: Rows = Array.from({ length: 60_000 }, (_, row): Value[] => [
  row % 9 === 0 ? 2n ** 60n + BigInt(row) : row,
  row % 7 === 0 ? [`a${row}`, 'b'] : `some text, "${row}" ${'x'.repeat(row % 50)}`,
  null,
  row / 2,
])

const ROWS = LONG_ROWS.slice(0, 20_000)

async function* batches(rows: Rows): AsyncGenerator<Rows> {
  for (let begin = 0; begin < rows.length; begin += 999) yield rows.slice(begin, begin + 999)
}

const execute = ({ query }: QueryRequest): EngineResult => ({
  columns: COLUMNS,
  values: query.startsWith('ROWS') ? ROWS : batches(query === 'LONG' ? LONG_ROWS : ROWS),
})

const KEPT = { keep_on_completion: true, wait_for_completion_timeout: '60s' }

describe('a result that the engine gives batch by batch', () => {
  let gateway: Gateway
  const ids: Record<string, string> = {}

  beforeAll(async () => {
    // To read megabytes of YAML and hold them against the document takes a minute.
    gateway = await startGateway({ memory: { execute }, isDocumented: false })
    for (const query of ['LONG', 'ROWS', 'BATCHES', 'ROWS in columns', 'BATCHES in columns'])
      ids[query] = await submit(query)
  })
  afterAll(() => gateway.close())

  async function submit(query: string): Promise<string> {
    const columnar = query.endsWith('columns')
    const { json } = await gateway.alice('POST /_query/async', {
      body: { query, columnar, ...KEPT },
    })
    return (json as { id: string }).id
  }

  const read = async (query: string, parameters: string): Promise<Buffer> =>
    (await gateway.alice(`GET /_query/async/${ids[query]}?${parameters}`)).body

  it.each(FORMATS)('has the body that rows in memory have, as %s', async (format) => {
    const isObject = OBJECT_FORMATS.some((name) => name === format)
    for (const how of ['', '&drop_null_columns=true']) {
      const parameters = `format=${format}${how}${isObject ? '&filter_path=all_columns,columns,values' : ''}`
      const expected = await read('ROWS', parameters)
      expect((await read('BATCHES', parameters)).equals(expected)).toBe(true)
      expect(expected.length).toBeGreaterThan(500_000)
    }
  })

  it('has the body that rows in memory have, column by column', async () => {
    for (const parameters of ['filter_path=columns,values', 'filter_path=columns,values&pretty']) {
      const expected = await read('ROWS in columns', parameters)
      expect((await read('BATCHES in columns', parameters)).equals(expected)).toBe(true)
    }
  })

  it('is downloaded whole when its query is deleted meanwhile', async () => {
    const expected = await read('LONG', 'format=csv')
    const id = await submit('LONG')
    const response = await begin(`/_query/async/${id}?format=csv`)
    await gateway.alice(`DELETE /_query/async/${id}`)
    expect((await gateway.alice(`GET /_query/async/${id}`)).status).toBe(404)
    expect((await buffer(response)).equals(expected)).toBe(true)
  })

  it('is read by clients side by side, one of whom leaves', async () => {
    const expected = await read('LONG', 'format=csv')
    const path = `/_query/async/${ids.LONG}?format=csv`
    const [first, leaving, second] = [await begin(path), await begin(path), await begin(path)]
    leaving.on('error', () => {}).destroy()
    expect((await buffer(second)).equals(expected)).toBe(true)
    expect((await buffer(first)).equals(expected)).toBe(true)
  })

  it('is refused to a client while others of the same owner have unpacked all that they may', async () => {
    // Most that this owner may keep, and so most that this owner may unpack: a megabyte for each reader.
    const maxBytesPerOwner = 2 * 2 ** 20
    const full = await startGateway({ memory: { maxBytesPerOwner, execute } })
    try {
      const { json } = await full.alice('POST /_query/async', { body: { query: 'LONG', ...KEPT } })
      const { id } = json as { id: string }
      const readers = [
        await begin(`/_query/async/${id}?pretty`, full),
        await begin(`/_query/async/${id}?pretty`, full),
      ]
      const refused = await full.alice(`GET /_query/async/${id}`)
      expect(refused).toMatchObject({ status: 429, json: { error: { type: 'circuit_breaking_exception' } } })
      expect((await full.alice(`HEAD /_query/async/${id}`)).status).toBe(429)
      const [first] = await Promise.all(readers.map(buffer))
      expect(first?.length).toBeGreaterThan(5_000_000)
      expect((await full.alice(`GET /_query/async/${id}?pretty`)).body.length).toBe(first?.length)
    } finally {
      await full.close()
    }
  })

  /** An answer whose body nobody has read yet. */
  function begin(path: string, { url } = gateway): Promise<IncomingMessage> {
    const headers = { authorization: `Bearer ${token({ sub: 'alice' })}` }
    return new Promise((resolve, reject) => {
      httpGet(`${url}${path}`, { agent: false, headers }, resolve).on('error', reject)
    })
  }
})
