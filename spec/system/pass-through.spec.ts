import express from 'express'
import { ManualClock } from 'express-esql-async-query/test-kit'
import type { Cluster } from '../support/cluster'
import { FAILURE, SERVICE_ACCOUNT, startCluster, TABLE } from '../support/cluster'
import { comparable } from '../support/comparable-body'
import type { ElasticsearchGateway } from '../support/elasticsearch-gateway'
import { startElasticsearchGateway, TRANSPORTS } from '../support/elasticsearch-gateway'

const FORMATS = [
  'format=json',
  'format=json&pretty',
  'format=yaml',
  'format=cbor',
  'format=smile',
  'format=csv',
  'format=csv&delimiter=%7C',
  'format=tsv',
  'format=md',
  'format=txt',
  'format=arrow',
  'human&pretty',
  'drop_null_columns',
  'filter_path=id,columns.name',
  'filter_path=columns.name',
  'filter_path=nothing',
]

const RELEASES = ['8.19', '9.5'] as const

const SETUPS = RELEASES.flatMap((release) => TRANSPORTS.map((transport) => [release, transport] as const))

const { authorization } = SERVICE_ACCOUNT

describe.each(SETUPS)('in front of %s over %s', (release, transport) => {
  let cluster: Cluster
  let gateway: ElasticsearchGateway

  beforeEach(async () => {
    cluster = await startCluster({ release, clock: new ManualClock() })
    gateway = await startElasticsearchGateway(transport, cluster.url)
  })
  afterEach(async () => {
    await gateway.close()
    await cluster.close()
  })

  async function submit(body: object = {}, query = ''): Promise<string> {
    const { headers } = await gateway.alice(`POST /_query/async${query}`, {
      body: { query: 'RUN', wait_for_completion_timeout: '0s', keep_on_completion: true, ...body },
    })
    return headers['x-elasticsearch-async-id'] ?? ''
  }

  /** The answer of the gateway, and that of the cluster, both to the service account. */
  async function bothAnswers(id: string, target: (id: string) => string) {
    const { id: upstreamId } = cluster.query
    const [method = '', path = ''] = target(encodeURIComponent(upstreamId)).split(' ')
    const { headers } = cluster.request
    const response = await fetch(cluster.url + path, {
      method,
      headers: { authorization: headers.authorization ?? authorization },
    })
    const body = Buffer.from(await response.arrayBuffer())
    const answer = await gateway.alice(target(id))
    const contentType = response.headers.get('content-type')
    expect(answer.text).not.toContain(upstreamId.replace(/=+$/, ''))
    return [
      {
        status: answer.status,
        contentType: answer.headers['content-type'],
        id: answer.headers['x-elasticsearch-async-id'],
        isRunning: answer.headers['x-elasticsearch-async-is-running'],
        warning: answer.headers.warning ?? null,
        body: comparable(answer.body, contentType, id),
      },
      {
        status: response.status,
        contentType,
        id: response.ok ? id : undefined,
        isRunning: response.headers.get('x-elasticsearch-async-is-running') ?? undefined,
        warning: response.headers.get('warning'),
        body: comparable(body, contentType, upstreamId),
      },
    ]
  }

  it.each(FORMATS)('passes on the answer of the cluster about a query, with %s', async (format) => {
    const id = await submit()
    const [running, runningUpstream] = await bothAnswers(
      id,
      (some) => `GET /_query/async/${some}?wait_for_completion_timeout=0s&${format}`,
    )
    expect(running).toEqual(runningUpstream)
    cluster.query.complete(TABLE)
    const [finished, finishedUpstream] = await bothAnswers(
      id,
      (some) => `GET /_query/async/${some}?wait_for_completion_timeout=0s&${format}`,
    )
    expect(finished).toEqual(finishedUpstream)
  })

  it.each(FORMATS)('passes on the error of a query that failed, with %s', async (format) => {
    const id = await submit()
    cluster.query.fail(FAILURE)
    const [failed, failedUpstream] = await bothAnswers(id, (some) => `GET /_query/async/${some}?${format}`)
    expect(failed).toEqual(failedUpstream)
  })

  it.each(['json', 'yaml', 'cbor', 'smile', 'csv'])('passes on a stop, in %s', async (format) => {
    const id = await submit()
    cluster.query.report(TABLE)
    const [stopped, stoppedUpstream] = await bothAnswers(
      id,
      (some) => `POST /_query/async/${some}/stop?format=${format}`,
    )
    expect(stopped).toEqual(stoppedUpstream)
  })

  it('passes on warnings', async () => {
    const id = await submit({ query: 'WARN' })
    const { headers } = await gateway.alice(`GET /_query/async/${id}`)
    expect(headers.warning).toMatch(
      /^299 Elasticsearch-\S+ "No limit defined, adding default limit of \[1000\]"$/,
    )
  })

  it('answers a delete as the cluster does, and a second delete with 404', async () => {
    const id = await submit()
    const answers = [
      await gateway.alice(`DELETE /_query/async/${id}`),
      await gateway.alice(`DELETE /_query/async/${id}`),
    ]
    expect(answers.map(({ status, text }) => [status, text])).toEqual([
      [200, '{"acknowledged":true}'],
      [
        404,
        JSON.stringify({
          error: {
            root_cause: [{ type: 'resource_not_found_exception', reason: id }],
            type: 'resource_not_found_exception',
            reason: id,
          },
          status: 404,
        }),
      ],
    ])
    expect(cluster.query.state).toBe('deleted')
  })

  it.each(['json', 'yaml', 'cbor', 'smile'])(
    'names a query that the cluster has lost by its sealed id, in %s',
    async (format) => {
      const id = await submit()
      cluster.forget(cluster.query)
      const answer = await gateway.alice(`GET /_query/async/${id}?format=${format}`)
      const unknown = comparable(answer.body, answer.headers['content-type'] ?? null, id)
      expect([answer.status, String(unknown).split('<id>').length]).toEqual([404, 3])
    },
  )

  it('passes on the bytes of a submit unchanged', async () => {
    const body =
      '{ "query": "ROW n = ?", /* exact */ "params": [9007199254740993, -9223372036854775808, 1.0, "\\u00fc"] }'
    await gateway.alice('POST /_query/async', { body, headers: { 'content-type': 'application/json' } })
    expect(cluster.request.body.toString()).toBe(body)
  })

  it('changes only the times in a submit', async () => {
    const body =
      '{"filter":{"keep_alive":"1h"}, "keep_alive":"9d" ,"query":"ROW n = 9007199254740993", "wait_for_completion_timeout":"1m"}'
    await gateway.alice('POST /_query/async', { body, headers: { 'content-type': 'application/json' } })
    expect(cluster.request.body.toString()).toBe(body.replace('"1m"', '"1000ms"'))
  })

  it('sends a submit that the host application has parsed as JSON', async () => {
    await gateway.close()
    gateway = await startElasticsearchGateway(transport, cluster.url, {
      before: (app) => app.use(express.json()),
    })
    await gateway.alice('POST /_query/async', {
      body: { query: 'ROW s = "ü"', wait_for_completion_timeout: '1m' },
    })
    expect(cluster.request.body.toString()).toBe(
      '{"query":"ROW s = \\"ü\\"","wait_for_completion_timeout":"1000ms"}',
    )
  })

  it('takes the body from the parameter `source`', async () => {
    const source = encodeURIComponent('{"query":"ROW n = 9007199254740993"}')
    await gateway.alice(
      `POST /_query/async?source=${source}&source_content_type=application/json&format=json`,
    )
    expect([cluster.request.url, cluster.request.body.toString()]).toEqual([
      '/_query/async?format=json',
      '{"query":"ROW n = 9007199254740993"}',
    ])
  })

  it('passes on the parameters of a client as sent, with times in its own spelling', async () => {
    const id = await submit()
    cluster.query.complete(TABLE)
    await gateway.alice(
      `GET /_query/async/${id}?wait_for_completion_timeout=2s&filter_path=x&keep_alive=1d&filter_path=a%3Bb,c&pretty&human=false`,
    )
    expect(cluster.request.url).toBe(
      `/_query/async/${encodeURIComponent(cluster.query.id)}?filter_path=x&filter_path=a%3Bb,c&pretty&human=false&wait_for_completion_timeout=2000ms&keep_alive=86400000ms`,
    )
  })

  it.each(['', '?drop_null_columns', '?drop_null_columns=true', '?drop_null_columns=false', '?format=yaml'])(
    'does not remember the presentation of a submit: %s',
    async (parameters) => {
      const id = await submit({}, parameters)
      cluster.query.complete(TABLE)
      const names = async (target: string) => {
        const { json } = await gateway.alice(target.replace('ID', id))
        return (json as { columns: { name: string }[] }).columns.map(({ name }) => name)
      }
      expect([
        await names('GET /_query/async/ID'),
        await names('GET /_query/async/ID?drop_null_columns=false'),
        await names('GET /_query/async/ID?drop_null_columns'),
        await names('POST /_query/async/ID/stop'),
      ]).toEqual([
        ['n', 'name', 'gone'],
        ['n', 'name', 'gone'],
        ['n', 'name'],
        ['n', 'name', 'gone'],
      ])
    },
  )

  it('answers a HEAD request with the state in the headers', async () => {
    const id = await submit({ keep_alive: '1h' })
    const before = await gateway.alice(`HEAD /_query/async/${id}`)
    cluster.query.complete(TABLE)
    const after = await gateway.alice(`HEAD /_query/async/${id}?format=csv`)
    const expiration = release === '9.5' ? String(cluster.query.expirationTimeMs) : undefined
    expect(
      [before, after].map(({ status, headers }) => [
        status,
        headers['content-type'],
        headers['x-elasticsearch-async-is-running'],
        headers['x-elasticsearch-async-expiration-time-in-millis'],
      ]),
    ).toEqual([
      [200, 'application/json', '?1', expiration],
      [200, 'text/csv; charset=utf-8; header=present', '?0', expiration],
    ])
  })
})
