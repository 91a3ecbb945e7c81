import type { Caller } from 'express-esql-async-query'
import { ElasticsearchStore, newSealingKey, ownerOf } from 'express-esql-async-query'
import { ManualClock } from 'express-esql-async-query/test-kit'
import { writeObject } from '../../../../lib/formats/formats'
import type { Cluster, Operation } from '../../../support/cluster'
import { API_KEY, SERVICE_ACCOUNT, startCluster } from '../../../support/cluster'
import type { ElasticsearchGateway, StoreOptions } from '../../../support/elasticsearch-gateway'
import { startElasticsearchGateway, TRANSPORTS } from '../../../support/elasticsearch-gateway'
import { KeptLog } from '../../../support/hostile/log'
import { decoders } from '../../../support/json-family'

/** What the cluster says to an account that may not do something, as to an account, an API key and another's user. */
const FORBIDDEN = [
  'action [indices:data/read/esql/async/get] is unauthorized for user [gateway] with effective roles [monitoring,kibana], ' +
    'this action is granted by the cluster privileges [monitor_esql,monitor,manage,all]',
  'action [indices:data/read/async_search/delete] is unauthorized for API key id [key-1] of user [gateway]',
  'current license is non-compliant for [security]',
]

const OPERATIONS: readonly [Operation, string][] = [
  ['get', 'GET /_query/async/ID'],
  ['get', 'GET /_query/async/ID?wait_for_completion_timeout=0s&format=csv'],
  ['get', 'HEAD /_query/async/ID'],
  ['stop', 'POST /_query/async/ID/stop'],
  ['delete', 'DELETE /_query/async/ID'],
]

const SUBMIT = { query: 'RUN', wait_for_completion_timeout: '0s' }

const EXPIRED = { type: 'security_exception', reason: 'token expired' }

/** What a client must not get through to the cluster, and what it may. */
const HEADERS = {
  'es-security-runas-user': 'elastic',
  'x-opaque-id': 'trace me',
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  tracestate: 'a=b',
  cookie: 'session=1',
  'x-forwarded-for': '10.0.0.1',
  'accept-encoding': 'gzip',
  te: 'trailers',
  'proxy-authorization': 'Basic eDp5',
  'x-elastic-internal-origin': 'kibana',
}

