import { Client } from '@elastic/elasticsearch'
import type { Cluster, Fault } from '../../support/cluster'
import { refusal, startCluster } from '../../support/cluster'
import type { ElasticsearchGateway } from '../../support/elasticsearch-gateway'
import { startElasticsearchGateway, TRANSPORTS } from '../../support/elasticsearch-gateway'
import { token } from '../../support/tokens'

const says = (status: number, body: object, headers: Record<string, string> = {}): Fault => ({
  kind: 'answer',
  status,
  body,
  headers,
})

const FOREIGN: readonly (readonly [string, Fault])[] = [
  ['504 of an API gateway', says(504, { message: 'Endpoint request timed out' })],
  ['503 with a plain error', says(503, { error: 'Service Unavailable', status: 503 })],
  ['500 with an envelope', says(500, { error: { type: 'x', reason: 'y', root_cause: [] }, status: 500 })],
  ['404 of another gateway', says(404, { message: 'no Route matched with those values' })],
  ['404 with an envelope', says(404, { error: { type: 'x', reason: 'y', root_cause: [] }, status: 404 })],
  ['403 of a firewall', says(403, { message: 'Forbidden' })],
  [
    '401 of a login page',
    { kind: 'answer', status: 401, body: '<html>', headers: { 'www-authenticate': 'Basic' } },
  ],
  ['403 of a framework', says(403, { error: 'Forbidden', status: 403 })],
  ['400 of a proxy', says(400, { error: { code: 400, message: 'Bad Request' } })],
  ['302 to a login page', says(302, {}, { location: '/login', 'X-elastic-product': 'Elasticsearch' })],
  ['200 of another gateway', says(200, { is_running: false, columns: [], values: [] })],
  ['101', { kind: 'raw', bytes: 'HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n' }],
]

describe.each(TRANSPORTS)('what a proxy answers in place of a cluster reached by %s', (transport) => {
  let cluster: Cluster
  let gateway: ElasticsearchGateway

  beforeEach(async () => {
    cluster = await startCluster()
    gateway = await startElasticsearchGateway(transport, cluster.url)
  })
  afterEach(async () => {
    await gateway.close()
    await cluster.close()
  })

  async function start(): Promise<string> {
    const body = { query: 'RUN', wait_for_completion_timeout: '0s' }
    return (await gateway.alice('POST /_query/async', { body })).headers['x-elasticsearch-async-id'] ?? ''
  }

  it.each(FOREIGN)('is an outage, and tells nothing about the query: %s', async (_name, fault) => {
    const id = await start()
    const target = `/_query/async/${id}`
    const statuses: number[] = []
    for (const [operation, request] of [
      ['get', `GET ${target}?wait_for_completion_timeout=0s`],
      ['get', `HEAD ${target}`],
      ['stop', `POST ${target}/stop`],
      ['delete', `DELETE ${target}`],
    ] as const) {
      cluster.inject(operation, fault, 9)
      statuses.push((await gateway.alice(request)).status)
      cluster.heal()
    }
    expect([statuses, cluster.query.state]).toEqual([[503, 503, 503, 503], 'running'])
  })

  it.each(FOREIGN)('never makes a client send a submit again: %s', async (_name, fault) => {
    const node = gateway.url
    const client = new Client({ node, auth: { bearer: token({ sub: 'alice' }) }, maxRetries: 3 })
    cluster.inject('submit', fault, 9)
    await expect(client.esql.asyncQuery({ query: 'RUN' })).rejects.toMatchObject({ statusCode: 500 })
    expect(cluster.requestsFor('submit')).toHaveLength(1)
    await client.close()
  })

  it('is told from the errors that Elasticsearch sends without its product header', async () => {
    const id = await start()
    const error = { type: 'security_exception', reason: 'no' }
    const body = { error: { root_cause: [error], ...error }, status: 401 }
    await gateway.close()
    gateway = await startElasticsearchGateway(transport, cluster.url, {
      store: { forwardAuthorization: true },
    })
    cluster.inject('submit', says(401, body, { 'www-authenticate': 'Basic' }))
    cluster.inject('submit', says(401, { ...body, status: 403 }))
    const submit = () => gateway.alice('POST /_query/async', { body: { query: 'RUN' } })
    expect([id !== '', (await submit()).status, (await submit()).status]).toEqual([true, 401, 500])
  })

  it.each([
    ['429 of the cluster', 429, refusal(429, { type: 'x', reason: 'y' }, { 'retry-after': '7' })],
    ['503 of the cluster', 503, refusal(503, { type: 'x', reason: 'y' }, { 'retry-after': '7' })],
    ['429 of a proxy', 429, says(429, { message: 'slow down' }, { 'retry-after': '7' })],
    ['503 of a proxy', 503, says(503, { message: 'later' }, { 'retry-after': '7' })],
  ])('says when to try again: %s', async (_name, status, fault) => {
    const id = await start()
    cluster.inject('get', fault)
    const answer = await gateway.alice(`GET /_query/async/${id}?wait_for_completion_timeout=0s`)
    expect([answer.status, answer.headers['retry-after'], answer.text.includes('header')]).toEqual([
      status,
      '7',
      false,
    ])
  })

  it('says when to try again, after one second where the cluster does not', async () => {
    const id = await start()
    cluster.inject('get', says(503, {}))
    const { headers } = await gateway.alice(`GET /_query/async/${id}?wait_for_completion_timeout=0s`)
    expect(headers['retry-after']).toBe('1')
  })
})
