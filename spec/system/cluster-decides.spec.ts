import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import http from 'node:http'
import { ManualClock } from 'express-esql-async-query/test-kit'
import type { Cluster, News } from '../support/cluster'
import { startCluster, TABLE } from '../support/cluster'
import { comparable } from '../support/comparable-body'
import type { ElasticsearchGateway } from '../support/elasticsearch-gateway'
import { startElasticsearchGateway, TRANSPORTS } from '../support/elasticsearch-gateway'
import type { Answer, Gateway, Request } from '../support/gateway'
import { startGateway } from '../support/gateway'
import { until } from '../support/until'

const JSON_TYPE = { 'content-type': 'application/json' }
const QUERY = '{"query":"ROW n = 1"}'

const json = (body: string, headers: Record<string, string> = {}): Request => ({
  body,
  headers: { ...JSON_TYPE, ...headers },
})

/** What no cluster of today takes: the target, the request, and a part of the cluster's refusal. */
const SUBMITS: [what: string, query: string, request: Request, refusal: string][] = [
  [
    'an unknown field',
    '',
    json('{ "query":"ROW n = 1", "futre" : {"a":[1.0, 9007199254740993, -0, "\\u00fc\\/"]} }'),
    'unknown field [futre]',
  ],
  ['an unknown setting', '', json('{"query":"ROW n = 1","settings":{"futre":1e2}}'), 'unknown field [futre]'],
  [
    'a field of the wrong type',
    '',
    json('{"query":"ROW n = 1","locale":5}'),
    "locale doesn't support values",
  ],
  ['a query that is no text', '', json('{"query":1}'), "query doesn't support values"],
  ['a bad boolean', '', json('{"query":"ROW n = 1","columnar":"yes"}'), 'failed to parse field [columnar]'],
  ['an unknown zone', '', json('{"query":"ROW n = 1","time_zone":"Mars"}'), 'Unknown time-zone ID: Mars'],
  ['bad params', '', json('{"query":"ROW n = 1","params":"x"}'), 'expected START_ARRAY'],
  ['an empty query', '', json('{"query":" "}'), '[query] is required'],
  ['no query', '', json('{}'), '[query] is required'],
  [
    'both metadata flags',
    '',
    json('{"query":"ROW n = 1","include_ccs_metadata":true,"include_execution_metadata":true}'),
    'Use only one',
  ],
  ['columnar as text', '?format=csv', json('{"query":"ROW n = 1","columnar":true}'), '[columnar]'],
  ['a delimiter without CSV', '?delimiter=%7C', json(QUERY), 'parameter: [delimiter]'],
  ['a bad allow_partial_results', '?allow_partial_results=maybe', json(QUERY), '[maybe]'],
  ['an unknown format', '?format=xyz', json(QUERY), 'format=[xyz]'],
  [
    'media types of a version to come',
    '',
    json(QUERY, {
      accept: 'application/vnd.elasticsearch+json;compatible-with=12',
      'content-type': 'application/vnd.elasticsearch+json;compatible-with=12',
    }),
    'but found 12',
  ],
  ['an unknown Accept', '', json(QUERY, { accept: 'text/x-future; a=B' }), 'Accept=[text/x-future; a=B]'],
]

const ON_EVERY_ROUTE: [what: string, query: string, headers: Record<string, string>, refusal: string][] = [
  ['an unknown parameter', '?futre=a%2Cb,c%20d+e&pretty&x', {}, 'parameters: [futre], [x]'],
  ['a parameter that is no UTF-8', '?b=%ff%FE&a', {}, 'parameters: [a], [b]'],
  ['repeated parameters', '?z=1&format=yaml&z=2&format=json&z', {}, 'parameter: [z]'],
  ['a bad pretty', '?pretty=maybe', {}, '[maybe]'],
  ['a bad human', '?human=1', {}, '[1]'],
  ['a bad error_trace', '?error_trace=TRUE', {}, '[TRUE]'],
  ['an Accept that is no media type', '', { accept: 'nonsense' }, 'invalid media-type [nonsense]'],
  ['an empty Accept', '', { accept: '' }, 'Header [Accept] cannot be empty.'],
  [
    'an unknown version',
    '',
    { accept: 'application/vnd.elasticsearch+json;compatible-with=12' },
    'but found 12',
  ],
]

