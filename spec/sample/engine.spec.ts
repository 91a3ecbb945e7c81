import { ownerOf } from '../../lib/core/caller'
import type { QueryError } from '../../lib/core/errors'
import type { Column, QueryResult, Value } from '../../lib/core/result'
import { COLUMN_TYPES } from '../../lib/core/result'
import type { QueryParam } from '../../lib/core/store'
import type { Format } from '../../lib/formats/formats'
import { OBJECT_FORMATS, TEXT_FORMATS, writerFor } from '../../lib/formats/formats'
import { parseCatalogue } from '../../lib/sample/catalogue'
import { readDefaultCatalogue } from '../../lib/sample/default-catalogue'
import { sampleEngine } from '../../lib/sample/engine'
import { MemoryStore } from '../../lib/stores/memory/memory-store'
import { ManualClock } from '../../lib/test-kit/manual-clock'

const alice = ownerOf('issuer', 'alice')
const SAMPLES = readDefaultCatalogue()
const KEPT = { waitForCompletionTimeoutMs: 0, keepAliveMs: 3_600_000, keepOnCompletion: true }

/** Runs a query to its end. */
async function run(query: string, params?: QueryParam[], queries = SAMPLES): Promise<QueryResult> {
  const { signal } = new AbortController()
  return sampleEngine(queries)({ query, ...(params && { params }) }, { signal, report() {}, owner: alice })
}

/** The type and reason that a query fails with. */
async function failure(query: string, params?: QueryParam[]): Promise<string[]> {
  const error: QueryError = await run(query, params).then(
    () => Promise.reject(new Error('it does not fail')),
    (thrown: QueryError) => thrown,
  )
  return [error.type, error.reason]
}

/** A store that runs the engine on a clock that stands still. */
function startStore(queries = SAMPLES): { store: MemoryStore; clock: ManualClock } {
  const clock = new ManualClock()
  return { clock, store: new MemoryStore({ execute: sampleEngine(queries, clock), clock }) }
}

async function submit(store: MemoryStore, query: string): Promise<string> {
  const { id = '' } = await store.submit({ query }, alice, KEPT)
  return id
}

