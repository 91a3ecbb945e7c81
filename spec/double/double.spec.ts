/** @jest-environment node */

import { Client } from '@elastic/elasticsearch'
import type { Double } from 'express-esql-async-query/double'
import { ManualClock, QueryError, startDouble } from 'express-esql-async-query/double'
import { Asker, startCheckedDouble, TABLE } from '../support/double'
import { call, load, OFFICIAL_CLIENTS } from '../support/official-clients'

const NOT_FOUND = { status: 404, json: { error: { type: 'resource_not_found_exception' } } }

describe('a double with a clock that stands still', () => {
  let double: Double
  let alice: Asker

  beforeAll(async () => {
    double = await startCheckedDouble({ clock: 'manual' })
    alice = new Asker(double.url)
  })
  afterEach(() => double.reset())
  afterAll(() => double.close())

  it('answers what falls due in a step at its end', async () => {
    double.on('FROM logs | LIMIT 2').runsFor('3s').completes(TABLE)
    const loading = alice.submit('from logs|limit 2').then(({ json }) => alice.get(json.id))
    await double.waiting(1)
    await double.advance('3s')
    expect((await loading).json).toMatchObject({ is_running: false, values: [['a'], ['b']] })
    expect(double.requests).toMatchObject([
      {
        operation: 'submit',
        method: 'POST',
        url: '/_query/async',
        query: 'from logs|limit 2',
        params: undefined,
        id: expect.any(String),
        owner: 'Basic alice',
        status: 200,
        fault: undefined,
        waitMs: 1_000,
        format: 'json',
      },
      { operation: 'get', query: 'from logs|limit 2', status: 200, waitMs: 0 },
    ])
    double.assertDone()
  })

  it('plays a script step by step', async () => {
    double
      .on('FROM a')
      .reports([['a']])
      .runsFor('1s')
      .reports([['a'], ['b']])
      .runsFor(1_000)
      .completes(TABLE)
    const stopped = await alice.begin('FROM a')
    const [late, last] = [await alice.begin('FROM a'), await alice.begin('FROM a')]
    expect((await alice.stop(stopped)).json).toMatchObject({
      is_partial: true,
      values: [['a']],
      columns: TABLE.columns,
    })
    await double.advance('1s')
    expect((await alice.stop(late)).json).toMatchObject({ is_partial: true, values: [['a'], ['b']] })
    await double.advance('1s')
    expect((await alice.get(last)).json).toMatchObject({ is_partial: false, values: [['a'], ['b']] })
    double.assertDone()
  })

  it('makes up columns for rows without any', async () => {
    double.on('FROM a').reports([
      ['a', 1, true, 1.5, null],
      ['b', 2n ** 60n, null, 2, ['x', 'y']],
    ])
    expect((await alice.submit('FROM a')).text).toContain(
      '"columns":[{"name":"column_1","type":"keyword"},{"name":"column_2","type":"long"},' +
        '{"name":"column_3","type":"boolean"},{"name":"column_4","type":"double"},{"name":"column_5","type":"keyword"}],' +
        '"values":[["a",1,true,1.5,null],["b",1152921504606846976,null,2.0,["x","y"]]]',
    )
  })

  it('fails queries at once, and later', async () => {
    double.on('FROM now').fails('verification_exception', 'Unknown index [now]')
    double.on('FROM later').runsFor('5s').fails('index_closed_exception', 'closed', { status: 400 })
    expect(await alice.submit('FROM now')).toMatchObject({
      status: 400,
      json: { error: { type: 'verification_exception', reason: 'Unknown index [now]' } },
    })
    const id = await alice.begin('FROM later')
    await double.advance('5s')
    expect(await alice.get(id)).toMatchObject({
      status: 400,
      json: { error: { type: 'index_closed_exception', reason: 'closed' } },
    })
  })

  it('warns in headers', async () => {
    double.on('FROM a').warns('No limit defined').warns('Slow').completes(TABLE)
    const { headers } = await alice.submit('FROM a')
    expect(headers.get('warning')).toMatch(/^299 .* "No limit defined", 299 .* "Slow"$/)
  })

  it('lets results expire', async () => {
    double.on('FROM logs').completes(TABLE)
    const id = await alice.begin('FROM logs', { keep_alive: '5m' })
    expect((await alice.get(id)).json.values).toEqual(TABLE.values)
    await double.advance('5m')
    expect(await alice.get(id)).toMatchObject(NOT_FOUND)
  })

  it('gives each submit the next script of a chain, and the last one for good', async () => {
    double
      .on('FROM a')
      .completes(TABLE)
      .then()
      .times(2)
      .fails('exception', 'broken')
      .then()
      .completes({ ...TABLE, values: [] })
    const answers = []
    for (let submit = 0; submit < 5; submit += 1) answers.push(await alice.submit('FROM a'))
    expect(answers.map(({ status, json }) => json.values ?? status)).toEqual([TABLE.values, 500, 500, [], []])
    double.assertDone()
  })

  it('takes the last script that fits and is not used up', async () => {
    double.on(/^FROM /).completes(TABLE)
    double.on('FROM a', [1]).completes({ ...TABLE, values: [['one']] })
    double
      .on('FROM a', [{ n: 9007199254740993n }])
      .once()
      .completes({ ...TABLE, values: [['named']] })
    const ask = async (params: unknown) => {
      const body = `{"query":"FROM a","params":${params}}`
      const headers = { ...alice.headers, 'content-type': 'application/json' }
      const response = await fetch(`${double.url}/_query/async`, { method: 'POST', headers, body })
      return ((await response.json()) as { values: unknown }).values
    }
    const named = '[{"n":9007199254740993}]'
    expect([await ask('[1]'), await ask('[2]'), await ask(named), await ask(named)]).toEqual([
      [['one']],
      TABLE.values,
      [['named']],
      TABLE.values,
    ])
    expect(double.requests.map(({ params }) => params)).toEqual([
      [1],
      [2],
      [{ n: 9007199254740993n }],
      [{ n: 9007199254740993n }],
    ])
  })

  it('does not hang where a script is awaited by mistake', async () => {
    // The compiler refuses it, and JavaScript does not.
    const script: unknown = double.on('FROM a').completes(TABLE)
    await script
    expect((await alice.submit('FROM a')).status).toBe(200)
  })

  it.each<[string, () => unknown, string]>([
    [
      'a cell that does not fit',
      () => on().completes({ columns: [{ name: 'n', type: 'long' }], values: [['x']] }),
      'column `n` of type `long`',
    ],
    [
      'reported cells that do not fit',
      () =>
        on()
          .reports([['x']])
          .completes({ columns: [{ name: 'n', type: 'long' }], values: [] }),
      'column `n` of type `long`',
    ],
    ['an unknown error type without a status', () => on().fails('own_exception', 'x'), 'needs a status'],
    ['a second end', () => on().completes(TABLE).neverEnds(), 'one end'],
    ['a step after the end', () => on().completes(TABLE).runsFor(1), 'no steps after its end'],
    ['a wrong time', () => on().runsFor('soon'), 'a time value such as 3s, got `soon`'],
    ['a negative time', () => double.advance(-1), 'a time value such as 3s, got `-1`'],
    ['a wrong number of submits', () => on().times(0), 'a whole number > 0'],
    ['no query', () => double.on(''), 'on needs the text of a query'],
    ['no query to drive', () => double.running(' '), 'running needs the text of a query'],
    ['wrong params', () => double.on('FROM a', [{ a: 1 }, 2]), 'wrong params'],
  ])('refuses %s where it is written', async (_what, write, text) => {
    await expect((async () => write())()).rejects.toMatchObject({
      name: 'TypeError',
      message: expect.stringContaining(text),
    })
  })
  const on = () => double.on('FROM a')

  describe('asked for an unknown query', () => {
    it('fails it at once, however short it waits, and names the closest one', async () => {
      double.on('FROM logs | LIMIT 2').completes(TABLE)
      const { status, json } = await alice.submit('FROM logz | LIMIT 2', {
        wait_for_completion_timeout: '0s',
      })
      expect([status, json.error.type]).toEqual([400, 'verification_exception'])
      expect(json.error.reason).toContain('known: FROM logs|LIMIT 2\n  asked: FROM logz|LIMIT 2')
      expect(() => double.assertDone()).toThrow('asked: FROM logz|LIMIT 2')
    })

    it('says what other params the text is known with', async () => {
      double.on('FROM a', ['a']).completes(TABLE)
      const { json } = await alice.send('POST', '/_query', { query: 'FROM a', params: ['zz'] })
      expect(json.error.reason).toContain('other params: expected ["a"], got ["zz"]')
    })
  })

  describe('driven by hand', () => {
    it('reports, counts those who wait, and completes', async () => {
      const found = double.running('FROM logs')
      const waiting = alice.submit('FROM logs', { wait_for_completion_timeout: '1m' })
      const query = await found
      await double.waiting(1)
      expect(query.waits).toBe(1)
      query.report([['a']])
      query.complete()
      expect((await waiting).json).toMatchObject({ values: [['a']] })
      expect(() => query.complete()).toThrow('complete: the query has ended: FROM logs')
    })

    it('fails', async () => {
      const found = double.running('FROM logs')
      const waiting = alice.submit('FROM logs')
      const query = await found
      query.report([['a']])
      query.fail(new QueryError('circuit_breaking_exception', '[parent] Data too large'))
      expect(await waiting).toMatchObject({
        status: 429,
        json: { error: { type: 'circuit_breaking_exception' } },
      })
    })

    it('overrules a script, and completes with its table', async () => {
      double.on('FROM logs').runsFor('1h').completes(TABLE)
      const waiting = alice.submit('FROM logs')
      ;(await double.running('from logs')).complete()
      expect((await waiting).json).toMatchObject({ values: TABLE.values })
      double.assertDone()
    })

    it('finds the last query of a text', async () => {
      double.on('FROM logs').neverEnds()
      const first = await alice.begin('FROM logs')
      const second = await alice.begin('FROM logs')
      ;(await double.running('FROM logs')).complete(TABLE)
      expect((await alice.get(first)).json.is_running).toBe(true)
      expect((await alice.get(second)).json.is_running).toBe(false)
    })

    it('lets a query expire that runs', async () => {
      double.on('FROM logs').neverEnds()
      const id = await alice.begin('FROM logs')
      const waiting = alice.get(id, '?wait_for_completion_timeout=1m')
      await double.waiting(1)
      await (await double.running('FROM logs')).expire()
      expect(await waiting).toMatchObject({
        status: 400,
        json: { error: { type: 'task_cancelled_exception' } },
      })
      expect(await alice.get(id)).toMatchObject(NOT_FOUND)
      double.assertDone()
    })

    it('loses a query with its node', async () => {
      double.on('FROM logs').neverEnds()
      const id = await alice.begin('FROM logs')
      const waiting = alice.get(id, '?wait_for_completion_timeout=1m')
      await double.waiting(1)
      await (await double.running('FROM logs')).lose()
      expect(await waiting).toMatchObject({
        status: 500,
        json: { error: { type: 'node_disconnected_exception' } },
      })
      expect(await alice.get(id)).toMatchObject(NOT_FOUND)
      double.assertDone()
    })
  })

  describe('waiting(n)', () => {
    it('counts waits for queries, and no request that is answered', async () => {
      double.on('FROM a').neverEnds()
      const id = await alice.begin('FROM a')
      await double.waiting(0)
      const waits = [1, 2].map(() => alice.get(id, '?wait_for_completion_timeout=1m'))
      await double.waiting(2)
      const sync = alice.send('POST', '/_query', { query: 'FROM a' })
      await double.waiting(3)
      ;(await double.running('FROM a')).complete(TABLE)
      await sync
      await double.waiting(2)
      await alice.stop(id)
      await Promise.all(waits)
      await double.waiting(0)
    })

    it('counts a submit that repeats another one', async () => {
      double.on('FROM a').neverEnds()
      const key = { 'idempotency-key': 'k' }
      const waits = [1, 2].map(() => alice.send('POST', '/_query/async', { query: 'FROM a' }, key))
      await double.waiting(2)
      ;(await double.running('FROM a')).complete(TABLE)
      expect((await Promise.all(waits)).map(({ json }) => json.values)).toEqual([TABLE.values, TABLE.values])
    })

    it('ends when the double is reset', async () => {
      const reached = double.waiting(7)
      const found = double.running('FROM a')
      double.reset()
      await expect(reached).rejects.toThrow('waiting(7): the double was reset')
      await expect(found).rejects.toThrow("running('FROM a'): the double was reset")
    })
  })

  it('lists what a test has left over', async () => {
    double.on('FROM once').once().completes(TABLE)
    double.on('FROM chain').completes(TABLE).then().neverEnds()
    double.on('FROM endless').neverEnds()
    await alice.begin('FROM endless')
    expect(() => double.assertDone()).toThrow(
      'the double is not done:\n' +
        '- the script for FROM once was used 0 of 1 times\n' +
        '- the script for FROM chain was used 0 of 1 times\n' +
        '- the query still runs: FROM endless',
    )
    double.assertDone()
    expect(double.requests).toEqual([])
  })

  it('forgets queries when it is reset', async () => {
    double.on('FROM a').neverEnds()
    const id = await alice.begin('FROM a')
    const waiting = alice.get(id, '?wait_for_completion_timeout=1m')
    await double.waiting(1)
    double.reset()
    expect(await waiting).toMatchObject({ status: 400 })
    expect(await alice.get(id)).toMatchObject(NOT_FOUND)
  })

  it('finds entries of the journal by their fields', async () => {
    double.on('FROM a').completes(TABLE)
    await alice.submit('FROM a')
    await alice.send('POST', '/_query/async?format=csv', { query: 'FROM  a' }, { 'x-opaque-id': 'one' })
    await alice.get('nothing')
    await alice.send('GET', '/unknown')
    expect(double.requestsFor({ query: 'from a' })).toHaveLength(2)
    expect(double.requestsFor({ format: 'csv', headers: { 'X-Opaque-Id': 'one' } })).toHaveLength(1)
    expect(double.requestsFor({ operation: 'get', id: 'nothing', status: 400 })).toHaveLength(1)
    expect(double.requests.at(-1)).toMatchObject({ operation: undefined, url: '/unknown', status: 400 })
    expect(JSON.stringify(double.requests)).not.toContain('Basic Y')
  })

  it('tells of a request that waits for time that does not pass, once', async () => {
    const warn = jest.spyOn(console, 'warn').mockImplementation()
    const told = new Promise((resolve) => warn.mockImplementation(resolve))
    double.on('FROM a').neverEnds()
    void alice.submit('FROM a').catch(() => {})
    expect(await told).toMatch(
      /POST \/_query\/async has waited for 2 s, and the clock of the double stands still: `double.advance/,
    )
    warn.mockRestore()
  })
})

describe('a double', () => {
  const doubles: Double[] = []
  const start = async (options: Parameters<typeof startDouble>[0] = {}) => {
    const double = await startCheckedDouble(options)
    doubles.push(double)
    return double
  }
  afterEach(() => Promise.all(doubles.splice(0).map((double) => double.close())))

  it('has a clock that goes by itself, and knows no other steps', async () => {
    const double = await start()
    double.on('FROM a').runsFor('20ms').completes(TABLE)
    expect((await new Asker(double.url).submit('FROM a')).json.values).toEqual(TABLE.values)
    await expect(double.advance('1s')).rejects.toThrow("startDouble({ clock: 'manual' })")
    expect((await start({ clock: 'manual' })).clock).toBeInstanceOf(ManualClock)
  })

  it('is not touched by fake timers', async () => {
    jest.useFakeTimers()
    try {
      const double = await start()
      double.on('FROM a').runsFor('20ms').completes(TABLE)
      const client = new Client({ node: double.url, auth: { apiKey: 'x' } })
      expect((await client.esql.asyncQuery({ query: 'FROM a' })) as object).toMatchObject({
        values: TABLE.values,
      })
      const standing = await start({ clock: 'manual' })
      standing.on('FROM a').runsFor('1h').completes(TABLE)
      const loading = new Asker(standing.url).submit('FROM a', { wait_for_completion_timeout: '1d' })
      await standing.waiting(1)
      await standing.advance('1h')
      expect((await loading).json.values).toEqual(TABLE.values)
    } finally {
      jest.useRealTimers()
    }
  })

  it.each([
    [false, { is_running: true }],
    [true, { is_running: false }],
  ])('answers a bare GET at once, or waits; waitByDefault: %s', async (waitByDefault, expected) => {
    const double = await start({ clock: 'manual', waitByDefault })
    double.on('FROM a').runsFor('1s').completes(TABLE)
    const alice = new Asker(double.url)
    const id = await alice.begin('FROM a')
    const got = alice.get(id)
    if (waitByDefault) {
      await double.waiting(1)
      await double.advance('1s')
    }
    expect((await got).json).toMatchObject(expected)
  })

  it('keeps the limits that it is given', async () => {
    const double = await start({ limits: { maxBodyBytes: 50, maxQueriesPerOwner: 1 } })
    double.on('FROM a').neverEnds()
    const alice = new Asker(double.url)
    await alice.submit('FROM a', { wait_for_completion_timeout: '0s' }).catch(() => {})
    expect((await alice.submit('x'.repeat(100))).status).toBe(413)
    await alice.send('POST', '/_query/async?x', { query: 'FROM a' }).catch(() => {})
    expect(double.requestsFor({ status: 413 })).not.toEqual([])
  })

  it('answers the official client, its ping and its info', async () => {
    const double = await start({ release: '8.19' })
    double.on('FROM a').completes(TABLE)
    const client = new Client({ node: double.url, auth: { username: 'u', password: 'p' } })
    expect(await client.ping()).toBe(true)
    expect((await client.info()).version.number).toBe('8.19.0')
    expect(double.requests.map(({ operation, owner }) => [operation, owner])).toEqual([
      ['info', 'Basic u'],
      ['info', 'Basic u'],
    ])
  })

  it.each(OFFICIAL_CLIENTS)('serves the official client %s', async (name) => {
    const double = await start({ clock: 'manual' })
    double
      .on('FROM a')
      .reports([['a']])
      .neverEnds()
    const { Client: Official } = load(name)
    const client = new Official({ node: double.url, auth: { apiKey: 'x' } })
    const { id } = await call(client, 'asyncQuery', {
      query: 'FROM a',
      wait_for_completion_timeout: '0s',
      keep_on_completion: true,
    })
    const known = { id: String(id) }
    expect(await call(client, 'asyncQueryGet', known)).toMatchObject({ is_running: true })
    expect(await call(client, 'asyncQueryStop', known)).toMatchObject({ is_partial: true, values: [['a']] })
    expect(await call(client, 'asyncQueryDelete', known)).toEqual({ acknowledged: true })
    expect(double.requests.map(({ operation }) => operation)).toEqual(['submit', 'get', 'stop', 'delete'])
    double.assertDone()
    await client.close()
  })

  it('does not tell times as 8.19, and has no lists', async () => {
    const double = await start({ release: '8.19' })
    const alice = new Asker(double.url)
    double.on('FROM a').completes(TABLE)
    const id = await alice.begin('FROM a')
    expect((await alice.get(id)).text).not.toContain('time_in_millis')
    const { status, text } = await alice.send('GET', '/_query/queries')
    expect([status, text]).toEqual([
      400,
      '{"error":"no handler found for uri [/_query/queries] and method [GET]"}',
    ])
  })

  it('may be asked by pages of any origin', async () => {
    const double = await start()
    double.on('FROM a').completes(TABLE)
    const preflight = await fetch(`${double.url}/_query/async`, {
      method: 'OPTIONS',
      headers: { origin: 'https://app.example.com', 'access-control-request-method': 'POST' },
    })
    const { headers } = await new Asker(double.url).send(
      'POST',
      '/_query/async',
      { query: 'FROM a' },
      { origin: 'https://app.example.com' },
    )
    for (const sent of [preflight.headers, headers]) {
      expect(sent.get('access-control-allow-origin')).toBe('https://app.example.com')
    }
    expect(double.requests).toHaveLength(1)
  })

  it('closes with requests that wait, and twice', async () => {
    const double = await start({ clock: 'manual' })
    double.on('FROM a').neverEnds()
    const waiting = new Asker(double.url).submit('FROM a').catch((error: Error) => error)
    await double.waiting(1)
    await double.close()
    await double.close()
    expect(await waiting).toMatchObject({ name: 'TypeError', message: 'fetch failed' })
    await double[Symbol.asyncDispose]()
  })

  it('refuses production, unless told otherwise', async () => {
    const before = process.env.NODE_ENV
    process.env.NODE_ENV = 'production'
    try {
      await expect(startDouble()).rejects.toThrow('startDouble refuses to start with NODE_ENV=production')
      await start({ inProduction: true })
    } finally {
      process.env.NODE_ENV = before
    }
  })

  it.each([
    [{ clock: 'fast' }, "`clock` to be 'real' or 'manual'"],
    [{ users: { 'Bearer x': 1 } }, '`users` to be'],
    [{ users: { alice: 'Bearer x' } }, "such as { 'Bearer token-1': 'alice' }"],
    [{ limits: { maxFoo: 1 } }, '`limits` to be'],
    [{ clok: 'manual' }, 'did you mean `clock`?'],
  ])('refuses the options %j', async (options, text) => {
    await expect(startDouble(options as object)).rejects.toThrow(text)
  })
})
