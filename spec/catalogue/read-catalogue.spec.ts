import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseCatalogue, readCatalogue } from '../../lib/catalogue/read-catalogue'
import { JsonText } from '../../lib/core/json-text'
import type { Column, ValueObject } from '../../lib/core/result'
import { samplesOf } from '../support/catalogues'
import { pageOf } from '../support/documented'
import { valuesLike } from '../support/found-rows'
import { startGateway } from '../support/gateway'
import { alice, get, run, startStore, submit } from '../support/sample-queries'

const columns: Column[] = [{ name: 'n', type: 'long' }]

describe('a catalogue of version 1', () => {
  const text = `{
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
  }`
  const catalogue = samplesOf(text)

  it('lists how its queries are written and what they show', () => {
    expect(parseCatalogue(text).map(({ usage, shows }) => [usage, shows])).toEqual([
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
      tookNanos: 5e6,
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
    expect(await store.stop(id, alice)).toMatchObject({
      isPartial: true,
      tookNanos: 1e8,
      result: { columns, values: valuesLike([[1]]) },
    })
  })

  it.each([
    [
      'FROM lost | WHERE a',
      {
        type: 'index_not_found_exception',
        reason: 'no such index',
        status: 404,
        metadata: { index: 'gone' },
        causedBy: { type: 'io_exception', reason: 'disk' },
      },
    ],
    ['FROM axb', { type: 'verification_exception', reason: 'no', status: 400, metadata: {} }],
  ])('fails `%s` with the recorded error', async (query, error) => {
    await expect(run(query, [], catalogue)).rejects.toMatchObject(error)
  })

  it('keeps the facts of a column', async () => {
    expect((await run('FROM a.b', [], catalogue)).columns).toEqual([
      { name: 'u', type: 'unsupported', originalTypes: ['date', 'ip'], suggestedCast: 'keyword' },
    ])
  })

  it('looks at no params, and knows two spellings of one text', async () => {
    const response = { columns, values: [] }
    const queries = samplesOf({
      queries: [
        { query: 'FROM a', response },
        { query: 'from a', response },
      ],
    })
    expect(await run('FROM a', [{ value: 1 }], queries)).toEqual(response)
  })
})

describe('a catalogue of version 2', () => {
  const answer = (n: number) => ({ columns, values: [[n]] })
  const asked = (entry: object) => ({ version: 2, queries: [{ query: 'ROW x = ?', ...entry }] })

  it('has the form that its page shows', () => {
    const [, example = ''] =
      /## Queries of your own[\s\S]*?```jsonc\n([\s\S]*?)```/.exec(pageOf('docs/standalone.md')) ?? []
    const readBeside = () => JSON.stringify(answer(1))
    expect(parseCatalogue(example, readBeside).map(({ usage }) => usage)).toEqual([
      'FROM logs | WHERE host == ?',
      'FROM gone.*',
      'FROM big',
    ])
  })

  it('tells apart queries by their params, named ones and 64-bit integers too', async () => {
    const queries = samplesOf(`{ "version": 2, "queries": [
      { "query": "ROW x = ?", "response": { "columns": [], "values": [] } },
      { "query": "ROW x = ?", "params": [9007199254740993], "response": ${JSON.stringify(answer(1))} },
      { "query": "ROW x = ?", "params": [{ "a": 1 }], "response": ${JSON.stringify(answer(2))} },
      { "query": "ROW x = ?", "params": "any", "response": ${JSON.stringify(answer(3))} }
    ] }`)
    const values = async (...params: { name?: string; value: number | bigint }[]) =>
      (await run('row x = ?', params, queries)).values
    expect(await values()).toEqual([])
    expect(await values({ value: 9007199254740993n })).toEqual([[1]])
    expect(await values({ name: 'a', value: 1 })).toEqual([[2]])
    expect(await values({ value: 9007199254740992 })).toEqual([[3]])
  })

  it('tells apart queries by their filter', async () => {
    const { matcher } = parseCatalogue(
      JSON.stringify(asked({ filter: { range: { a: { gte: 1, lt: 2 } } }, response: answer(1) })),
    )[0] as ReturnType<typeof parseCatalogue>[number]
    expect(matcher.filter).toMatchObject({ written: '{"range":{"a":{"gte":1,"lt":2}}}' })
  })

  it('gives each time the next of several responses, and stays at the last one', async () => {
    const error = { error: { type: 'verification_exception', reason: 'gone' } }
    const queries = samplesOf(asked({ responses: [answer(1), error, answer(2)] }))
    expect((await run('ROW x = ?', [], queries)).values).toEqual([[1]])
    await expect(run('ROW x = ?', [], queries)).rejects.toThrow('gone')
    expect((await run('ROW x = ?', [], queries)).values).toEqual([[2]])
    expect((await run('ROW x = ?', [], queries)).values).toEqual([[2]])
  })

  it('reads a recording with an array for each column', async () => {
    const response = {
      columns: [...columns, { name: 's', type: 'keyword' }],
      values: [
        [1, 2, 3],
        ['a', null, ['b', 'c']],
      ],
    }
    const queries = samplesOf(asked({ columnar: true, response }))
    expect((await run('ROW x = ?', [], queries)).values).toEqual([
      [1, 'a'],
      [2, null],
      [3, ['b', 'c']],
    ])
  })

  it.each([
    ['1.6s', 1_600],
    ['500ms', 500],
    ['2 m', 120_000],
    ['0', 0],
    ['-1', 0],
    ['1500micros', 1.5],
  ])('reads the delay %s', (delay, ms) => {
    expect(parseCatalogue(JSON.stringify(asked({ delay, response: answer(1) })))).toEqual([
      expect.objectContaining({ delayMs: ms }),
    ])
  })

  it('keeps the spelling of documents in columnar bodies, and an empty place empty', () => {
    const [text, labels] = ['{"b" : 1.0,\n"10":1e3,"2":-0}', '{"a":0.10,"a":[]}']
    const body =
      '{"columns":[{"name":"a","type":"_source"},{"name":"b","type":"flattened"}],' +
      `"values":[[${text},null],[[${labels},${text}],${labels}]]}`
    const [entry] = parseCatalogue(
      `{"version":2,"queries":[{"query":"q","columnar":true,"partial_values":[[${text},null]],"response":${body}}]}`,
    )
    const [spelled, other] = [new JsonText(text), new JsonText(labels)]
    expect(entry?.partial?.values).toStrictEqual([[spelled, null]])
    expect(entry?.outcomes).toMatchObject([
      {
        values: [
          [spelled, [other, spelled]],
          [null, other],
        ],
      },
    ])
  })

  it('answers with a recorded body of 9.5 as it was, its warnings in headers', async () => {
    const recorded =
      '"documents_found":5,"values_loaded":20,"rows_emitted":6,"bytes_read":7,"read_nanos":8,"cpu_nanos":9,' +
      '"approximation_applied":true,'
    const table =
      '"columns":[{"name":"day","type":"date","_meta":{"bucket":{"interval":1,"unit":"day"}}},' +
      '{"name":"price","type":"double","_meta":{"bucket":{"interval":100.0}}},' +
      '{"name":"certified","type":"boolean","_meta":{"approximation":{"type":"certified","column":"price"}}},' +
      '{"name":"_source","type":"_source"}],' +
      '"values":[["2026-01-01T00:00:00.000Z",100.0,true,{"b" : 1.0,"10":9007199254740993,"a":[1.50,{"c":null}],"":"x  \\u0041","2":-0,"2":1e3,"__proto__":{}}]],' +
      '"_clusters":{"total":1,"details":{"(local)":{"status":"successful"}}}'
    const queries = samplesOf(
      `{"version":2,"queries":[{"query":"q","warnings":["first \\"one\\""],"response":{"took":28,"is_partial":true,` +
        `${recorded}${table},"warnings":["No limit defined, adding default limit of [1000]"]}}]}`,
    )
    const gateway = await startGateway({ store: startStore(queries).store })
    const { text, headers } = await gateway.alice('POST /_query/async', {
      body: { query: 'q', settings: { column_metadata: true } },
    })
    await gateway.close()
    const times = /"(start_time|completion_time|expiration_time)_in_millis":\d+,/g
    expect(text.replace(times, '')).toBe(
      `{"is_running":false,"took":28,"is_partial":true,${recorded}${table}}`,
    )
    expect(headers.warning).toBe(
      '299 Elasticsearch-9.5.0-unknown "first \\"one\\"", ' +
        '299 Elasticsearch-9.5.0-unknown "No limit defined, adding default limit of [1000]"',
    )
  })
})

describe('the files of a catalogue', () => {
  let folder: string
  const at = (name: string) => path.join(folder, name)
  const write = (name: string, content: unknown) => writeFileSync(at(name), JSON.stringify(content))

  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'catalogue-'))
    write('queries.json', { version: 2, queries: [{ query: 'FROM big', response_file: 'big.json' }] })
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  it('are the catalogue and the responses beside it', () => {
    write('big.json', { columns, values: [[1]] })
    const { entries, files } = readCatalogue(at('queries.json'))
    expect(entries).toMatchObject([{ outcomes: [{ columns, values: [[1]] }] }])
    expect(files).toEqual([at('queries.json'), at('big.json')])
  })

  it.each<[string, unknown, string]>([
    [
      'a cell that does not fit',
      { columns, values: [['a']] },
      'the response.values[0][0] must be an integer',
    ],
    ['no result', { columns }, 'the response must have `values`'],
    ['nothing', undefined, 'the file is empty'],
  ])('are named in the error of a response with %s', (_, content, message) => {
    if (content === undefined) writeFileSync(at('big.json'), '')
    else write('big.json', content)
    expect(() => readCatalogue(at('queries.json'))).toThrow(
      `${at('queries.json')}: queries[0].response_file: big.json: ${message}`,
    )
  })

  it('are named where one is missing', () => {
    expect(() => readCatalogue(at('queries.json'))).toThrow(
      `${at('queries.json')}: queries[0].response_file: big.json: ENOENT`,
    )
  })
})