const get = (store: MemoryStore, id: string) => store.get(id, alice, { waitForCompletionTimeoutMs: 0 })

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

  it('is known with other blanks too', async () => {
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
  const chunks = write({ isRunning: false, isPartial: false, result }, presentation)
  return [...chunks].reduce((bytes, chunk) => bytes + Buffer.byteLength(chunk), 0)
}

describe('FROM many', () => {
  it('has as many rows as asked for', async () => {
    const { values } = await run('FROM many | LIMIT 3')
    expect(values).toEqual([
      [0, 9007199254740993n, 'item 0', 0, Date.UTC(2020, 0, 1), true],
      [1, 9007199254740994n, 'item 1', 0.25, Date.UTC(2020, 0, 1, 0, 1), false],
      [2, 9007199254740995n, 'item 2', 0.5, Date.UTC(2020, 0, 1, 0, 2), true],
    ])
  })

  it.each([
    ['FROM many', 1_000],
    ['from many|limit 0', 0],
    ['FROM many | LIMIT 100000', 100_000],
  ])('`%s` has %d', async (query, rows) => {
    expect((await run(query)).values).toHaveLength(rows)
  })

  it('has no more than 100000', async () => {
    expect(await failure('FROM many | LIMIT 100001')).toEqual([
      'verification_exception',
      'Found 1 problem\nline 1:1: the sample engine has [100000] rows, not [100001]',
    ])
  })

  it('ends when it is told to', async () => {
    const controller = new AbortController()
    const context = { signal: controller.signal, report() {}, owner: alice }
    const running = sampleEngine(SAMPLES)({ query: 'FROM many | LIMIT 100000' }, context)
    controller.abort(new Error('enough'))
    await expect(running).rejects.toThrow('enough')
  })
})

describe('queries that take their time', () => {
  it.each([
    ['FROM slow', 3_000],
    ['FROM slower', 60_000],
  ])('%s completes after %d ms', async (query, delayMs) => {
    const { store, clock } = startStore()
    const id = await submit(store, query)
    await clock.advance(delayMs - 1)
    expect(await get(store, id)).toMatchObject({ isRunning: true })
    await clock.advance(1)
    expect(await get(store, id)).toMatchObject({
      isRunning: false,
      isPartial: false,
      result: {
        values: [
          ['web-1', 120_340, '2026-03-01T08:15:30.000Z'],
          ['web-2', 98_211, '2026-03-01T08:15:29.500Z'],
          ['web-3', 7, '2026-02-27T23:59:59.999Z'],
        ],
      },
    })
  })

  it.each([
    ['FROM slow', ['web-1']],
    ['FROM slower', ['web-1', 'web-2']],
  ])('%s keeps the rows of %j when it is stopped', async (query, hosts) => {
    const { store } = startStore()
    const stopped = await store.stop(await submit(store, query), alice)
    expect(stopped).toMatchObject({
      isPartial: true,
      result: { values: hosts.map((host) => [host, expect.any(Number), expect.any(String)]) },
    })
  })

  it('leave no timer behind when they are deleted', async () => {
    const { store, clock } = startStore()
    const id = await submit(store, 'FROM slow')
    await clock.advance(500)
    await store.delete(id, alice)
    expect(clock.pendingTimers).toBe(0)
  })
})

describe('queries that fail', () => {
  it('FROM missing fails at once', async () => {
    expect(await failure('FROM missing')).toEqual(['verification_exception', 'Unknown index [missing]'])
  })

  it('FROM failing runs for two seconds before it does', async () => {
    const { store, clock } = startStore()
    const id = await submit(store, 'FROM failing')
    await clock.advance(1_999)
    expect(await get(store, id)).toMatchObject({ isRunning: true })
    await clock.advance(1)
    await expect(get(store, id)).rejects.toMatchObject({
      type: 'circuit_breaking_exception',
      status: 429,
      metadata: { bytes_wanted: 2_147_483_648, bytes_limit: 1_073_741_824, durability: 'TRANSIENT' },
    })
  })

  it('an unknown query fails with the list of known ones', async () => {
    expect(await failure('FROM logs | WHERE a == 1')).toEqual([
      'verification_exception',
      'Found 1 problem\nline 1:1: the sample engine does not know this query; it knows: [FROM books], ' +
        '[FROM types], [FROM types_basic], [FROM slow], [FROM slower], [FROM failing], [FROM missing], ' +
        '[FROM many | LIMIT 5000], [ROW x = ?, y = ?]',
    ])
  })

  it.each(['FROM books | WHERE 1', 'FROM bookshelf', 'FROM many | LIMIT x', 'ROW x = 1'])(
    '`%s` is unknown',
    async (query) => {
      expect(await failure(query)).toEqual([
        'verification_exception',
        expect.stringContaining('does not know'),
      ])
    },
  )
})

describe('ROW x = ?', () => {
  it.each<[Value, string, Value]>([
    [null, 'null', null],
    [true, 'boolean', true],
    ['a', 'keyword', 'a'],
    [0.5, 'double', 0.5],
    [1e300, 'double', 1e300],
    [-2147483648, 'integer', -2147483648],
    [2147483648, 'long', 2147483648],
    [9223372036854775807n, 'long', 9223372036854775807n],
    [9223372036854775808n, 'unsigned_long', 9223372036854775808n],
    [18446744073709551616n, 'double', 2 ** 64],
    [[1, 4294967296], 'long', [1, 4294967296]],
    [[1, 0.5], 'double', [1, 0.5]],
    [[9007199254740993n, 0.5], 'double', [9007199254740992, 0.5]],
    [['a', 'b'], 'keyword', ['a', 'b']],
  ])('gives %p back as %s', async (value, type, cell) => {
    expect(await run('ROW x = ?', [{ value }])).toEqual({ columns: [{ name: 'x', type }], values: [[cell]] })
  })

  it.each([
    ['ROW a = ?, b = ?', [{ value: 1 }, { value: 2 }]],
    ['ROW b = ?2 , a=?1', [{ value: 1 }, { value: 2 }]],
    [
      'row a = ?first, b = ?second',
      [
        { name: 'second', value: 2 },
        { name: 'first', value: 1 },
      ],
    ],
  ])('`%s` takes each its own', async (query, params) => {
    const { columns, values } = await run(query, params)
    expect(Object.fromEntries(columns.map(({ name }, index) => [name, values[0]?.[index]]))).toEqual({
      a: 1,
      b: 2,
    })
  })

  it.each<[string, QueryParam[], string, string]>([
    ['ROW a = ?, b = ?', [{ value: 1 }], 'parsing_exception', 'line 1:1: Not enough actual parameters 1'],
    ['ROW a = ?3', [{ value: 1 }], 'parsing_exception', 'line 1:1: Unknown query parameter [3]'],
    ['ROW a = ?x', [{ name: 'y', value: 1 }], 'parsing_exception', 'line 1:1: Unknown query parameter [x]'],
    [
      'ROW a = ?',
      [{ value: [1, 'a'] }],
      'verification_exception',
      'Found 1 problem\nline 1:1: a multi-value has one type, not [integer, keyword]',
    ],
  ])('`%s` with %j fails', async (query, params, type, reason) => {
    expect(await failure(query, params)).toEqual([type, reason])
  })
})

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

  it('says how its queries are written and what they show', () => {
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