describe.each(TRANSPORTS)('who the cluster sees over %s', (transport) => {
  let cluster: Cluster
  let gateway: ElasticsearchGateway

  const log = new KeptLog()

  async function start(store: StoreOptions = {}): Promise<void> {
    log.clear()
    cluster = await startCluster({ clock: new ManualClock() })
    gateway = await startElasticsearchGateway(transport, cluster.url, { store, logger: log.logger })
  }

  /** Lets the cluster refuse the next request of an operation, as it does where a role is missing. */
  function forbid(operation: Operation, reason: string): object {
    const error = { type: 'security_exception', reason }
    const body = { error: { root_cause: [error], ...error }, status: 403 }
    cluster.inject(operation, { kind: 'answer', status: 403, body })
    return body
  }
  afterEach(async () => {
    await gateway.close()
    await cluster.close()
  })

  async function submit(client = gateway.alice): Promise<string> {
    const { headers } = await client('POST /_query/async', { body: SUBMIT, headers: HEADERS })
    return headers['x-elasticsearch-async-id'] ?? ''
  }

  /** The headers that the cluster got, without those that the transports add by themselves. */
  function received(): object {
    const { headers } = cluster.request
    const { host, connection, 'user-agent': agent, 'x-elastic-client-meta': meta, ...others } = headers
    return others
  }

  const serviceAccount = transport === 'url' ? SERVICE_ACCOUNT.authorization : API_KEY.authorization
  const subject = transport === 'url' ? 'Basic gateway' : 'ApiKey key-1'

  it('is the service account, and of the caller only the headers that trace a request', async () => {
    await start()
    const id = await submit()
    const submitted = received()
    await gateway.alice(`GET /_query/async/${id}?wait_for_completion_timeout=0s`, { headers: HEADERS })
    const traced = {
      'accept-encoding': 'identity',
      authorization: serviceAccount,
      'x-opaque-id': 'trace me',
      traceparent: HEADERS.traceparent,
      accept: '*/*',
      'content-type': 'application/json',
    }
    expect([submitted, received()]).toEqual([
      { ...traced, 'content-length': String(JSON.stringify(SUBMIT).length) },
      transport === 'url' ? traced : { ...traced },
    ])
    expect(cluster.query.subject).toBe(subject)
  })

  it('is the user whom `runAs` names, by each operation', async () => {
    const callers: Caller[] = []
    const runAs = (caller: Caller): string => {
      callers.push(caller)
      return String(JSON.parse(caller.owner)[1])
    }
    await start({ runAs })
    const id = await submit()
    await gateway.alice(`GET /_query/async/${id}?wait_for_completion_timeout=0s`)
    await gateway.alice(`HEAD /_query/async/${id}`)
    await gateway.alice(`POST /_query/async/${id}/stop`)
    await gateway.alice(`DELETE /_query/async/${id}`)
    expect(
      cluster.requests.map(({ operation, headers }) => [operation, headers['es-security-runas-user']]),
    ).toEqual([
      ['submit', 'alice'],
      ['get', 'alice'],
      ['get', 'alice'],
      ['stop', 'alice'],
      ['delete', 'alice'],
    ])
    expect(cluster.requests.map(({ headers }) => headers.authorization)).toEqual(
      Array(5).fill(serviceAccount),
    )
    expect(callers).toEqual(
      Array(5).fill({
        owner: ownerOf('https://issuer.example', 'alice'),
        canCancelTasks: false,
        canMonitorQueries: false,
        claims: expect.objectContaining({ sub: 'alice' }),
      }),
    )
  })

  it.each([
    ['an empty name', () => ''],
    ['a name with a line break', () => 'alice\r\nauthorization: x'],
    ['a name beyond ASCII', () => 'Zo\u00eb'],
    [
      'a failure',
      () => {
        throw new Error('the directory is down')
      },
    ],
  ])('is nobody when `runAs` gives %s', async (_what, runAs) => {
    await start({ runAs })
    const { status } = await gateway.alice('POST /_query/async', { body: SUBMIT })
    expect([status, cluster.requests.length]).toEqual([503, 0])
  })

  it('is nobody when `runAs` knows no user', async () => {
    await start({ runAs: () => undefined })
    const { status, json } = await gateway.alice('POST /_query/async', { body: SUBMIT })
    expect([status, json, cluster.requests.length]).toEqual([
      403,
      {
        error: {
          root_cause: [{ type: 'security_exception', reason: 'the caller has no user in the cluster' }],
          type: 'security_exception',
          reason: 'the caller has no user in the cluster',
        },
        status: 403,
      },
      0,
    ])
  })

  it('is the caller with its own token with `forwardAuthorization`', async () => {
    await start({ forwardAuthorization: true })
    await submit()
    expect([cluster.request.headers.authorization, cluster.query.subject]).toEqual([
      expect.stringMatching(/^Bearer /),
      'Bearer alice',
    ])
  })

  it('passes on a refusal of the caller\u2019s own credentials, with its challenge', async () => {
    await start({ forwardAuthorization: true })
    const body = {
      error: { root_cause: [EXPIRED], ...EXPIRED },
      status: 401,
    }
    const headers = { 'WWW-Authenticate': 'Bearer realm="security"' }
    cluster.inject('submit', { kind: 'answer', status: 401, body, headers })
    const answer = await gateway.alice('POST /_query/async', { body: SUBMIT })
    expect([answer.status, answer.json, answer.headers['www-authenticate']]).toEqual([
      401,
      body,
      'Bearer realm="security"',
    ])
  })

  it('tells nobody that the service account is refused', async () => {
    await start()
    const error = { type: 'security_exception', reason: 'unable to authenticate user [gateway]' }
    const body = { error: { root_cause: [error], ...error }, status: 401 }
    cluster.inject('submit', { kind: 'answer', status: 401, body })
    const answer = await gateway.alice('POST /_query/async', { body: SUBMIT })
    expect([answer.status, answer.text.includes('gateway]')]).toEqual([503, false])
  })

  it.each(OPERATIONS)(
    'tells nobody that the service account lacks a privilege for a %s: %s',
    async (operation, target) => {
      await start()
      const id = await submit()
      for (const reason of FORBIDDEN) {
        log.clear()
        forbid(operation, reason)
        const answer = await gateway.alice(target.replace('ID', id))
        expect([answer.status, answer.text.includes(reason)]).toEqual([503, false])
        expect(
          log.loud.filter((line) => line.includes(reason) && line.includes('grant its role')),
        ).toHaveLength(1)
      }
      const running = await gateway.alice(`GET /_query/async/${id}?wait_for_completion_timeout=0s`)
      expect(running.json).toMatchObject({ id, is_running: true })
    },
  )

  it('logs that the service account lacks a privilege, though the client reads another format', async () => {
    await start()
    const id = await submit()
    const headers = { 'content-type': 'application/yaml' }
    const body = 'error: {root_cause: [], reason: gateway}'
    cluster.inject('get', { kind: 'answer', status: 403, body, headers })
    const answer = await gateway.alice(`GET /_query/async/${id}?format=yaml`)
    expect([answer.status, answer.text.includes('gateway')]).toEqual([503, false])
    expect(log.loud.join()).toContain('grant its role what the reason names')
  })

  it('passes on that a submit is forbidden', async () => {
    await start()
    const body = forbid('submit', FORBIDDEN[0] ?? '')
    const answer = await gateway.alice('POST /_query/async', { body: SUBMIT })
    expect([answer.status, answer.json]).toEqual([403, body])
  })

  it.each<[string, StoreOptions]>([
    ['runAs', { runAs: () => 'alice' }],
    ['forwardAuthorization', { forwardAuthorization: true }],
  ])('passes on what is forbidden to the caller\u2019s own user, with `%s`', async (_option, store) => {
    await start(store)
    const id = await submit()
    for (const [operation, target] of [...OPERATIONS, ['submit', 'POST /_query/async'] as const]) {
      const body = forbid(operation, FORBIDDEN[0] ?? '')
      const answer = await gateway.alice(target.replace('ID', id), {
        ...(operation === 'submit' && { body: SUBMIT }),
      })
      expect([answer.status, answer.text]).toEqual([
        403,
        target.startsWith('HEAD') ? '' : JSON.stringify(body),
      ])
    }
  })

  it.each([
    [
      'user [gateway] run as [alice] with effective roles [r]',
      'user [*******] run as [alice] with effective roles [r]',
    ],
    [
      'API key id [k-1] of user [gateway] run as [alice]',
      'API key id [***] of user [*******] run as [alice]',
    ],
    ['service account [elastic/gw] run as [alice]', 'service account [**********] run as [alice]'],
    [
      'user [gateway] run as [alice], because user [gateway] is unauthorized to run as [alice]',
      'user [*******] run as [alice], because user [*******] is unauthorized to run as [alice]',
    ],
    ['user [alice] with effective roles [gateway]', 'user [alice] with effective roles [gateway]'],
  ])('does not tell the caller who acts for it: %s', async (told, shown) => {
    await start({ runAs: () => 'alice' })
    for (const [format, decode] of Object.entries(decoders)) {
      const error = { type: 'security_exception', reason: `action [x] is unauthorized for ${told}` }
      const body = writeObject(format as 'json', { error: { root_cause: [error], ...error }, status: 403 })
      const headers = { 'content-type': `application/${format}`, 'x-elastic-product': 'Elasticsearch' }
      for (const [operation, target] of [
        ['query', 'POST /_query'],
        ['submit', 'POST /_query/async'],
      ] as const) {
        cluster.inject(operation, { kind: 'answer', status: 403, body: Buffer.from(body), headers })
        const answer = await gateway.alice(`${target}?format=${format}`, { body: { query: 'ROW n = 1' } })
        const reason = `action [x] is unauthorized for ${shown}`
        expect([answer.status, decode(answer.body)]).toMatchObject([403, { error: { reason } }])
      }
    }
  })

  it('lets a caller with the right cancel the queries of others, and nothing more', async () => {
    await start()
    const id = await submit()
    const before = cluster.requests.length
    const attempts = [
      await gateway.mallory(`DELETE /_query/async/${id}`),
      await gateway.admin(`GET /_query/async/${id}`),
      await gateway.admin(`HEAD /_query/async/${id}`),
      await gateway.admin(`POST /_query/async/${id}/stop`),
    ]
    expect([attempts.map(({ status }) => status), cluster.requests.length]).toEqual([
      [404, 404, 404, 404],
      before,
    ])
    expect((await gateway.admin(`DELETE /_query/async/${id}`)).text).toBe('{"acknowledged":true}')
  })
})

