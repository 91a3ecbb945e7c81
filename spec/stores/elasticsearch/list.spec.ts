import { ownerOf, QueryError } from 'express-esql-async-query'
import { ManualClock } from 'express-esql-async-query/test-kit'
import type { Cluster, ClusterQuery, Release } from '../../support/cluster'
import { refusal, startCluster } from '../../support/cluster'
import type { ElasticsearchGateway, StoreOptions } from '../../support/elasticsearch-gateway'
import { startElasticsearchGateway, TRANSPORTS } from '../../support/elasticsearch-gateway'
import { errorJson } from '../../support/engine'
import type { Client } from '../../support/gateway'
import { decoders } from '../../support/json-family'
import { UNKNOWN_UPSTREAM_ID, unknownId } from '../../support/sealed-id'

const NOW = Date.UTC(2025, 0, 1)
const SUBMIT = { query: 'RUN', wait_for_completion_timeout: '0s' }

/** The user of the cluster that a caller acts as. */
const runAs: NonNullable<StoreOptions['runAs']> = ({ owner }) => String(JSON.parse(owner)[1])

/** The ways in which the cluster knows its callers. */
const KNOWN: Readonly<Record<string, StoreOptions>> = {
  'with runAs': { runAs },
  'with forwardAuthorization': { forwardAuthorization: true, headers: {} },
}

let cluster: Cluster
let gateway: ElasticsearchGateway

async function start(
  transport: 'url' | 'client',
  store: StoreOptions,
  options: { monitors?: string[]; release?: Release } = {},
  router: { isDocumented?: boolean } = {},
): Promise<void> {
  cluster = await startCluster({ clock: new ManualClock(), ...options })
  gateway = await startElasticsearchGateway(transport, cluster.url, { store, ...router })
}

afterEach(async () => {
  await gateway.close()
  await cluster.close()
})

async function submit(client: Client = gateway.alice): Promise<string> {
  const { headers } = await client('POST /_query/async', { body: SUBMIT })
  return headers['x-elasticsearch-async-id'] ?? ''
}

async function listed(client: Client = gateway.alice): Promise<string[]> {
  const { queries }: { queries: object } = (await client('GET /_query/queries')).json
  return Object.keys(queries)
}

const SHOWN = `{"start_time_millis":${NOW},"running_time_nanos":0,"documents_found":0,"values_loaded":0,"query":"RUN"}`

/** An id of the cluster, and the names in it. */
function namesIn({ id }: ClusterQuery): string[] {
  const task = Buffer.from(id, 'base64url').toString('latin1', 24)
  return [id, id.replace(/=+$/, ''), ...task.split(':', 1)]
}