const OPERATIONS = {
  query: ['POST', () => '/_query'],
  submit: ['POST', () => '/_query/async'],
  get: ['GET', (id: string) => `/_query/async/${encodeURIComponent(id)}`],
  stop: ['POST', (id: string) => `/_query/async/${encodeURIComponent(id)}/stop`],
  delete: ['DELETE', (id: string) => `/_query/async/${encodeURIComponent(id)}`],
} as const

type OperationName = keyof typeof OPERATIONS

/** Those with a query in their body, and no id. */
const WITH_QUERY: OperationName[] = ['query', 'submit']

const NEWS: News = {
  fields: ['future'],
  settings: ['future'],
  parameters: ['future'],
  formats: {
    future: { contentType: 'application/x-future', write: () => '|n|' },
    'text/x-future': { contentType: 'text/x-future;a=b', write: () => '|n|' },
    leaky: { contentType: 'application/x-future', write: (id) => `<query id="${id?.replace(/=+$/, '')}"/>` },
    leakyJson: { contentType: 'application/x-future', write: (id) => `{"id":"${id}","is_running":true}` },
  },
}

/** Sends a request to the cluster without a gateway. */
async function direct(
  cluster: Cluster,
  method: string,
  path: string,
  { headers = {}, body }: Request,
): Promise<{ status: number; contentType: string; body: Buffer }> {
  const sent = http.request(cluster.url + path, { method, headers })
  sent.end(body)
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk)
  return {
    status: response.statusCode ?? 0,
    contentType: response.headers['content-type'] ?? '',
    body: Buffer.concat(chunks),
  }
}

