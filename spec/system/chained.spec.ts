import { Client, errors } from '@elastic/elasticsearch'
import { decode as decodeCbor } from 'cbor-x'
import { newSealingKey, ownerOf } from 'express-esql-async-query'
import { parse as decodeSmile } from 'smile-js'
import { describeAsyncQueryStore } from '../../lib/test-kit'
import { ChainedHarness } from '../support/chained-harness'
import type { ElasticsearchGateway } from '../support/elasticsearch-gateway'
import { createStore, startElasticsearchGateway, TRANSPORTS } from '../support/elasticsearch-gateway'
import { FAILURE, TABLE } from '../support/engine'
import type { Answer, Gateway } from '../support/gateway'
import { startGateway } from '../support/gateway'
import { unknownId } from '../support/sealed-id'
import { token } from '../support/tokens'
import { until } from '../support/until'

const DECODERS: Readonly<Record<string, (body: Buffer) => unknown>> = { cbor: decodeCbor, smile: decodeSmile }

// Two of our gateways in a row: the inner one is the cluster of the outer one.
describe('a gateway in front of a gateway', () => {
  const sealingKeys = [newSealingKey()]
  const harness = new ChainedHarness(
    unknownId(sealingKeys),
    (url, clock) => createStore('url', url, { clock, sealingKeys }).store,
  )
  afterAll(() => harness.close())
  describeAsyncQueryStore('ElasticsearchStore', harness, { describe, it })
})