describe('an id that was tampered with', () => {
  it('is 404 or 400 for each operation, and no request reaches the cluster', async () => {
    const cluster = await startCluster({ clock: new ManualClock() })
    const gateway = await startElasticsearchGateway('url', cluster.url)
    const { headers } = await gateway.alice('POST /_query/async', { body: SUBMIT })
    const id = headers['x-elasticsearch-async-id'] ?? ''
    const changed = Array.from(id).map((character, at) => {
      return id.slice(0, at) + (character === 'A' ? 'B' : 'A') + id.slice(at + 1)
    })
    const before = cluster.requests.length
    const statuses = new Set<number>()
    for (const some of [...changed, id.slice(0, -1), id.slice(4), `${id}AAAA`, `${id}=`, cluster.query.id]) {
      for (const target of [
        `GET /_query/async/${some}`,
        `POST /_query/async/${some}/stop`,
        `DELETE /_query/async/${some}`,
      ]) {
        const { status, text } = await gateway.admin(target)
        statuses.add(status)
        const { reason } = JSON.parse(text).error
        // An id that is changed by chance into Elasticsearch's own layout names the task that it then holds.
        const reasons = status === 404 ? [some] : [`invalid id: [${some}]`, 'malformed task id ']
        expect({ status, reason, isKnown: reasons.some((known) => reason.startsWith(known)) }).toMatchObject({
          isKnown: true,
        })
      }
    }
    expect([[...statuses].toSorted(), cluster.requests.length]).toEqual([[400, 404], before])
    await gateway.close()
    await cluster.close()
  })
})