describe('a catalogue with a fault', () => {
  const entry = (changes: object) => ({
    version: 2,
    queries: [{ query: 'FROM a', response: { columns, values: [] }, ...changes }],
  })
  const twice = (first: object, second: object) => ({
    version: 2,
    queries: [first, second].map((changes) => ({
      query: 'FROM a',
      response: { columns, values: [] },
      ...changes,
    })),
  })
  const response = (changes: object) => entry({ response: { columns, values: [], ...changes } })
  const failure = (error: unknown, status?: unknown) => entry({ response: { error, status } })

  it.each<[string, string | object]>([
    ['the catalogue must be an object', '[]'],
    [
      "[1:2] Unexpected character ('q' (code 113)): was expecting double-quote to start field name",
      '{queries: []}',
    ],
    ['the catalogue does not know `query`; did you mean `queries`?', { query: [] }],
    ['the catalogue must have `queries`', {}],
    ['version must be a version that this release reads, got `3`', { version: 3, queries: [] }],
    ['queries must be an array', { queries: {} }],
    ['queries[0] must be an object', { queries: [1] }],
    [
      'queries[0] does not know `wait`; known are: query, pattern, params, filter, locale, time_zone, redacted, shows, delay, keep_alive, partial_values, ' +
        'columnar, warnings, response, responses, response_file',
      { queries: [{ wait: 1 }] },
    ],
    ['queries[0] must have exactly one of `query` and `pattern`', entry({ query: undefined })],
    ['queries[0] must have exactly one of `query` and `pattern`', entry({ pattern: '.*' })],
    [
      'queries[0] must have exactly one of `response`, `responses` and `response_file`',
      entry({ response: undefined }),
    ],
    [
      'queries[0] must have exactly one of `response`, `responses` and `response_file`',
      entry({ responses: [] }),
    ],
    ['queries[0].query must be a text', entry({ query: 1 })],
    ['queries[0].pattern must be a regular expression', entry({ query: undefined, pattern: '(' })],
    ['queries[0].params must be an array', entry({ params: { a: 1 } })],
    ['queries[0].params: Failed to parse params', entry({ params: [1, { a: 1 }] })],
    ['queries[0].filter must be an object', entry({ filter: 'all' })],
    ['queries[0].shows must be a text', entry({ shows: '' })],
    ['queries[0].delay must be a time value such as 500ms or 1.6s', entry({ delay: 2 })],
    ['queries[0].delay must be a time value such as 500ms or 1.6s, got `2`', entry({ delay: '2' })],
    [
      'queries[0].keep_alive must be a time value such as 500ms or 1.6s, got `5 days`',
      entry({ keep_alive: '5 days' }),
    ],
    ['queries[0].partial_values[0] must have 1 cells, one per column', entry({ partial_values: [[]] })],
    ['queries[0].partial_values[0][0] must be an integer from -2^63', entry({ partial_values: [['a']] })],
    ['queries[0].columnar must be true or false', entry({ columnar: 1 })],
    ['queries[0].warnings[0] must be a text', entry({ warnings: [1] })],
    ['queries[0].response must be an object', entry({ response: [] })],
    ['queries[0].response must have `columns`', entry({ response: {} })],
    ['queries[0].response must have `values`', entry({ response: { columns } })],
    ['queries[0].responses must be an array of 1 or more', entry({ response: undefined, responses: [] })],
    [
      'queries[0].responses[1].values[0][0] must be an integer from -2^63',
      entry({
        response: undefined,
        responses: [
          { columns, values: [] },
          { columns, values: [[0.5]] },
        ],
      }),
    ],
    [
      'queries[0].response.columns[0].type must be an ES|QL type, got `keywrod`; did you mean `keyword`?',
      response({ columns: [{ name: 'a', type: 'keywrod' }] }),
    ],
    [
      'queries[0].response.columns[0]._meta must be an object',
      response({ columns: [{ ...columns[0], _meta: 1 }] }),
    ],
    ['queries[0].response.took must be a whole number, 0 or more', response({ took: -1 })],
    ['queries[0].response.is_partial must be true or false', response({ is_partial: 'no' })],
    [
      'queries[0].response.values[1] must have 1 cells, one per column; if `values` has an array for each column, ' +
        'set `columnar` of the entry to true',
      response({ values: [[1], [1, 2]] }),
    ],
    [
      'queries[0].response.values[0][0] must be an integer from -2^63 to 2^63 - 1, beyond 2^53 as a bigint or decimal text: ' +
        'column `n` has the type `long`, got `"a"`',
      response({ values: [['a']] }),
    ],
    [
      'queries[0].response.values must have 1 arrays, one per column',
      entry({ columnar: true, response: { columns, values: [[1], [2]] } }),
    ],
    [
      'queries[0].response.values[0][1] must be an integer from -2^63',
      entry({ columnar: true, response: { columns, values: [[1, 'b']] } }),
    ],
    [
      'queries[0].response.values[1] must have 2 cells, as the columns before it',
      entry({ columnar: true, response: { columns: [...columns, ...columns], values: [[1, 2], [1]] } }),
    ],
    ['queries[0].response.error must be an object', failure('no')],
    ['queries[0].response.error must have `reason`', failure({ type: 'parsing_exception' })],
    [
      'queries[0].response.error.caused_by.caused_by must have `type`',
      failure({
        type: 'parsing_exception',
        reason: 'b',
        caused_by: { type: 'a', reason: 'b', caused_by: {} },
      }),
    ],
    [
      'queries[0].response must have `status`: the type `my_exception` is none of this package, which have their own',
      failure({ type: 'my_exception', reason: 'b' }),
    ],
    [
      'queries[0].response.status must be an HTTP status of 400 or above',
      failure({ type: 'my_exception', reason: 'b' }, 200),
    ],
    [
      'queries[1] never answers, because queries[0] takes the same requests; remove one, or put it in front',
      twice({}, { query: 'from a // again' }),
    ],
    [
      'queries[1] never answers, because queries[0] takes the same requests',
      twice({ params: 'any' }, { params: [1] }),
    ],
    [
      'queries[1] never answers, because queries[0] takes the same requests',
      twice({ params: [{ a: 1 }] }, { params: [{ a: { value: 1 } }] }),
    ],
  ])('is refused: %s', (message, content) => {
    const text = typeof content === 'string' ? content : JSON.stringify(content)
    expect(() => parseCatalogue(text)).toThrow(message)
  })

  it.each<[string, ValueObject, ValueObject]>([
    ['other params', {}, { params: [1] }],
    ['another filter', {}, { filter: {} }],
    ['any params behind some', { params: [1] }, { params: 'any' }],
    ['a blank in a string', { query: 'ROW a = "x y"' }, { query: 'ROW a = "x  y"' }],
  ])('does not come from an entry with %s', (_, first, second) => {
    expect(parseCatalogue(JSON.stringify(twice(first, second)))).toHaveLength(2)
  })
})