describe.each(TRANSPORTS)('two gateways in a row, by %s,', (transport) => {
  let inner: Gateway
  let outer: ElasticsearchGateway
  let client: Client
  let innerId: string

  beforeAll(async () => {
    const owner = ownerOf('https://issuer.example', 'gateway')
    inner = await startGateway({
      resolveCaller: () => ({ owner, canCancelTasks: true }),
      before: (app) =>
        app.use((_request, response, next) => {
          response.on('finish', () => {
            innerId = String(response.getHeader('X-Elasticsearch-Async-Id') ?? innerId)
          })
          next()
        }),
    })
    outer = await startElasticsearchGateway(transport, inner.url)
    client = clientOf('alice')
  })
  afterAll(async () => {
    await client.close()
    await outer.close()
    await inner.close()
  })

  const clientOf = (sub: string) =>
    new Client({ node: outer.url, auth: { bearer: token({ sub }) }, maxRetries: 0 })

  async function submit(query: string, fields: object = {}): Promise<string> {
    const { headers } = await outer.alice('POST /_query/async', {
      body: { query, wait_for_completion_timeout: '0s', keep_on_completion: true, ...fields },
    })
    return String(headers['x-elasticsearch-async-id'])
  }

  it('runs a synchronous query through both, and ends it in the inner one when the client leaves', async () => {
    const answers = await Promise.all(
      [outer, inner].map(({ alice }) => alice('POST /_query', { body: { query: 'ROW n = 1' } })),
    )
    expect(answers[0]?.text).toBe(answers[1]?.text)
    const leaving = new AbortController()
    const answer = client.esql.query({ query: 'RUN' }, { signal: leaving.signal })
    const started = inner.engine.runs.length
    await until(() => inner.engine.runs.length > started)
    const { signal } = inner.engine.run
    leaving.abort()
    await expect(answer).rejects.toThrow()
    await until(() => signal.aborted)
  })

  /** Both answers to the same request about the same query. */
  function both(target: string, id: string, headers = {}): Promise<[Answer, Answer]> {
    const [method, rest] = target.split(' ')
    return Promise.all([
      outer.alice(`${method} /_query/async/${id}${rest}`, { headers }),
      inner.alice(`${method} /_query/async/${innerId}${rest}`, { headers }),
    ])
  }

  function shownHeaders({ headers }: Answer): object {
    const { date, connection, 'keep-alive': keepAlive, 'transfer-encoding': encoding, ...shown } = headers
    const { 'content-length': length, 'took-nanos': took, etag, 'x-powered-by': powered, ...rest } = shown
    return rest
  }

  it.each([
    'GET ',
    'GET ?pretty',
    'GET ?human&filter_path=id,took,columns.name',
    'GET ?filter_path=-id',
    'GET ?drop_null_columns',
    'GET ?format=yaml',
    'GET ?format=csv',
    'GET ?format=csv&delimiter=%3B',
    'GET ?format=tsv',
    'GET ?format=txt',
    'GET ?format=arrow',
    'POST /stop',
    'POST /stop?format=yaml',
  ])('give the same answer, except for the id: %s', async (target) => {
    const id = await submit('ROW n = 1')
    const [outside, inside] = await both(target, id)
    expect(outside.status).toBe(200)
    expect(outside.body.toString('latin1')).toBe(inside.body.toString('latin1').replaceAll(innerId, id))
    expect(shownHeaders(outside)).toEqual({ ...shownHeaders(inside), 'x-elasticsearch-async-id': id })
  })

  it.each(['cbor', 'smile'])('give the same answer in %s, except for the id', async (format) => {
    const id = await submit('ROW n = 1')
    const filter = 'id,is_running,took,columns,values'
    const [outside, inside] = await both(`GET ?format=${format}&filter_path=${filter}`, id)
    const decode = DECODERS[format]
    expect(decode?.(outside.body)).toEqual({ ...(decode?.(inside.body) as object), id })
    expect(shownHeaders(outside)).toEqual({ ...shownHeaders(inside), 'x-elasticsearch-async-id': id })
  })

  it.each(['json', 'yaml', 'csv', 'tsv', 'txt', 'md', 'arrow'])(
    'give the same answer about a running query: %s',
    async (format) => {
      const id = await submit('RUN')
      const target = `GET ?wait_for_completion_timeout=0s&format=${format}`
      const [outside, inside] = await both(target, id)
      expect(outside.body.toString('latin1')).toBe(inside.body.toString('latin1').replaceAll(innerId, id))
      expect(outside.headers['x-elasticsearch-async-is-running']).toBe('?1')
    },
  )

  it.each([
    ['text/csv; header=absent'],
    ['application/vnd.elasticsearch+json; compatible-with=9'],
    ['application/json;charset=utf-8'],
    ['*/*'],
    ['text/html'],
  ])('give the same answer to Accept: %s', async (accept) => {
    const id = await submit('ROW n = 1')
    const [outside, inside] = await both('GET ', id, { accept })
    expect(outside.text).toBe(inside.text.replaceAll(innerId, id))
    expect(shownHeaders(outside)).toEqual({ ...shownHeaders(inside), 'x-elasticsearch-async-id': id })
  })

  it.each([
    'GET ?nope=1',
    'GET ?format=json&delimiter=%3B',
    'GET ?format=csv&delimiter=ab',
    'GET ?wait_for_completion_timeout=5x',
    'POST /stop?keep_alive=1m',
    'DELETE ?nope=1',
    'PUT ',
  ])('give the same refusal: %s', async (target) => {
    const id = await submit('ROW n = 1')
    const [method, rest] = target.split(' ')
    if (method === 'PUT') {
      const [outside, inside] = [
        await outer.alice(`PUT /_query/async/${id}`),
        await inner.alice(`PUT /_query/async/${innerId}`),
      ]
      expect(outside.text).toBe(inside.text.replaceAll(innerId, id))
      return
    }
    const [outside, inside] = await both(`${method} ${rest}`, id)
    expect(outside.status).toBe(400)
    expect([outside.status, outside.text]).toEqual([inside.status, inside.text.replaceAll(innerId, id)])
  })

  it('give the same answer about a failed query', async () => {
    const id = await submit('RUN')
    inner.engine.run.fail(FAILURE)
    for (const target of ['GET ', 'GET ?format=yaml', 'POST /stop']) {
      const [outside, inside] = await both(target, id)
      expect([outside.status, outside.text]).toEqual([inside.status, inside.text])
      expect(shownHeaders(outside)).toEqual(shownHeaders(inside))
    }
  })

  it('pass on the submitted bytes', async () => {
    const body =
      '{"query":"ROW n = ?", "params":[9007199254740993, 1.10],"keep_on_completion" : true /* kept */ }'
    await outer.alice('POST /_query/async', { body, headers: { 'content-type': 'application/json' } })
    expect(inner.engine.requests.slice(-1)).toEqual([
      { query: 'ROW n = ?', params: [{ value: 9007199254740993n }, { value: 1.1 }] },
    ])
  })

  it('wait like one gateway, until the query is complete', async () => {
    const id = await submit('RUN')
    const timers = inner.clock.pendingTimers
    const waiting = client.esql.asyncQueryGet({ id })
    await until(() => inner.clock.pendingTimers > timers)
    inner.engine.run.complete()
    expect(await waiting).toMatchObject({ id, is_running: false, columns: TABLE.columns })
  })

  it('go through the official client\u2019s flow with one id', async () => {
    const submitted = await client.esql.asyncQuery({ query: 'ROW n = 1', keep_on_completion: true })
    const id = String(submitted.id)
    expect(submitted).toMatchObject({ is_running: false, is_partial: false, columns: TABLE.columns })
    expect(await client.esql.asyncQueryGet({ id })).toEqual(submitted)
    expect(await client.esql.asyncQueryStop({ id })).toEqual(submitted)
    expect(await client.esql.asyncQueryDelete({ id })).toEqual({ acknowledged: true })
    await expect(client.esql.asyncQueryGet({ id })).rejects.toMatchObject({
      statusCode: 404,
      body: { error: { type: 'resource_not_found_exception', reason: id } },
    })
  })

  it('stop a running query and show its partial rows', async () => {
    const id = await submit('RUN')
    inner.engine.run.report({ columns: [{ name: 'n', type: 'long' }], values: [[1]] })
    expect(await client.esql.asyncQueryStop({ id })).toMatchObject({ id, is_partial: true, values: [[1]] })
  })

  it('delete a running query', async () => {
    const id = await submit('RUN')
    expect(await client.esql.asyncQueryDelete({ id })).toEqual({ acknowledged: true })
    expect(inner.engine.run.signal.aborted).toBe(true)
  })

  it('let a stranger delete a query only with the right to cancel queries of others', async () => {
    const id = await submit('RUN')
    expect((await outer.mallory(`DELETE /_query/async/${id}`)).status).toBe(404)
    expect((await outer.admin(`GET /_query/async/${id}`)).status).toBe(404)
    expect((await outer.admin(`DELETE /_query/async/${id}`)).text).toBe('{"acknowledged":true}')
    expect(inner.engine.run.signal.aborted).toBe(true)
  })

  it('give the official client the errors that it knows', async () => {
    const error = await client.esql.asyncQuery({ query: 'FAIL' }).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(errors.ResponseError)
    expect(error).toMatchObject({ statusCode: 400, body: { error: { type: FAILURE.type }, status: 400 } })
  })

  it('give HEAD the headers of GET', async () => {
    const id = await submit('RUN', { keep_alive: '1h' })
    const [outside, inside] = await both('HEAD ', id)
    expect(shownHeaders(outside)).toEqual({ ...shownHeaders(inside), 'x-elasticsearch-async-id': id })
  })
})