describe.each(TRANSPORTS)('in front of a cluster reached by %s', (transport) => {
  let cluster: Cluster
  let gateway: ElasticsearchGateway
  let clock: ManualClock

  async function start(news: News = {}): Promise<void> {
    clock = new ManualClock()
    cluster = await startCluster({ clock, news })
    gateway = await startElasticsearchGateway(transport, cluster.url, { isDocumented: false })
  }
  afterEach(async () => {
    const leaks = cluster.queries.map(({ id }) => id.replace(/=+$/, ''))
    for (const leak of leaks) expect(answers.join('\n')).not.toContain(leak)
    answers.length = 0
    await gateway.close()
    await cluster.close()
  })

  const answers: string[] = []

  async function ask(target: string, request: Request = {}): Promise<Answer> {
    const answer = await gateway.alice(target, request)
    answers.push(JSON.stringify(answer.headers) + answer.body.toString('latin1'))
    return answer
  }

  async function submit(): Promise<string> {
    const { headers } = await ask('POST /_query/async', {
      body: { query: 'RUN', wait_for_completion_timeout: '0s', keep_on_completion: true },
    })
    return headers['x-elasticsearch-async-id'] ?? ''
  }

  /** What the cluster got and answered through the gateway, and the same without it. */
  async function compare(operation: OperationName, query: string, request: Request) {
    const [method, path] = OPERATIONS[operation]
    const id = WITH_QUERY.includes(operation) ? '' : await submit()
    const upstreamId = id === '' ? '' : cluster.query.id
    const shown = (body: Buffer, of: string) => (of === '' ? body.toString() : comparable(body, null, of))
    const wait = operation === 'get' ? `${query === '' ? '?' : '&'}wait_for_completion_timeout=0s` : ''
    const answer = await ask(`${method} ${path(id)}${query}${wait}`, request)
    const through = cluster.request
    // What the store sends for a client that sends no Accept.
    const accept = '*/*'
    const { authorization = '' } = through.headers
    const headers = { accept, authorization, ...request.headers }
    const plain = await direct(cluster, method, path(upstreamId) + query + wait, { ...request, headers })
    const seen = ({ url, body, headers }: Cluster['request']) => ({
      query: url.replace(/^[^?]*\??/, '').replace(/&?wait_for_completion_timeout=[^&]*$/, ''),
      body: body.toString(),
      accept: headers.accept,
    })
    const { status } = answer
    return {
      seen: [seen(through), seen(cluster.request)],
      answers: [
        { status, contentType: answer.headers['content-type'], body: shown(answer.body, id) },
        { ...plain, body: shown(plain.body, upstreamId) },
      ],
    }
  }

  async function expectSame(
    operation: OperationName,
    query: string,
    request: Request,
    refusal: string,
  ): Promise<void> {
    const { seen, answers: both } = await compare(operation, query, request)
    expect(seen[0]).toEqual(seen[1])
    expect(both[0]).toEqual(both[1])
    expect(both[0]).toMatchObject({
      status: 400,
      body: expect.stringContaining(JSON.stringify(refusal).slice(1, -1)),
    })
  }

  it.each(WITH_QUERY.flatMap((operation) => SUBMITS.map((row) => [operation, ...row] as const)))(
    'a %s with %s reaches the cluster, and its refusal comes back',
    async (operation, _what, ...rest) => {
      await start()
      await expectSame(operation, ...rest)
    },
  )

  it.each(
    (Object.keys(OPERATIONS) as OperationName[]).flatMap((operation) =>
      ON_EVERY_ROUTE.map(([what, ...rest]) => [operation, what, ...rest] as const),
    ),
  )('a %s with %s reaches the cluster, and its refusal comes back', async (operation, _what, ...rest) => {
    await start()
    const [query, headers, refusal] = rest
    const request = WITH_QUERY.includes(operation) ? json(QUERY, headers) : { headers }
    await expectSame(operation, query, request, refusal)
  })

  it.each(['get', 'stop'] as const)(
    'a %s with a bad drop_null_columns is refused by the cluster',
    async (operation) => {
      await start()
      await expectSame(operation, '?drop_null_columns=maybe', {}, '[maybe]')
    },
  )

  it.each(['get', 'stop', 'delete'] as const)(
    'a %s with a Content-Type that is no media type is refused by the cluster',
    async (operation) => {
      await start()
      await expectSame(
        operation,
        '',
        { headers: { 'content-type': 'nonsense' } },
        'invalid media-type [nonsense]',
      )
    },
  )

  it.each([
    ['?futre=a%2Cb', {}, 400, 'futre=a%2Cb&'],
    ['?pretty=maybe&format=csv&delimiter=%7C&filter_path=x', {}, 400, 'pretty=maybe&'],
    ['', { accept: 'nonsense' }, 400, ''],
    ['?format=xyz&delimiter=%7C', {}, 200, ''],
    ['', { accept: 'text/x-future' }, 200, ''],
  ])(
    'a HEAD with %s and %j asks for the state, with what the client says',
    async (query, headers, status, sent) => {
      await start()
      const answer = await ask(`HEAD /_query/async/${await submit()}${query}`, { headers })
      expect([
        answer.status,
        answer.headers['content-type'],
        cluster.request.url.replace(/^[^?]*\?/, ''),
      ]).toEqual([
        status,
        'application/json',
        `${sent}format=json&filter_path=is_running,expiration_time_in_millis&wait_for_completion_timeout=0`,
      ])
    },
  )

  it.each([
    [
      '',
      json('{"query":"ROW n = 1", "future":[1.0, 18446744073709551616], "settings": {"future":"\\u00fc"}}'),
    ],
    ['?future=a%2Cb&future', json(QUERY)],
    ['?format=future', json(QUERY)],
    ['', json(QUERY, { accept: 'text/x-future' })],
  ])('a submit that a newer cluster takes is answered by it: %s %j', async (query, request) => {
    await start(NEWS)
    const { seen, answers: both } = await compare('submit', query, request)
    expect(seen[0]).toEqual(seen[1])
    expect(both[0]).toMatchObject({ status: 200 })
    expect(both[0]?.contentType).toBe(both[1]?.contentType)
  })

  it.each(
    (['get', 'stop', 'delete'] as const).flatMap((operation) =>
      [
        ['?future=a%2Cb&future', {}],
        ['?format=future', {}],
        ['', { accept: 'text/x-future' }],
      ].map(([query, headers]) => [operation, query as string, headers as Record<string, string>] as const),
    ),
  )('a %s that a newer cluster takes is answered by it: %s %j', async (operation, query, headers) => {
    await start(NEWS)
    const { seen, answers: both } = await compare(operation, query, { headers })
    expect(seen[0]).toEqual(seen[1])
    expect(both[0]?.status).toBe(200)
    if (operation === 'delete') return
    const { contentType, body } = both[1] ?? {}
    expect({ ...both[0], body: undefined }).toEqual({ status: 200, contentType, body: undefined })
    if (query === '?format=future' || query === '') expect([both[0]?.body, body]).toEqual(['|n|', '|n|'])
  })

  it.each([
    ['?format=future', {}],
    ['', { accept: 'text/x-future' }],
  ])('a synchronous query in an unknown format is answered by the cluster: %s %j', async (query, headers) => {
    await start(NEWS)
    const { status, text } = await ask(`POST /_query${query}`, json(QUERY, headers))
    expect([status, text, cluster.queries.length]).toEqual([200, '|n|', 1])
  })

  it('an answer in an unknown format has the sealed id in its header', async () => {
    await start(NEWS)
    const { headers } = await ask('POST /_query/async?format=future', {
      body: { query: 'RUN', wait_for_completion_timeout: '0s' },
    })
    expect([headers['x-elasticsearch-async-id'], headers['x-elasticsearch-async-is-running']]).toEqual([
      expect.stringMatching(/^[\w-]{40,}$/),
      '?1',
    ])
  })

  it('an answer in an unknown format that shows the id is not sent', async () => {
    await start(NEWS)
    const submitted = await ask('POST /_query/async?format=leaky', {
      body: { query: 'RUN', wait_for_completion_timeout: '0s' },
    })
    const { state } = cluster.query
    const id = await submit()
    const got = await ask(`GET /_query/async/${id}?format=leaky&wait_for_completion_timeout=0s`)
    cluster.query.complete(TABLE)
    const finished = await ask(`GET /_query/async/${id}?format=leaky`)
    expect([submitted.status, state, got.status, finished.status]).toEqual([500, 'deleted', 503, 503])
  })

  it('an answer in an unknown format that is an object has the sealed id', async () => {
    await start(NEWS)
    const { headers, text } = await ask('POST /_query/async?format=leakyJson', {
      body: { query: 'RUN', wait_for_completion_timeout: '0s' },
    })
    expect(text).toBe(`{"id":"${headers['x-elasticsearch-async-id']}","is_running":true}`)
  })

  it('an answer in an unknown format that shows the id late breaks off before it', async () => {
    await start(NEWS)
    const id = await submit()
    cluster.query.complete(TABLE)
    const body = `${'x'.repeat(1_000_000)}${cluster.query.id}`
    cluster.inject('get', { kind: 'replace', body, headers: { 'content-type': 'application/x-future' } })
    await expect(ask(`GET /_query/async/${id}`)).rejects.toThrow(/aborted|hang up|reset/)
  })

  it('an answer in an unknown format comes whole, whatever its size', async () => {
    await start(NEWS)
    const id = await submit()
    cluster.query.complete(TABLE)
    const body = Array.from({ length: 200_000 }, (_, at) => `line ${at}\n`).join('')
    cluster.inject('get', { kind: 'replace', body, headers: { 'content-type': 'application/x-future' } })
    const { text } = await ask(`GET /_query/async/${id}`)
    expect(text === body).toBe(true)
  })

  it('a warning does not show the id', async () => {
    await start()
    const id = await submit()
    cluster.query.complete(TABLE)
    const [path, hidden] = [
      `/_query/async/${cluster.query.id}`,
      `/_query/async/${'*'.repeat(cluster.query.id.length)}`,
    ]
    cluster.inject('get', { kind: 'replace', headers: { warning: `299 - "[${path}] is deprecated"` } })
    const { headers } = await ask(`GET /_query/async/${id}`)
    expect(headers.warning).toBe(`299 - "[${hidden}] is deprecated"`)
  })

  it('the gets that go on with a submit leave out what only a submit knows', async () => {
    await start(NEWS)
    const answering = ask('POST /_query/async?allow_partial_results=true&future&pretty&format=json', {
      body: { query: 'RUN', wait_for_completion_timeout: '1m' },
    })
    await until(() => cluster.waits === 1)
    await clock.advance(1_000)
    await until(() => cluster.requestsFor('get').length === 1 && cluster.waits === 1)
    cluster.query.complete(TABLE)
    const { status, json: body } = await answering
    expect([
      status,
      (body as { is_running: boolean }).is_running,
      cluster.requestsFor('get')[0]?.url,
    ]).toEqual([200, false, expect.stringMatching(/\?pretty&format=json&wait_for_completion_timeout=\d+ms$/)])
  })

  it('a body without fields gets times that a limit asks for', async () => {
    await start()
    await gateway.close()
    gateway = await startElasticsearchGateway(transport, cluster.url, {
      maxKeepAliveMs: 60_000,
      maxWaitMs: 500,
    })
    const { text } = await ask('POST /_query/async', json('{ }'))
    expect([cluster.request.body.toString(), text]).toEqual([
      '{"wait_for_completion_timeout":"500ms","keep_alive":"60000ms" }',
      expect.stringContaining('[query] is required'),
    ])
  })
})

