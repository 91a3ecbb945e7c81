import { setImmediate as nextTurn } from 'node:timers/promises'
import { decode as decodeCbor } from 'cbor-x'
import type { AsyncQuery, ColumnType, QueryResult, RequestEvent } from 'express-esql-async-query'
import { MemoryStore } from 'express-esql-async-query'
import { parse as parseSmile } from 'smile-js'
import { parse as parseYaml } from 'yaml'
import { FORMATS } from '../../lib/formats/formats'
import { CountedBatches } from '../support/batches'
import { decodedArrow } from '../support/decoded-arrow'
import { type Answer, type Gateway, startGateway } from '../support/gateway'

const LONE = 'a\ud83e'

function one(type: ColumnType | 'int', ...cells: unknown[]): QueryResult {
  return { columns: [{ name: 'c', type }], values: cells.map((cell) => [cell]) } as QueryResult
}

describe('the result of a store', () => {
  let gateway: Gateway
  let query: unknown
  let logged: RequestEvent[]
  let reads = 0

  beforeAll(async () => {
    const log = (event: object): void => {
      logged.push(event as RequestEvent)
    }
    gateway = await startGateway({
      store: { get: async () => query as AsyncQuery },
      logger: { debug() {}, info() {}, warn() {}, error: log },
      // Answers of 500 are in the document. What a store of a test returns is not always.
      isDocumented: false,
    })
  })
  afterAll(() => gateway.close())
  beforeEach(() => {
    logged = []
    reads = 0
  })

  const get = (result: unknown, format = 'json'): Promise<Answer> => {
    query = { isRunning: false, isPartial: false, result }
    return gateway.alice(`GET /_query/async/id?format=${format}`)
  }

  /** The only cell in every format that has the type. */
  async function everywhere(result: QueryResult): Promise<Record<string, unknown>> {
    const cells: Record<string, unknown> = {}
    for (const format of FORMATS) {
      const { status, body, text } = await get(result, format)
      if (status === 400) continue
      cells[format] = cellIn(format, body, text)
    }
    return cells
  }

  it.each<[string, QueryResult, unknown, unknown]>([
    ['a lone surrogate', one('keyword', LONE), 'a\ufffd', 'a\ufffd'],
    ['a number for a text', one('keyword', 1e21), '1e+21', '1e+21'],
    ['a text for a long', one('long', '+0042'), 42, '42'],
    ['a text for a double', one('double', '1.50'), 1.5, 1.5],
    ['an unsigned_long', one('unsigned_long', 42n), 42, '42'],
    ['a mapped address', one('ip', '::ffff:10.0.0.1'), '10.0.0.1', 'hex:0a000001'],
    ['an address in capitals', one('ip', 'FE80::1'), 'fe80::1', `hex:fe80${'0'.repeat(26)}01`],
    [
      'the last nanosecond',
      one('date_nanos', 2n ** 63n - 1n),
      '2262-04-11T23:47:16.854775807Z',
      String(2n ** 63n - 1n),
    ],
    ['a date in a zone', one('date', '1970-01-01T01:00:00+01:00'), '1970-01-01T00:00:00.000Z', '0'],
    ['a range', one('double_range', '1..2'), '1.0..2.0', { from: 1, to: 2 }],
    ['a Map', one('_source', new Map([['k', new Float64Array([1.5])]])), { k: [1.5] }, '{"k":[1.5]}'],
    [
      'keys of a document',
      one('_source', { [LONE]: LONE }),
      { 'a\ufffd': 'a\ufffd' },
      '{"a\ufffd":"a\ufffd"}',
    ],
  ])('means the same in every format: %s', async (_what, result, value, inArrow) => {
    const { arrow, csv, tsv, txt, md, ...objects } = await everywhere(result)
    expect(objects).toEqual({ json: value, yaml: value, cbor: value, smile: value })
    expect(arrow).toEqual(inArrow)
    expect([csv, tsv, md]).toEqual([txt, txt, txt])
    if (typeof value === 'string') expect(txt).toBe(value)
  })

  it('has U+FFFD for lone surrogates in the names of its columns', async () => {
    const result = { columns: [{ name: LONE, type: 'unsupported', originalTypes: [LONE] }], values: [] }
    expect((await get(result)).text).toContain(
      '"name":"a\ufffd","type":"unsupported","original_types":["a\ufffd"]',
    )
    expect((await get(result, 'yaml')).text).toContain('name: "a\ufffd"')
    expect((await get(result, 'csv')).text).toBe('a\ufffd\r\n')
  })

  it('has doubles for the sums of histograms', async () => {
    const result = one('exponential_histogram', { scale: 3, sum: 5, min: 1n, max: '4' })
    expect((await get(result)).text).toContain('{"scale":3,"sum":5.0,"min":1.0,"max":4.0}')
    expect((await get(result, 'yaml')).text).toContain('sum: 5.0')
    expect((await get(result, 'cbor')).body.includes(Buffer.from('6373756dfb4014', 'hex'))).toBe(true)
    expect((await get(result, 'csv')).text).toContain('""sum"":5.0')
  })

  it.each<[string, unknown, string]>([
    ['a date that no long of nanoseconds holds', one('date_nanos', '9999-12-31T23:59:59Z'), 'date_nanos'],
    ['a network', one('ip', '10.0.0.0/8'), 'ip'],
    ['a broken geometry', one('geo_point', 'POINT (1 secret'), 'geo_point'],
    [
      'a text in a column of numbers',
      one('long', 1, 'secret'),
      'Row 1 of `values`: column `c` of type `long`',
    ],
    [
      'a row that is an object',
      { ...one('long'), values: [{ c: 1 }] },
      '`rowsToResult` makes a result of objects',
    ],
    [
      'a row that lacks a cell',
      { ...one('long'), values: [[]] },
      'Row 0 of `values` must be an array of 1 cells',
    ],
    ['a type of another language', one('int', 1), 'must have an ES|QL type, got `int`'],
    ['no result', undefined, 'The store returned a finished query without a `result`'],
    ['a result without rows', { columns: [] }, '`values` must be an array of rows'],
    ['a result without columns', { values: [] }, '`columns` must be an array'],
    ['a profile that is endless', { ...one('long'), profile: endless() }, '`profile` must be an object'],
  ])('is refused in every format alike, and only the log says why: %s', async (_what, result, reason) => {
    for (const format of FORMATS) {
      logged = []
      const { status, text } = await get(result, format)
      expect([status, text.includes('internal error'), text.includes('secret')]).toEqual([500, true, false])
      expect(logged.map(({ err }) => err?.message)).toEqual([expect.stringContaining(reason)])
      expect(JSON.stringify(logged)).not.toContain('secret')
    }
    expect((await gateway.alice('HEAD /_query/async/id')).status).toBe(500)
  })

  it('is checked once', async () => {
    const cell = Object.defineProperty([] as unknown[], '0', {
      enumerable: true,
      get() {
        reads += 1
        return '1'
      },
    })
    const result = { ...one('long'), values: [cell] }
    for (const format of ['json', 'csv', 'json']) expect((await get(result, format)).status).toBe(200)
    const once = reads
    await get(result)
    expect(reads).toBe(once)
  })

  it('stays as it is in the store', async () => {
    const result = one('long', '1', 2n)
    const text = JSON.stringify(result.values, (_, value) => String(value))
    expect((await get(result)).text).toContain('"values":[[1],[2]]')
    expect(JSON.stringify(result.values, (_, value) => String(value))).toBe(text)
  })

  it('is checked in turns', async () => {
    let turns = 0
    const values = Array.from({ length: 40_000 }, () => ['2024-01-01T00:00:00+01:00'])
    const answer = get({ columns: [{ name: 'c', type: 'date' }], values }, 'csv')
    const count = setInterval(() => {
      turns += 1
    }, 1)
    expect((await answer).status).toBe(200)
    clearInterval(count)
    expect(turns).toBeGreaterThan(5)
  })

  it('that is no query at all is a fault of the store', async () => {
    query = 'done'
    expect((await gateway.alice('GET /_query/async/id')).status).toBe(500)
    expect(logged.map(({ err }) => err?.message)).toEqual(['The store returned something that is no query'])
  })
})

