import { readFileSync } from 'node:fs'
import path from 'node:path'
import type { Column } from '../../lib/core/result'
import { COLUMN_TYPES } from '../../lib/core/result'
import type { Format } from '../../lib/formats/formats'
import { OBJECT_FORMATS, TEXT_FORMATS, writerFor } from '../../lib/formats/formats'
import { parseCatalogue } from '../../lib/sample/catalogue'
import { startGateway } from '../support/gateway'
import { alice, get, run, startStore, submit } from '../support/sample-queries'
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

  it('matches with other blanks too', async () => {
    expect(await run('  FROM\n  books ')).toEqual(await run('FROM books'))
  })
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

describe('a catalogue', () => {
  const columns: Column[] = [{ name: 'n', type: 'long' }]

  const catalogue = parseCatalogue(`{
    // What the reports of the shop ask for.
    "queries": [
      {
        "query": "FROM logs  | LIMIT 2",
        "shows": "what the log says",
        "delay": "2s",
        "partial_values": [[1]],
        "response": {
          "took": 5,
          "is_partial": false,
          "documents_found": 9,
          "values_loaded": 18,
          "columns": [{ "name": "n", "type": "long" }],
          "values": [[1], [9007199254740993]],
          "profile": { "drivers": [] },
          "_clusters": { "total": 1 }
        }
      },
      {
        "pattern": "FROM (gone|lost).*",
        "response": {
          "error": {
            "root_cause": [{ "type": "index_not_found_exception", "reason": "no such index" }],
            "type": "index_not_found_exception",
            "reason": "no such index",
            "index": "gone",
            "caused_by": { "type": "io_exception", "reason": "disk" }
          },
          "status": 404
        }
      },
      { "query": "FROM a.b", "response": { "columns": [
        { "name": "u", "type": "unsupported", "original_types": ["date", "ip"], "suggested_cast": "keyword" }
      ], "values": [] } },
      { "pattern": ".*", "response": { "error": { "type": "verification_exception", "reason": "no" } } }
    ]
  }`)

  it('has the form that the README shows', () => {
    const readme = readFileSync(path.join(__dirname, '..', '..', 'README.md'), 'utf8')
    const [, example = ''] = /### Queries of your own[\s\S]*?```jsonc\n([\s\S]*?)```/.exec(readme) ?? []
    expect(parseCatalogue(example).map(({ usage }) => usage)).toEqual(['FROM logs | LIMIT 2', 'FROM gone.*'])
  })

  it('lists how its queries are written and what they show', () => {
    expect(catalogue.map(({ usage, shows }) => [usage, shows])).toEqual([
      ['FROM logs | LIMIT 2', 'what the log says'],
      ['FROM (gone|lost).*', undefined],
      ['FROM a.b', undefined],
      ['.*', undefined],
    ])
  })

  it('answers with the recorded result, integers exact, after the delay', async () => {
    const { store, clock } = startStore(catalogue)
    const id = await submit(store, 'FROM logs | LIMIT 2')
    await clock.advance(1_999)
    expect(await get(store, id)).toMatchObject({ isRunning: true })
    await clock.advance(1)
    expect(await get(store, id)).toMatchObject({
      isRunning: false,
      isPartial: false,
      result: {
        columns,
        values: [[1], [9007199254740993n]],
        statistics: { documentsFound: 9, valuesLoaded: 18 },
        profile: { drivers: [] },
        clusters: { total: 1 },
      },
    })
  })

  it('keeps the partial values of a query that is stopped', async () => {
    const { store, clock } = startStore(catalogue)
    const id = await submit(store, 'FROM logs | LIMIT 2')
    await clock.advance(100)
    expect(await store.stop(id, alice)).toMatchObject({ isPartial: true, result: { columns, values: [[1]] } })
  })

  it.each([
    [
      'FROM lost | WHERE a',
      {
        type: 'index_not_found_exception',
        reason: 'no such index',
        status: 404,
        metadata: { index: 'gone' },
      },
    ],
    ['FROM axb', { type: 'verification_exception', reason: 'no', status: 400, metadata: {} }],
  ])('fails `%s` with the recorded error', async (query, error) => {
    await expect(run(query, [], catalogue)).rejects.toMatchObject(error)
  })

  it('answers with a recorded body of 9.5 as it was, its warnings in headers', async () => {
    const recorded =
      '"documents_found":5,"values_loaded":20,"rows_emitted":6,"bytes_read":7,"read_nanos":8,"cpu_nanos":9,' +
      '"approximation_applied":true,'
    const table =
      '"columns":[{"name":"day","type":"date","_meta":{"bucket":{"interval":1,"unit":"day"}}},' +
      '{"name":"price","type":"double","_meta":{"bucket":{"interval":100.0}}},' +
      '{"name":"certified","type":"boolean","_meta":{"approximation":{"type":"certified","column":"price"}}}],' +
      '"values":[["2026-01-01T00:00:00.000Z",100.0,true]]'
    const queries = parseCatalogue(
      `{"queries":[{"query":"q","response":{"took":28,"is_partial":false,${recorded}${table},` +
        '"warnings":["No limit defined, adding default limit of [1000]"]}}]}',
    )
    const gateway = await startGateway({ store: startStore(queries).store })
    const { text, headers } = await gateway.alice('POST /_query/async', {
      body: { query: 'q', settings: { column_metadata: true } },
    })
    await gateway.close()
    const times = /"start_time_in_millis":\d+,"expiration_time_in_millis":\d+,/
    expect(text.replace(times, '').replace(/^.*(?="documents_found")/, '')).toBe(`${recorded}${table}}`)
    expect(headers.warning).toBe(
      '299 Elasticsearch-9.5.0-unknown "No limit defined, adding default limit of [1000]"',
    )
  })

  it('keeps the facts of a column', async () => {
    expect((await run('FROM a.b', [], catalogue)).columns).toEqual([
      { name: 'u', type: 'unsupported', originalTypes: ['date', 'ip'], suggestedCast: 'keyword' },
    ])
  })

  it.each<[string, string | object]>([
    ['the catalogue must be an object', '[]'],
    [
      "[1:2] Unexpected character ('q' (code 113)): was expecting double-quote to start field name",
      '{queries: []}',
    ],
    ['the catalogue does not know `query`; known are: queries', { query: [] }],
    ['queries must be an array', {}],
    ['queries[0] must be an object', { queries: [1] }],
    [
      'queries[0] does not know `wait`; known are: query, pattern, shows, delay, partial_values, response',
      { queries: [{ wait: 1 }] },
    ],
    ['queries[0] must have either `query` or `pattern`', entry({ query: undefined })],
    ['queries[0] must have either `query` or `pattern`', entry({ pattern: '.*' })],
    ['queries[0].query must be a text', entry({ query: 1 })],
    ['queries[0].pattern must be a regular expression', entry({ query: undefined, pattern: '(' })],
    ['queries[0].shows must be a text', entry({ shows: '' })],
    ['queries[0].delay must be a text', entry({ delay: 2 })],
    ['queries[0].delay must be a time value such as 500ms or 2s, got `2`', entry({ delay: '2' })],
    ['queries[0].partial_values[0] must have 1 cells, one per column', entry({ partial_values: [[]] })],
    ['queries[0].response must be an object', entry({ response: undefined })],
    ['queries[0].response.columns must be an array', entry({ response: {} })],
    [
      'queries[0].response.columns[0].type must be an ES|QL type, got `keywrod`; did you mean `keyword`?',
      entry({ response: { columns: [{ name: 'a', type: 'keywrod' }], values: [] } }),
    ],
    ['queries[0].response.values must be an array', entry({ response: { columns } })],
    [
      'queries[0].response.values[0] must have 1 cells, one per column',
      entry({ response: { columns, values: [[]] } }),
    ],
    ['queries[0].response.error.reason must be a text', entry({ response: { error: { type: 'a' } } })],
    [
      'queries[0].response.status must be an HTTP status of 400 or above',
      entry({ response: { error: { type: 'a', reason: 'b' }, status: 200 } }),
    ],
  ])('is refused: %s', (message, content) => {
    const text = typeof content === 'string' ? content : JSON.stringify(content)
    expect(() => parseCatalogue(text)).toThrow(message)
  })

  function entry(changes: object): object {
    return { queries: [{ query: 'FROM a', response: { columns, values: [] }, ...changes }] }
  }
})