describe('a gateway in front of a cluster', () => {
  let cluster: Cluster
  let lenient: ElasticsearchGateway
  let strict: ElasticsearchGateway
  let own: Gateway

  beforeAll(async () => {
    cluster = await startCluster()
    lenient = await startElasticsearchGateway('url', cluster.url)
    strict = await startElasticsearchGateway('url', cluster.url, { strict: true })
    own = await startGateway()
  })
  afterAll(async () => {
    await Promise.all([lenient.close(), strict.close(), own.close()])
    await cluster.close()
  })

  async function expectAsOwn(gateway: Gateway, target: string, request: Request): Promise<void> {
    const before = cluster.requests.length
    const [one, other] = [await gateway.alice(target, request), await own.alice(target, request)]
    const facts = ({ status, headers, text }: Answer) => [status, headers['content-type'], text]
    expect(facts(one)).toEqual(facts(other))
    expect(one.status).toBeGreaterThanOrEqual(400)
    expect(cluster.requests.length).toBe(before)
  }

  it.each(SUBMITS)(
    'refuses a submit with %s as one with its own engine does, if it is strict',
    async (...row) => {
      const [, query, request] = row
      for (const path of ['/_query', '/_query/async']) {
        await expectAsOwn(strict, `POST ${path}${query}`, request)
      }
    },
  )

  it.each(ON_EVERY_ROUTE)(
    'refuses %s on every route as one with its own engine does, if it is strict',
    async (...row) => {
      const [, query, headers] = row
      for (const path of ['/_query', '/_query/async']) {
        await expectAsOwn(strict, `POST ${path}${query}`, json(QUERY, headers))
      }
      for (const target of [
        'GET /_query/async/foo',
        'DELETE /_query/async/foo',
        'POST /_query/async/foo/stop',
      ]) {
        await expectAsOwn(strict, `${target}${query}`, { headers })
      }
    },
  )

  it.each<[string, string, Request]>([
    ['a bad keep_alive', 'POST /_query/async', json('{"query":"x","keep_alive":"5x"}')],
    ['a wait that is no time', 'POST /_query/async', json('{"query":"x","wait_for_completion_timeout":{}}')],
    ['a bad keep_on_completion', 'POST /_query/async', json('{"query":"x","keep_on_completion":1}')],
    ['a repeated field', 'POST /_query/async', json('{"keep_alive":"1d","query":"x","keep_alive":"2d"}')],
    ['malformed JSON', 'POST /_query/async', json('{"query" "x"}')],
    ['a list', 'POST /_query/async', json('[]')],
    ['blanks', 'POST /_query/async', json(' ')],
    [
      'a body that is no JSON',
      'POST /_query/async',
      { body: 'x', headers: { 'content-type': 'text/plain' } },
    ],
    ['a malformed Content-Type', 'POST /_query/async', { body: '{}', headers: { 'content-type': 'json' } }],
    ['no body', 'POST /_query/async', {}],
    ['a source without a type', 'POST /_query/async?source=%7B%7D', {}],
    ['a source beside a body', 'POST /_query/async?source=%7B%7D', json(QUERY)],
    ['a time in the URL', 'POST /_query/async?keep_alive=1d', json(QUERY)],
    ['a bad time', 'GET /_query/async/foo?keep_alive=5', {}],
    ['an empty time', 'GET /_query/async/foo?wait_for_completion_timeout=', {}],
    ['keep_on_completion', 'GET /_query/async/foo?keep_on_completion=true', {}],
    ['a keep_alive', 'POST /_query/async/foo/stop?keep_alive=1d', {}],
    ['a wait', 'DELETE /_query/async/foo?wait_for_completion_timeout=1s', {}],
    ['a broken escape', 'GET /_query/async/foo?a=%', {}],
    ['a reserved parameter', 'GET /_query/async/foo?serverlessRequest=true', {}],
    ['an empty id', 'POST /_query/async//stop', {}],
    ['an id that is none', 'GET /_query/async/foo', {}],
    ['a body on a stop', 'POST /_query/async/foo/stop', json('{}')],
    ['a wrong method', 'PUT /_query/async/foo', {}],
  ])('itself refuses %s: %s', async (_what, target, request) => {
    await expectAsOwn(lenient, target, request)
  })

  it('writes its own errors as JSON where it does not know the format', async () => {
    const { headers, text } = await lenient.alice('GET /_query/async/foo?format=future', {
      headers: { accept: 'text/x-future' },
    })
    expect([headers['content-type'], text.slice(0, 9)]).toEqual(['application/json', '{"error":'])
  })
})