describe('a result of MemoryStore', () => {
  it('fails the query when it is refused, and the client does not learn why', async () => {
    const store = new MemoryStore({ execute: async () => one('ip', '10.0.0.0/8') })
    const messages: unknown[] = []
    const error = (event: object): void => {
      messages.push((event as RequestEvent).err?.message)
    }
    const gateway = await startGateway({ store, logger: { debug() {}, info() {}, warn() {}, error } })
    const { status, text } = await gateway.alice('POST /_query/async', { body: { query: 'FROM a' } })
    await nextTurn()
    await gateway.close()
    expect([status, text.includes('10.0')]).toEqual([500, false])
    expect(messages).toEqual([
      'Row 0 of `values`: column `c` of type `ip` cannot hold this string, it takes an IPv4 or IPv6 address',
    ])
  })
})

describe('the metadata of columns', () => {
  const meta = { bucket: { interval: 1, unit: 'day' } }
  const shown = '{"name":"day","type":"date","_meta":{"bucket":{"interval":1,"unit":"day"}}}'
  const hidden = '{"name":"day","type":"date"}'
  const asked: unknown[] = []
  let gateway: Gateway

  beforeAll(async () => {
    const result: QueryResult = { columns: [{ name: 'day', type: 'date', meta }], values: [[0]] }
    const store = new MemoryStore({
      execute: async ({ columnMetadata }) => {
        asked.push(columnMetadata)
        return result
      },
    })
    gateway = await startGateway({ store })
  })
  afterAll(() => gateway.close())

  it.each<[object, boolean]>([
    [{ settings: { column_metadata: true } }, true],
    [{ settings: { column_metadata: 'true' } }, true],
    [{ approximation: { rows: 10_000 } }, true],
    [{ settings: { approximation: true } }, true],
    [{}, false],
    [{ settings: { column_metadata: false } }, false],
    [{ settings: { column_metadata: null } }, false],
    [{ approximation: false }, false],
  ])('is shown to a client that asks for it, and to no other: %j', async (fields, isShown) => {
    const submitted = await gateway.alice('POST /_query/async', {
      body: { query: 'x', keep_on_completion: true, ...fields },
    })
    expect(asked.pop()).toBe(isShown || undefined)
    const { id } = JSON.parse(submitted.text)
    const got = await gateway.alice(`GET /_query/async/${id}?drop_null_columns`)
    const column = isShown ? shown : hidden
    expect(submitted.text).toContain(`"columns":[${column}],"values"`)
    expect(got.text).toContain(`"all_columns":[${column}],"columns":[${column}],"values"`)
    const stopped = await gateway.alice(`POST /_query/async/${id}/stop`)
    expect(stopped.text).toContain(`"columns":[${column}],"values"`)
  })

  it('is in no table', async () => {
    const body = { query: 'x', settings: { column_metadata: true } }
    for (const format of ['csv', 'tsv', 'txt', 'md', 'arrow']) {
      const { status, body: bytes } = await gateway.alice(`POST /_query/async?format=${format}`, { body })
      expect([status, bytes.includes('bucket')]).toEqual([200, false])
    }
  })
})