describe('keys', () => {
  it('can be rotated without losing queries, and without its key no id opens', async () => {
    const cluster = await startCluster({ clock: new ManualClock() })
    const [old, fresh] = [newSealingKey(), newSealingKey()]
    const gateways = await Promise.all(
      [[old], [fresh, old], [fresh], [newSealingKey()], [old]].map((sealingKeys) =>
        startElasticsearchGateway('url', cluster.url, { store: { sealingKeys } }),
      ),
    )
    const submit = async (at: number) => {
      const { headers } = await (gateways[at] as ElasticsearchGateway).alice('POST /_query/async', {
        body: SUBMIT,
      })
      return headers['x-elasticsearch-async-id'] ?? ''
    }
    const outcomes = async (id: string) =>
      Promise.all(
        gateways.map(
          async ({ alice }) => (await alice(`GET /_query/async/${id}?wait_for_completion_timeout=0s`)).status,
        ),
      )
    expect([await outcomes(await submit(0)), await outcomes(await submit(1))]).toEqual([
      [200, 200, 404, 404, 200],
      [404, 200, 200, 404, 404],
    ])
    await Promise.all(gateways.map((gateway) => gateway.close()))
    await cluster.close()
  })
})

describe('ElasticsearchStore', () => {
  const sealingKeys = [newSealingKey()]
  const url = 'http://localhost:9200'

  it.each([
    [undefined, 'ElasticsearchStore expects an object of options, got undefined'],
    [
      { url },
      'ElasticsearchStore needs the option `sealingKeys`: a list of keys that newSealingKey() has made',
    ],
    [
      { sealingKeys },
      'ElasticsearchStore needs `client`, a Client of @elastic/elasticsearch, or `url`, and not both',
    ],
    [
      { sealingKeys, url: 'http://user:secret@localhost' },
      'ElasticsearchStore expects `url` to be an http or https URL without credentials',
    ],
    [
      { sealingKeys, url, client: {} },
      'ElasticsearchStore expects `client` to be a Client of @elastic/elasticsearch',
    ],
    [
      { sealingKeys, client: { transport: { request() {} } }, headers: {} },
      'ElasticsearchStore takes `headers` and `ca` only with `url`',
    ],
    [
      { sealingKeys, url, runAs: () => 'x', forwardAuthorization: true },
      'ElasticsearchStore takes `runAs` or `forwardAuthorization`, not both',
    ],
    [
      { sealingKeys, url, abandonAfterMs: 500 },
      'ElasticsearchStore expects `abandonAfterMs` to be a number >= 1000, got `500` (number)',
    ],
    [
      { sealingKeys, url, sealingKey: 'x' },
      'ElasticsearchStore does not know the option `sealingKey`; did you mean `sealingKeys`?',
    ],
  ])('refuses the options %#', (options, message) => {
    expect(() => new ElasticsearchStore(options as never)).toThrow(new TypeError(message))
  })
})