describe.each(TRANSPORTS)('running queries of a cluster over %s', (transport) => {
  describe.each(Object.entries(KNOWN))('%s', (_name, store) => {
    const withoutHeaders = transport === 'client' ? { ...store, headers: undefined } : store
    const options = Object.fromEntries(
      Object.entries(withoutHeaders).filter(([, value]) => value !== undefined),
    )

    it('are listed with ids sealed for the caller, which the other operations take', async () => {
      await start(transport, options, { monitors: ['alice'] })
      await submit()
      const [id = ''] = await listed()
      const list = await gateway.alice('GET /_query/queries')
      expect({ ...list, text: list.text.replace(/"[\w-]{60,}"/, '"ID"') }).toMatchObject({
        status: 200,
        text: `{"queries":{"ID":{"start_time_millis":${NOW},"running_time_nanos":0,"query":"RUN"}}}`,
      })
      expect(list.headers['content-length']).toBe(String(list.text.length))
      for (const name of namesIn(cluster.query)) expect(list.text).not.toContain(name)
      expect((await gateway.alice(`GET /_query/queries/${id}`)).text).toBe(SHOWN)
      expect(
        (await gateway.alice(`GET /_query/async/${id}?wait_for_completion_timeout=0s`)).json,
      ).toMatchObject({
        id,
        is_running: true,
      })
      expect((await gateway.alice(`DELETE /_query/async/${id}`)).status).toBe(200)
      expect(await listed()).toEqual([])
    })

    it('are those that the cluster shows the caller, and nobody else can use their ids', async () => {
      await start(transport, options, { monitors: ['alice', 'mallory'] })
      const submitted = await submit()
      const [own = ''] = await listed()
      const [foreign = ''] = await listed(gateway.mallory)
      const seen = cluster.requests.length
      for (const id of [submitted, own]) {
        expect((await gateway.mallory(`GET /_query/queries/${id}`)).text).toBe(
          errorJson(404, 'resource_not_found_exception', id),
        )
      }
      expect(cluster.requests.length).toBe(seen)
      expect((await gateway.mallory(`GET /_query/queries/${foreign}`)).text).toBe(SHOWN)
      // The cluster compares its users, and says no.
      for (const target of [
        'GET /_query/async/ID',
        'POST /_query/async/ID/stop',
        'DELETE /_query/async/ID',
      ]) {
        expect(await gateway.mallory(target.replace('ID', foreign))).toMatchObject({
          status: 404,
          text: errorJson(404, 'resource_not_found_exception', foreign),
        })
      }
    })

    it('are refused by the cluster for a caller without the privilege', async () => {
      await start(transport, options)
      const id = await submit()
      for (const [path, action] of [
        ['/_query/queries', 'list_queries'],
        [`/_query/queries/${id}`, 'get_query'],
      ]) {
        const { status, text, headers } = await gateway.alice(`GET ${path}`)
        const reason =
          `action [cluster:monitor/xpack/esql/${action}] is unauthorized for user [alice] with effective roles [reader], ` +
          'this action is granted by the cluster privileges [monitor_esql,monitor,manage,all]'
        expect({ status, text }).toEqual({ status: 403, text: errorJson(403, 'security_exception', reason) })
        expect(headers).not.toHaveProperty('x-elastic-product')
      }
    })

    it('are unknown when they have ended, or when their node has left', async () => {
      await start(transport, options, { monitors: ['alice'] })
      const id = await submit()
      cluster.query.complete({ columns: [], values: [] })
      const unknown = { status: 404, text: errorJson(404, 'resource_not_found_exception', id) }
      expect(await gateway.alice(`GET /_query/queries/${id}`)).toMatchObject(unknown)
      const [, , node = ''] = namesIn(cluster.query)
      for (const reason of [
        `task [${node}:101] belongs to the node [${node}] which isn't part of the cluster and there is no record of the task`,
        `Task [${node}:101] is not an ESQL query task`,
      ]) {
        const status = reason.startsWith('T') ? 400 : 500
        cluster.inject(
          'show',
          refusal(status, { type: status === 400 ? 'illegal_argument_exception' : 'exception', reason }),
        )
        expect(await gateway.alice(`GET /_query/queries/${id}`)).toMatchObject(unknown)
      }
      expect((await gateway.alice(`GET /_query/queries/${unknownId()}`)).status).toBe(404)
    })
  })

  it('are written in the format of the client, whatever the cluster sends', async () => {
    await start(transport, { runAs }, { monitors: ['alice'] })
    const id = await submit()
    for (const [format, decode] of Object.entries(decoders)) {
      const { headers, body } = await gateway.alice(`GET /_query/queries/${id}?format=${format}`)
      expect([headers['content-type'], decode(body)]).toEqual([`application/${format}`, JSON.parse(SHOWN)])
    }
    const { text } = await gateway.alice('GET /_query/queries?filter_path=**.query&pretty&human')
    expect(text).toMatch(
      /^\{\n {2}"queries" : \{\n {4}"[\w-]+" : \{\n {6}"query" : "RUN"\n {4}\}\n {2}\}\n\}\n$/,
    )
    expect(cluster.request.url).toBe('/_query/queries?pretty&human')
  })

  it('are refused by the cluster where a parameter is wrong that only the gateway acts on', async () => {
    await start(transport, { runAs }, { monitors: ['alice'] })
    const { status, text } = await gateway.alice('GET /_query/queries?pretty=maybe')
    const reason = 'Failed to parse value [maybe] as only [true] or [false] are allowed.'
    expect([status, text]).toEqual([400, errorJson(400, 'illegal_argument_exception', reason)])
  })

  it('keep what a newer cluster tells, to the last digit, and lose what names nodes', async () => {
    await start(transport, { runAs }, { monitors: ['alice'] }, { isDocumented: false })
    const id = await submit()
    const upstreamId = cluster.query.id
    const told =
      '"start_time_millis":1,"running_time_nanos":9007199254740993,"documents_found":1,"values_loaded":2,' +
      '"query":"RUN","stage":{"name":"x"}'
    const fields = `"id":5,"node":"node-1",${told}`
    cluster.inject('list', { kind: 'replace', body: `{"queries":{"${upstreamId}":{${fields}}},"took":3}` })
    const { text } = await gateway.alice('GET /_query/queries')
    expect(text.replace(/"[\w-]{60,}"/, '"ID"')).toBe(`{"queries":{"ID":{${told}}},"took":3}`)
    const nodes = '"coordinating_node":"node-1","data_nodes":["node-2"],'
    cluster.inject('show', { kind: 'replace', body: `{${nodes}${fields}}` })
    expect((await gateway.alice(`GET /_query/queries/${id}`)).text).toBe(`{${told}}`)
  })

  it('keep the names of nodes and tasks out of every error', async () => {
    await start(transport, { runAs }, { monitors: ['alice'] })
    const id = await submit()
    const [upstreamId = '', , node = ''] = namesIn(cluster.query)
    const reason = `[${node}][${upstreamId}] the task ${node}:101 is confused`
    cluster.inject('show', refusal(400, { type: 'illegal_argument_exception', reason }))
    expect((await gateway.alice(`GET /_query/queries/${id}`)).json).toMatchObject({
      error: { type: 'illegal_argument_exception', reason: `[*][${id}] the task * is confused` },
      status: 400,
    })
    cluster.inject(
      'list',
      refusal(400, { type: 'illegal_argument_exception', reason: `query [${upstreamId}]` }),
    )
    const { text } = await gateway.alice('GET /_query/queries')
    for (const name of namesIn(cluster.query)) expect(text).not.toContain(name)
  })

  it('are refused where the cluster knows the service account alone, which sees the queries of all', async () => {
    await start(transport, {}, { monitors: ['gateway', 'key-1'] })
    const id = await submit()
    const seen = cluster.requests.length
    for (const client of [gateway.alice, gateway.mallory, gateway.monitor]) {
      for (const [path, action] of [
        ['/_query/queries', 'list_queries'],
        [`/_query/queries/${id}`, 'get_query'],
        [`/_query/queries/${unknownId()}`, 'get_query'],
        [`/_query/queries/${UNKNOWN_UPSTREAM_ID}`, 'get_query'],
      ]) {
        const reason =
          `action [cluster:monitor/xpack/esql/${action}] is unauthorized, ` +
          'because all callers of this gateway are one user of the cluster'
        expect(await client(`GET ${path}`)).toMatchObject({
          status: 403,
          text: errorJson(403, 'security_exception', reason),
        })
      }
    }
    expect((await gateway.alice('GET /_query/queries/foobar')).text).toBe(
      errorJson(400, 'illegal_argument_exception', 'invalid id: [foobar]'),
    )
    expect(cluster.requests.length).toBe(seen)
  })

  it('are shown to a monitor by any id that the gateway has sealed, if the cluster agrees', async () => {
    await start(transport, { runAs }, { monitors: ['monitor'] })
    const id = await submit()
    expect((await gateway.monitor(`GET /_query/queries/${id}`)).text).toBe(SHOWN)
    expect((await gateway.monitor(`GET /_query/async/${id}`)).status).toBe(404)
  })

  it('pass on the challenge of a cluster that refuses a token', async () => {
    const headers = { 'WWW-Authenticate': 'Bearer realm="jwt1"' }
    await start(transport, { forwardAuthorization: true, ...(transport === 'url' && { headers: {} }) })
    const error = { type: 'security_exception', reason: 'token expired' }
    cluster.inject('list', refusal(401, error, headers))
    const answer = await gateway.alice('GET /_query/queries')
    expect({ status: answer.status, challenge: answer.headers['www-authenticate'] }).toEqual({
      status: 401,
      challenge: 'Bearer realm="jwt1"',
    })
  })

  it.each<[string, string]>([
    ['no JSON', '{"queries":{'],
    ['no object', '[]'],
    ['no queries', '{}'],
    ['an id that cannot be sealed', '{"queries":{"":{}}}'],
    ['more than anybody may hold in memory', `{"queries":{},"x":"${'x'.repeat(16 * 2 ** 20)}"}`],
  ])('are an outage where the cluster sends %s', async (_, body) => {
    await start(transport, { runAs }, { monitors: ['alice'] })
    cluster.inject('list', { kind: 'replace', body })
    expect(await gateway.alice('GET /_query/queries')).toMatchObject({ status: 503 })
  })

  it('are an outage where no Elasticsearch answers, or nobody', async () => {
    await start(transport, { runAs }, { monitors: ['alice'] })
    cluster.inject('list', { kind: 'replace', headers: { 'x-elastic-product': undefined } })
    expect((await gateway.alice('GET /_query/queries')).status).toBe(503)
    await cluster.kill()
    expect((await gateway.alice('GET /_query/queries')).status).toBe(503)
    await cluster.listen()
  })

  it('are unknown to a release that has no list, which says so', async () => {
    await start(transport, { runAs }, { release: '8.19', monitors: ['alice'] })
    expect((await gateway.alice('GET /_query/queries')).json).toMatchObject({
      error: {
        type: 'illegal_argument_exception',
        reason: 'no handler found for uri [/_query/queries] and method [GET]',
      },
      status: 400,
    })
  })

  it('are listed in our words for a program without a router', async () => {
    await start(transport, { runAs }, { monitors: ['alice'] })
    const id = await submit()
    const owner = ownerOf('https://issuer.example', 'alice')
    const [query] = await gateway.store.list(owner)
    const expected = { query: 'RUN', startTimeMs: NOW, runningTimeNanos: 0 }
    expect(query).toEqual({ ...expected, id: expect.any(String) })
    expect(await gateway.store.list(owner, { id })).toEqual([
      { ...expected, id, documentsFound: 0, valuesLoaded: 0 },
    ])
    expect(await gateway.store.list(owner, { id: unknownId() })).toEqual([])
    await expect(gateway.store.list(ownerOf('https://issuer.example', 'bob'))).rejects.toThrow(QueryError)
  })
})
