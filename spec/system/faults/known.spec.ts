import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import { ManualClock } from 'express-esql-async-query/test-kit'
import type { Cluster, Fault } from '../../support/cluster'
import { refusal, startCluster, TABLE } from '../../support/cluster'
import { advance } from '../../support/cluster-harness'
import type { ElasticsearchGateway, StoreOptions } from '../../support/elasticsearch-gateway'
import { startElasticsearchGateway, TRANSPORTS } from '../../support/elasticsearch-gateway'
import { until } from '../../support/until'

/** Failures that a query can have too. It has them for ever. */
const PASSING_FAILURES: readonly (readonly [string, Fault])[] = [
  ['is a breaker', refusal(429, { type: 'circuit_breaking_exception', reason: 'x' })],
  ['is a 500', refusal(500, { type: 'exception', reason: 'x' })],
]

const FAILURES: readonly (readonly [string, Fault])[] = [
  ['breaks off after its head', { kind: 'cut', afterBytes: 120 }],
  ['is a 503', refusal(503, { type: 'no_shard_available_action_exception', reason: 'x' })],
  ['is a 429', refusal(429, { type: 'es_rejected_execution_exception', reason: 'x' })],
  [
    'is a breaker for requests',
    refusal(429, {
      type: 'circuit_breaking_exception',
      reason: '[parent] Data too large, data for [<http_request>] would be [9/9b], the limit is [8/8b]',
    }),
  ],
  ['is a page of a proxy', { kind: 'answer', status: 502, body: '<html>' }],
  ['is a 429 of a proxy', { kind: 'answer', status: 429, body: { message: 'slow down' } }],
  ['is a redirect', { kind: 'answer', status: 302, headers: { location: '/login' } }],
  ['is a 403', { kind: 'answer', status: 403, body: { message: 'Forbidden' } }],
  ['is no JSON', { kind: 'replace', body: '{"is_running":true,' }],
]

describe.each(TRANSPORTS)('what is known of a query in a cluster reached by %s', (transport) => {
  let clock: ManualClock
  let cluster: Cluster
  let gateway: ElasticsearchGateway

  async function open(store: StoreOptions = {}): Promise<void> {
    clock = new ManualClock()
    cluster = await startCluster({ clock })
    gateway = await startElasticsearchGateway(transport, cluster.url, {
      store: { clock, upstreamWaitMs: 1_000, ...store },
    })
  }
  afterEach(async () => {
    await gateway.close()
    await cluster.close()
  })

  const submit = (query: string, wait: string) =>
    gateway.alice('POST /_query/async', {
      body: { query, wait_for_completion_timeout: wait, keep_on_completion: true, keep_alive: '1d' },
    })

  it.each([
    ...PASSING_FAILURES.map(([name, fault]) => [name, fault, 1] as const),
    ...FAILURES.map(([name, fault]) => [`${name}, as is every other`, fault, 9] as const),
  ])('is kept by a submit and by a get when a later answer %s', async (_name, fault, times) => {
    await open()
    const submitting = submit('RUN', '1m')
    await until(() => cluster.waits === 1)
    cluster.inject('get', fault, times)
    await advance(clock, 3_000)
    const submitted = await submitting
    cluster.heal()
    const id = submitted.headers['x-elasticsearch-async-id'] ?? ''
    const getting = gateway.alice(`GET /_query/async/${id}`)
    await until(() => cluster.waits === 1)
    cluster.inject('get', fault, times)
    await advance(clock, 3_000)
    for (const { status, json } of [submitted, await getting]) {
      expect([status, json]).toEqual([200, expect.objectContaining({ id, is_running: true })])
    }
    expect(cluster.query.state).toBe('running')
  })

  it.each<[string, Fault]>([
    ['is zstd', { kind: 'replace', headers: { 'content-encoding': 'zstd' } }],
    ['breaks off', { kind: 'cut', afterBytes: 60 }],
    ['is half an object', { kind: 'replace', body: '{"id":"Fk' }],
  ])('is deleted, and the client is told, when the answer to the submit %s', async (_name, fault) => {
    await open()
    cluster.inject('submit', fault)
    const { status, text } = await submit('RUN', '0s')
    expect([status, text.includes('so it is deleted'), cluster.query.state]).toEqual([500, true, 'deleted'])
  })

  it.each([
    ['gzip', gzipSync],
    ['x-gzip', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
  ])('is read from answers that come in %s unasked', async (encoding, compress) => {
    await open()
    const fault: Fault = { kind: 'replace', body: compress, headers: { 'content-encoding': encoding } }
    cluster.inject('submit', fault)
    const { status, headers, json } = await submit('RUN', '0s')
    const id = headers['x-elasticsearch-async-id']
    expect([status, json]).toEqual([200, expect.objectContaining({ id, is_running: true })])
    cluster.query.complete(TABLE)
    cluster.inject('get', fault, 2)
    const target = `/_query/async/${id}?wait_for_completion_timeout=0s`
    expect((await gateway.alice(`GET ${target}`)).json).toMatchObject({ id, is_running: false })
    expect((await gateway.alice(`HEAD ${target}`)).headers['x-elasticsearch-async-is-running']).toBe('?0')
  })

  it.each([...PASSING_FAILURES, ...FAILURES])(
    'does not depend on a request for the state that %s',
    async (_name, fault) => {
      await open({ abandonAfterMs: 60_000 })
      cluster.inject('get', fault, 9)
      const { status, headers, json } = await submit('ROW n = 1', '0s')
      expect([status, json]).toEqual([200, expect.objectContaining({ is_running: false })])
      cluster.heal()
      const id = headers['x-elasticsearch-async-id']
      // The first request of a get asks for the state.
      cluster.inject('get', fault)
      const got = await gateway.alice(`GET /_query/async/${id}?wait_for_completion_timeout=0s`)
      expect([got.status, got.json]).toEqual([200, expect.objectContaining({ id, is_running: false })])
      expect(cluster.query.state).toBe('completed')
    },
  )

  it('is no state where the answer has none', async () => {
    await open()
    const id = (await submit('RUN', '0s')).headers['x-elasticsearch-async-id']
    cluster.inject('get', { kind: 'replace', body: '{}' })
    expect((await gateway.alice(`HEAD /_query/async/${id}`)).status).toBe(503)
  })
})
