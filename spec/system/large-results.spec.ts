import { get as httpGet, type IncomingMessage } from 'node:http'
import { buffer } from 'node:stream/consumers'
import type { EngineResult, QueryResult, Rows, Value } from 'express-esql-async-query'
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

/** More than the connection takes at once. */
const ROWS: Rows = Array.from({ length: 60_000 }, (_, row): Value[] => [
  row % 9 === 0 ? 2n ** 60n + BigInt(row) : row,
  row % 7 === 0 ? [`a${row}`, 'b'] : `some text, "${row}" ${'x'.repeat(row % 50)}`,
  null,
  row / 2,
])

async function* batches(): AsyncGenerator<Rows> {
  for (let begin = 0; begin < ROWS.length; begin += 999) yield ROWS.slice(begin, begin + 999)
}

describe('a result that the engine gives batch by batch', () => {
  let gateway: Gateway
  const ids: Record<string, string> = {}

  beforeAll(async () => {
    gateway = await startGateway({
      memory: {
        execute: ({ query }): EngineResult => ({
          columns: COLUMNS,
          values: query.startsWith('ROWS') ? ROWS : batches(),
        }),
      },
    })
    for (const query of ['ROWS', 'BATCHES', 'ROWS in columns', 'BATCHES in columns'])
      ids[query] = await submit(query)
  })
  afterAll(() => gateway.close())

  async function submit(query: string): Promise<string> {
    const columnar = query.endsWith('columns')
    const { json } = await gateway.alice('POST /_query/async', {
      body: { query, columnar, keep_on_completion: true, wait_for_completion_timeout: '60s' },
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
      expect(expected.length).toBeGreaterThan(1_000_000)
    }
  })

  it('has the body that rows in memory have, column by column', async () => {
    for (const parameters of ['filter_path=columns,values', 'filter_path=columns,values&pretty']) {
      const expected = await read('ROWS in columns', parameters)
      expect((await read('BATCHES in columns', parameters)).equals(expected)).toBe(true)
    }
  })

  it('is downloaded whole when its query is deleted meanwhile', async () => {
    const expected = await read('BATCHES', 'format=csv')
    const id = await submit('BATCHES')
    const response = await begin(`/_query/async/${id}?format=csv`)
    await gateway.alice(`DELETE /_query/async/${id}`)
    expect((await gateway.alice(`GET /_query/async/${id}`)).status).toBe(404)
    expect((await buffer(response)).equals(expected)).toBe(true)
  })

  it('is read by clients side by side, one of whom leaves', async () => {
    const expected = await read('BATCHES', 'format=csv')
    const path = `/_query/async/${ids.BATCHES}?format=csv`
    const [first, leaving, second] = [await begin(path), await begin(path), await begin(path)]
    leaving.on('error', () => {}).destroy()
    expect((await buffer(second)).equals(expected)).toBe(true)
    expect((await buffer(first)).equals(expected)).toBe(true)
  })

  /** An answer whose body nobody has read yet. */
  function begin(path: string): Promise<IncomingMessage> {
    const headers = { authorization: `Bearer ${token({ sub: 'alice' })}` }
    return new Promise((resolve, reject) => {
      httpGet(`${gateway.url}${path}`, { agent: false, headers }, resolve).on('error', reject)
    })
  }
})
