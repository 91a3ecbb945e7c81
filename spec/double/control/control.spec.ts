import { Client } from '@elastic/elasticsearch'
import { ROUTES } from '../../../lib/double/control/routes'
import type { StandaloneDouble } from '../../../lib/double/control/standalone'
import { startStandaloneDouble } from '../../../lib/double/control/standalone'
import { Asker, TABLE } from '../../support/double'
import type { ControlAnswer } from '../../support/double-control'
import { askControl, DOCUMENTED, requestFaults } from '../../support/double-control'

const ERROR = { error: { type: 'index_closed_exception', reason: 'closed' }, status: 400 }

describe('the control of a double', () => {
  let double: StandaloneDouble
  let alice: Asker

  beforeAll(async () => {
    double = await startStandaloneDouble({ clock: 'manual' }, { control: true })
    alice = new Asker(double.url, { authorization: `Bearer ${double.tokens.alice}` })
  })
  afterEach(() => post('/reset'))
  afterAll(() => double.close())

  const ask = (method: string, path: string, body?: unknown, headers = {}): Promise<ControlAnswer> =>
    askControl(double.url, method, `/__double${path}`, { body, headers })
  const get = (path: string, headers = {}) => ask('GET', path, undefined, headers)
  const post = (path: string, body?: unknown, headers = {}) => ask('POST', path, body, headers)
  const requests = async (path = '/requests') => (await get(path)).json.requests

  it('tells where it is, and tokens', async () => {
    const { json } = await get('')
    expect(json).toEqual({
      url: double.url,
      control: `${double.url}/__double`,
      clock: 'manual',
      release: '9.5',
      session: 'default',
      tokens: double.tokens,
    })
  })

  it('runs a query to its end on a clock that it moves', async () => {
    await post('/queries', { query: 'FROM logs', delay: '3s', response: TABLE })
    const id = await alice.begin('from logs')
    const waiting = alice.get(id, '?wait_for_completion_timeout=1m')
    expect((await get('/waiting?requests=1')).json).toEqual({ waiting: 1, open: 1 })
    const { json: before } = await get('/clock')
    expect((await post('/clock', { advance: '3s' })).json).toEqual({
      clock: 'manual',
      time_in_millis: Number(before.time_in_millis) + 3_000,
    })
    expect((await waiting).json).toMatchObject({ is_running: false, values: [['a'], ['b']] })
    expect(await requests()).toMatchObject([
      {
        operation: 'submit',
        query: 'from logs',
        owner: expect.stringMatching(/^Bearer .*alice/),
        status: 200,
      },
      { operation: 'get', id, wait_in_millis: 3_000, format: 'json', status: 200 },
    ])
    expect(await requests('/requests?operation=get&status=200')).toHaveLength(1)
    expect(await requests('/requests?status=aborted')).toEqual([])
    expect((await post('/assert')).json).toEqual({ acknowledged: true })
  })

  it('takes params, filters, patterns, and several answers one after the other', async () => {
    await post('/queries', { query: 'ROW x = ?', params: [2 ** 53], response: TABLE })
    await post('/queries', { query: 'ROW x = ?', params: [1], responses: [ERROR, { ...TABLE, values: [] }] })
    await post('/queries', { pattern: 'FROM \\w+', filter: { term: { a: 1 } }, response: TABLE, times: 1 })
    const answers = [
      await alice.submit('ROW x = ?', { params: [1] }),
      await alice.submit('ROW x = ?', { params: [1] }),
      await alice.submit('ROW x = ?', { params: [2 ** 53] }),
      await alice.submit('FROM a', { filter: { term: { a: 1 } } }),
      await alice.submit('FROM a'),
    ]
    expect(answers.map(({ status, json }) => json.values ?? status)).toEqual([
      400,
      [],
      TABLE.values,
      TABLE.values,
      400,
    ])
    expect((await get('/unmatched')).json).toEqual({
      queries: [{ query: 'FROM a', params: [], reason: expect.stringMatching(/does not know this query/) }],
    })
  })

  it('keeps integers beyond 2^53, and the spelling of documents', async () => {
    const columns = '[{"name":"n","type":"long"},{"name":"d","type":"_source"}]'
    const values = '[[9007199254740993,{"b" : 1.0,"10":1e3,"b":-0}]]'
    await post('/queries', `{"query":"FROM a","response":{"columns":${columns},"values":${values}}}`)
    expect((await alice.submit('FROM a')).text).toContain(`"values":${values}`)
  })

  it('keeps the rows of a query that is stopped, with the columns that it was told', async () => {
    const columns = [{ name: 'n', type: 'long' }]
    await post('/queries', {
      query: 'FROM big',
      never_ends: true,
      partial_values: [[1]],
      partial_columns: columns,
      warnings: ['slow'],
    })
    const { json, headers } = await alice.stop(await alice.begin('FROM big'))
    expect(json).toMatchObject({ is_partial: true, columns, values: [[1]] })
    expect(headers.get('warning')).toContain('"slow"')
  })

  it('keeps a query no longer than its script says', async () => {
    await post('/queries', { query: 'FROM a', keep_alive: '1m', response: TABLE })
    const id = await alice.begin('FROM a', { keep_alive: '5d' })
    await post('/clock', { advance: '1m' })
    expect((await alice.get(id)).status).toBe(404)
  })

  it.each([
    ['/running/complete', { response: TABLE }, 200],
    ['/running/complete', {}, 200],
    ['/running/complete', { response: ERROR }, 400],
    ['/running/fail', { response: ERROR }, 400],
    ['/running/expire', {}, 404],
    ['/running/lose', {}, 404],
  ])('drives a query by hand: %s %j', async (path, fields, status) => {
    // Nobody has announced it: the control waits for it.
    const driven = post('/running/report', { query: 'FROM a', values: [['x']], columns: TABLE.columns })
    let id: string | undefined
    while (id === undefined) id = await alice.begin('FROM a')
    await driven
    const { json } = await get('/running')
    expect(json.queries).toContainEqual({
      query: 'FROM a',
      params: [],
      id,
      owner: expect.any(String),
      waits: 0,
    })
    await post(path, { query: 'FROM a', ...fields })
    expect((await alice.get(id)).status).toBe(status)
  })

  it.each([
    [{ fault: 'unavailable' }, 503],
    [{ fault: 'badGateway' }, 502],
    [{ fault: 'rateLimited', retry_after: 7 }, 429],
    [{ fault: 'expiredToken' }, 401],
    [{ fault: 'notElasticsearch' }, 200],
    [{ fault: 'reset' }, 'aborted'],
    [{ fault: 'lose' }, 'aborted'],
    [{ fault: 'cut', bytes: 3 }, 'aborted'],
    [{ fault: 'garbage' }, 'aborted'],
    [{ fault: 'slow', bytes_per_second: 100_000 }, 200],
    [{ fault: 'answer', status: 418, headers: { 'X-Tea': 'yes' }, body: { tea: true } }, 418],
    [{ fault: 'answer', status: 200, body: 'plain' }, 200],
  ])('plans a fault: %j', async (fault, status) => {
    await post('/queries', { query: 'FROM a', response: TABLE })
    await post('/faults', { operation: 'submit', of: { query: 'from a' }, ...fault })
    const asked = alice.submit('FROM a').catch(() => undefined)
    if (fault.fault === 'slow') {
      while ((await get('/waiting')).json.waiting !== 1) await get('/waiting')
      for (let step = 0; step < 20; step += 1) await post('/clock', { advance: '100ms' })
    }
    const answer = await asked
    expect(await requests()).toMatchObject([{ fault: fault.fault, status }])
    if (fault.fault === 'rateLimited') expect(answer?.headers.get('retry-after')).toBe('7')
    if (fault.fault === 'answer' && status === 418) {
      expect([answer?.json, answer?.headers.get('x-tea')]).toEqual([{ tea: true }, 'yes'])
    }
    expect((await post('/assert')).status).toBe(200)
  })

  it.each(['silence', 'stall', 'delay'])('holds a request back: %s', async (fault) => {
    const more = { silence: {}, stall: { bytes: 2 }, delay: { delay: '5s' } }[fault]
    await post('/queries', { query: 'FROM a', response: TABLE })
    await post('/faults', { operation: 'submit', fault, ...more })
    const asked = alice.submit('FROM a').catch(() => undefined)
    expect((await get('/waiting?requests=1')).status).toBe(200)
    if (fault === 'delay') await post('/clock', { advance: '5s' })
    else await post('/reset')
    expect((await asked)?.status).toBe(fault === 'delay' ? 200 : undefined)
  })

  it('says what is left over, and forgets it', async () => {
    await post('/queries', { query: 'FROM a', response: TABLE, times: 2 })
    await post('/faults', { operation: 'get', fault: 'reset' })
    await alice.submit('FROM b')
    const { status, json } = await post('/assert')
    expect([status, json]).toMatchObject([409, { error: { type: 'illegal_state_exception' } }])
    expect(JSON.stringify(json)).toMatch(
      /the query was unknown: FROM b.*the script for FROM a was used 0 of 2 times.*the fault reset of get came true 0 of 1 times/,
    )
    expect((await post('/assert')).status).toBe(200)
  })

  it('ends waits that come to nothing', async () => {
    expect(await get('/waiting?requests=3&timeout=1ms')).toMatchObject({
      status: 408,
      json: { error: { reason: 'after 1ms, of 0 open requests 0 wait, and not 3' } },
    })
    expect(await post('/running/expire', { query: 'FROM a', timeout: '1ms' })).toMatchObject({ status: 408 })
    // It looks for the query no longer, which is unknown now.
    expect((await alice.submit('FROM a')).status).toBe(400)
    const waiting = get('/waiting?requests=3&timeout=1h')
    const reset = async (): Promise<ControlAnswer> =>
      post('/reset').then(() => Promise.race([waiting, reset()]))
    expect((await reset()).status).toBe(400)
  })

  describe('keeps sessions apart', () => {
    afterEach(async () => {
      for (const session of (await get('/sessions')).json.sessions as string[])
        if (session !== 'default') await ask('DELETE', `/sessions/${session}`)
    })

    const one = { 'x-double-session': 'one' }
    const two = { 'x-double-session': 'two' }

    it('by a header: scripts, journal, ids and clock', async () => {
      await post('/queries', { query: 'FROM a', response: TABLE }, one)
      const submit = { query: 'FROM a', keep_on_completion: true }
      const { json } = await alice.send('POST', '/_query/async', submit, one)
      expect(json.values).toEqual(TABLE.values)
      expect((await alice.send('POST', '/_query/async', submit, two)).status).toBe(400)
      expect((await alice.send('GET', `/_query/async/${json.id}`, undefined, two)).status).toBe(404)
      expect((await alice.send('GET', `/_query/async/${json.id}`, undefined, one)).status).toBe(200)
      await post('/clock', { advance: '1h' }, one)
      const times = [await get('/clock', one), await get('/clock', two)].map(
        ({ json }) => json.time_in_millis,
      )
      expect(Number(times[0]) - Number(times[1])).toBe(3_600_000)
      expect((await get('/requests', two)).json.requests).toHaveLength(2)
      expect(await requests()).toEqual([])
      expect((await post('/assert', undefined, one)).status).toBe(200)
      expect((await post('/assert', undefined, two)).status).toBe(409)
      expect((await get('/sessions')).json).toEqual({ sessions: ['default', 'one', 'two'] })
    })

    it('by users, for clients that set no headers', async () => {
      const { json } = await post('/sessions', { session: 'one', users: ['ApiKey bWluZTprZXk='] })
      const { alice: token } = json.tokens as { alice: string }
      await post('/queries', { query: 'FROM a', response: TABLE }, one)
      const client = new Client({ node: double.url, auth: { apiKey: 'bWluZTprZXk=' } })
      expect((await client.esql.asyncQuery({ query: 'FROM a' })).values).toEqual(TABLE.values)
      const asked = await new Asker(double.url, { authorization: `Bearer ${token}` }).submit('FROM a')
      expect(asked.status).toBe(200)
      expect((await alice.submit('FROM a')).status).toBe(400)
      // The users of a session control it too.
      expect((await get('', { authorization: `Bearer ${token}` })).json.session).toBe('one')
    })

    it('and ends one with its users', async () => {
      await post('/sessions', { session: 'one', users: ['Basic b25lOng='] })
      expect((await ask('DELETE', '/sessions/one')).status).toBe(200)
      expect((await get('', { authorization: 'Basic b25lOng=' })).json.session).toBe('default')
      expect((await ask('DELETE', '/sessions/one')).status).toBe(404)
      expect((await ask('DELETE', '/sessions/default')).status).toBe(400)
    })

    it('and refuses names that are none', async () => {
      const headers = { 'x-double-session': 'a b' }
      expect((await get('', headers)).json).toMatchObject({
        error: { reason: expect.stringContaining('the header X-Double-Session must be 1 to 100 letters') },
      })
      expect((await alice.send('GET', '/_query/async/x', undefined, headers)).json.error.type).toBe(
        'illegal_argument_exception',
      )
    })
  })

  it.each<[string, string, unknown, string]>([
    ['/queries', 'no query', { response: TABLE }, 'exactly one of `query` and `pattern`'],
    ['/queries', 'no end', { query: 'FROM a' }, 'exactly one of `response`, `responses` and `never_ends`'],
    [
      '/queries',
      'a file',
      { query: 'FROM a', response_file: '/etc/passwd' },
      'does not know `response_file`',
    ],
    ['/queries', 'a typo', { query: 'FROM a', dely: '1s', response: TABLE }, 'did you mean `delay`?'],
    [
      '/queries',
      'a wrong time',
      { query: 'FROM a', delay: 'soon', response: TABLE },
      'delay must be a time value',
    ],
    [
      '/queries',
      'no times',
      { query: 'FROM a', times: 0, response: TABLE },
      'times must be a whole number above 0',
    ],
    ['/queries', 'no object', [], 'the body must be an object'],
    ['/clock', 'no time', {}, 'must have `advance`'],
    ['/clock', 'a number', { advance: 3 }, 'advance must be a time value such as 500ms or 3s'],
    ['/faults', 'an unknown fault', { operation: 'get', fault: 'rest' }, 'did you mean `reset`?'],
    ['/faults', 'an unknown operation', { operation: 'gets', fault: 'reset' }, 'did you mean `get`?'],
    [
      '/faults',
      'a share',
      { operation: 'get', fault: 'reset', share: 2 },
      'share must be a number from 0 to 1',
    ],
    ['/faults', 'a filter', { operation: 'get', fault: 'reset', of: { ownr: 'a' } }, 'did you mean `owner`?'],
    ['/running/fail', 'no error', { query: 'FROM a' }, 'must have `response`'],
    ['/running/report', 'no rows', { query: 'FROM a' }, 'must have `values`'],
    ['/sessions', 'a wrong name', { session: 'a b' }, 'session must be 1 to 100 letters'],
  ])('refuses to %s %s, as its document does', async (path, _what, body, reason) => {
    const { status, json } = await post(path, body)
    expect([status, json.error]).toMatchObject([
      400,
      { type: 'illegal_argument_exception', reason: expect.stringContaining(reason) },
    ])
    expect(requestFaults('POST', `/__double${path}`, body)).not.toEqual([])
  })

  it.each<[string, string, unknown, object, number, string]>([
    ['POST', '/queries', { query: 'FROM a', pattern: '(', response: TABLE }, {}, 400, 'exactly one of'],
    ['POST', '/queries', { pattern: '(', response: TABLE }, {}, 400, 'must be a regular expression'],
    [
      'POST',
      '/queries',
      { query: 'FROM a', response: { ...TABLE, columns: [{ name: 'n', type: 'long' }] } },
      {},
      400,
      'the body.response.values[0][0] must be',
    ],
    ['POST', '/faults', { operation: 'get', fault: 'cut' }, {}, 400, 'the fault `cut` needs `bytes`'],
    [
      'POST',
      '/faults',
      { operation: 'get', fault: 'reset', bytes: 1 },
      {},
      400,
      'the fault `reset` has no `bytes`',
    ],
    ['POST', '/queries', '{"query":', {}, 400, 'Unexpected end'],
    ['POST', '/queries', '{"query":"a","query":"b"}', {}, 400, 'Duplicate'],
    ['POST', '/queries', '', {}, 400, 'request body is required'],
    ['POST', '/queries', '{}', { 'content-type': 'text/plain' }, 400, '[text/plain] is not supported'],
    ['GET', '/requests?operaton=get', undefined, {}, 400, 'did you mean `operation`?'],
    ['GET', '/requests?status=often', undefined, {}, 400, 'status must be a status'],
    ['GET', '/waiting?requests=-1', undefined, {}, 400, 'requests must be a whole number'],
    ['GET', '/clock?pretty', undefined, {}, 400, 'request contains unrecognized parameter: [pretty]'],
    ['GET', '/querys', undefined, {}, 404, 'did you mean [/__double/queries]?'],
    ['PUT', '/reset', undefined, {}, 405, 'allowed: [POST]'],
    ['POST', '/reset', undefined, { host: 'evil.example:80' }, 403, 'not to [evil.example:80]'],
    [
      'GET',
      '/requests',
      undefined,
      { host: '127.0.0.1.evil.example' },
      403,
      'not to [127.0.0.1.evil.example]',
    ],
    ['POST', '/reset', undefined, { origin: 'http://127.0.0.1:1' }, 403, 'no pages in browsers'],
  ])('answers %s %s %j %j with %d', async (method, path, body, headers, status, reason) => {
    const answer = await ask(method, path, body, headers)
    expect([answer.status, JSON.stringify(answer.json)]).toEqual([status, expect.stringContaining(reason)])
  })

  it('is nowhere without --control', async () => {
    const plain = await startStandaloneDouble({}, { control: false })
    const { status, json } = await new Asker(plain.url).send('GET', '/__double', undefined, {
      'x-double-session': 'a b',
    })
    await plain.close()
    expect([plain.controlUrl, status, String(json.error)]).toEqual([
      undefined,
      400,
      'no handler found for uri [/__double] and method [GET]',
    ])
  })

  it('lets no time pass when the clock goes by itself', async () => {
    const real = await startStandaloneDouble({}, { control: true })
    const answer = await askControl(real.url, 'POST', '/__double/clock', { body: { advance: '1s' } })
    await real.close()
    expect([answer.status, JSON.stringify(answer.json)]).toEqual([
      400,
      expect.stringContaining('needs a clock that stands still'),
    ])
  })
})

describe('double-control.yaml', () => {
  it('has exactly the routes', () => {
    const documented = Object.entries(DOCUMENTED).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    )
    expect(documented).toEqual(
      ROUTES.map(({ method, path }) => `${method} /__double${path}`).toSorted(byPath),
    )
  })
})

/** Methods of a path stand together. */
function byPath(one: string, other: string): number {
  const order = ROUTES.map(({ path }) => `/__double${path}`)
  const pathOf = (route: string): number => order.indexOf(route.split(' ')[1] ?? '')
  return pathOf(one) - pathOf(other)
}