function endless(): object {
  const circle: Record<string, unknown> = {}
  circle.self = circle
  return circle
}

function cellIn(format: string, body: Buffer, text: string): unknown {
  const decoders: Record<string, () => unknown> = {
    json: () => JSON.parse(text).values[0][0],
    yaml: () => parseYaml(text).values[0][0],
    cbor: () => decodeCbor(body).values[0][0],
    smile: () => (parseSmile(body) as { values: unknown[][] }).values[0]?.[0],
    arrow: () => decodedArrow(body).rows[0]?.[0],
    txt: () => text.split('\n')[2]?.trim(),
    md: () => text.split('\n')[2]?.slice(2, -2),
  }
  return (
    decoders[format] ?? (() => text.split('\n')[1]?.trim().replace(/^"|"$/g, '').replaceAll('""', '"'))
  )()
}

describe('a result in batches', () => {
  const COLUMNS: QueryResult['columns'] = [{ name: 'c', type: 'long' }]
  /** More than is sent at a time. */
  const MANY = Array.from({ length: 20_000 }, (_, index) => [index])

  let gateway: Gateway
  let values: CountedBatches
  let logged: RequestEvent[]
  let isFrozen: boolean
  let isColumnar: boolean

  beforeAll(async () => {
    gateway = await startGateway({
      store: {
        get: async () => ({
          isRunning: false,
          isPartial: false,
          columnar: isColumnar,
          result: { columns: COLUMNS, values, isFrozen },
        }),
      },
      logger: { debug() {}, info() {}, warn() {}, error: (event) => logged.push(event as RequestEvent) },
    })
  })
  afterAll(() => gateway.close())
  beforeEach(() => {
    logged = []
    isFrozen = false
    isColumnar = false
  })

  const broken = (): never => {
    throw new Error('gone')
  }

  const get = (how = 'GET', format = 'csv'): Promise<Answer> =>
    gateway.alice(`${how} /_query/async/id?format=${format}`)

  it('gets each cell in its form as it is read', async () => {
    values = new CountedBatches([[['1']], () => [[2n], [3]]], { rowCount: 3 })
    for (let times = 0; times < 2; times += 1) expect((await get()).text).toBe('c\r\n1\r\n2\r\n3\r\n')
    expect((await get('GET', 'json')).json).toMatchObject({ values: [[1], [2], [3]] })
    expect({ passes: values.passes, readers: values.readers }).toEqual({ passes: 3, readers: 0 })
  })

  it('is not read for a HEAD', async () => {
    values = new CountedBatches([() => MANY], { rowCount: MANY.length })
    expect((await get('HEAD')).status).toBe(200)
    expect(values.passes).toBe(0)
  })

  it('is read for each answer, even when it never changes', async () => {
    isFrozen = true
    values = new CountedBatches([() => MANY], { rowCount: MANY.length })
    for (let times = 0; times < 4; times += 1) await get()
    expect(values.passes).toBe(4)
  })

  it.each<[string, number, () => CountedBatches, string?]>([
    [
      'whose first batch cannot be read is an outage',
      503,
      () => new CountedBatches([() => Promise.reject(new Error('gone'))], { rowCount: 1 }),
      'gone',
    ],
    [
      'whose first batch has a wrong cell is a fault',
      500,
      () => new CountedBatches([() => [['x']]], { rowCount: 1 }),
      'Row 0 of `values`: column `c` of type `long` cannot hold this string, it takes an integer from -2^63 to 2^63 - 1, beyond 2^53 as a bigint or decimal text',
    ],
    [
      'that has fewer rows than it says is a fault',
      500,
      () => new CountedBatches([[[1]]], { rowCount: 2 }),
      'The batches of `values` have 1 rows, not 2',
    ],
    [
      'without a number of rows is a fault',
      500,
      () => new CountedBatches([[[1]]], { rowCount: Number.NaN }),
      '`values.rowCount` must be a number of rows',
    ],
    [
      'that tells about other columns is a fault',
      500,
      () => new CountedBatches([[[1]]], { nullColumns: [] }),
      '`values.nullColumns` must be an array of 1 booleans',
    ],
    [
      'whose iterator cannot begin is an outage',
      503,
      () => Object.assign(new CountedBatches([]), { batches: broken }),
      'gone',
    ],
    [
      'whose iterator throws is an outage',
      503,
      () =>
        Object.assign(new CountedBatches([]), {
          batches: () => ({ [Symbol.iterator]: () => ({ next: broken }) }),
        }),
      'gone',
    ],
    [
      'with a cell in a column without any is a fault',
      500,
      () => new CountedBatches([[[null], [1]]], { nullColumns: [true] }),
      'Row 1 of `values`: column `c` has a value, which `values.nullColumns` denies',
    ],
    [
      'with several values in a column that has none such is a fault',
      500,
      () => new CountedBatches([[[1], [[2, 3]]]], { multiValuedColumns: [false] }),
      'Row 1 of `values`: column `c` has several values, which `values.multiValuedColumns` denies',
    ],
    [
      'whose batch is no array is a fault',
      500,
      () => new CountedBatches([() => ({}) as never], { rowCount: 1 }),
      '`values` must be an array of rows',
    ],
  ])('%s: %j', async (_what, status, make, cause) => {
    values = make()
    expect((await get()).status).toBe(status)
    expect(JSON.stringify(logged)).toContain(JSON.stringify(cause).slice(1, -1))
    expect(values.readers).toBe(0)
  })

  it('that has rows although it says none is a fault column by column, too', async () => {
    for (isColumnar of [false, true]) {
      values = new CountedBatches([[[1]]], { rowCount: 0 })
      expect((await get('GET', 'json')).status).toBe(500)
      expect((await get('GET', 'cbor')).status).toBe(500)
    }
  })

  it.each<[string, () => CountedBatches]>([
    [
      'cannot be read',
      () =>
        new CountedBatches([MANY, () => Promise.reject(new Error('gone'))], { rowCount: MANY.length + 1 }),
    ],
    ['has a wrong cell', () => new CountedBatches([MANY, [['x']]])],
    ['is missing', () => new CountedBatches([MANY], { rowCount: MANY.length + 1 })],
  ])('breaks the connection, and is logged, when a later batch %s', async (_what, make) => {
    for (const format of FORMATS) {
      values = make()
      logged = []
      // TXT and Arrow read all rows before they write the first.
      if (format === 'txt' || format === 'arrow')
        expect((await get('GET', format)).status).toBeGreaterThan(499)
      else await expect(get('GET', format)).rejects.toThrow('aborted')
      expect(logged).toHaveLength(1)
      expect(values.readers).toBe(0)
    }
  })
})
