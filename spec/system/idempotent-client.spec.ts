import { Client, errors } from '@elastic/elasticsearch'
import { startCluster } from '../support/cluster'
import { startElasticsearchGateway } from '../support/elasticsearch-gateway'
import { type Gateway, startGateway } from '../support/gateway'
import { LosingProxy } from '../support/losing-proxy'
import { openDatabase, type TestDatabase } from '../support/postgres/database'
import { PostgresBench } from '../support/postgres-bench'
import { rows } from '../support/store-bench'
import { token } from '../support/tokens'

/** It waits for a second or two before it sends a request again, unless a request says otherwise. */
const retryBackoff = () => 0

/** The unmodified official client, which sends a request again when the connection breaks. */
describe('@elastic/elasticsearch behind a proxy that loses answers', () => {
  let gateway: Gateway
  let proxy: LosingProxy
  let client: Client

  beforeEach(async () => {
    gateway = await startGateway()
    proxy = new LosingProxy([gateway.url], 1)
    client = new Client({
      node: await proxy.start(),
      auth: { bearer: token({ sub: 'alice' }) },
      maxRetries: 3,
    })
  })
  afterEach(async () => {
    await client.close()
    proxy.close()
    await gateway.close()
  })

  const headers = { 'idempotency-key': '8e03978e-40d5-43dd-bc93-6894a57f9324' }

  it('runs a query once that it submits with a key, and gets its id', async () => {
    const submitted = await client.esql.asyncQuery(
      { query: 'RUN', wait_for_completion_timeout: '0s' },
      { headers, retryBackoff },
    )
    expect([proxy.lost, gateway.engine.runs.length]).toEqual([1, 1])
    const id = String(submitted.id)
    gateway.engine.run.complete()
    expect(await client.esql.asyncQueryGet({ id })).toMatchObject({ is_running: false })
    const { queries } = await client.esql.listQueries()
    expect(queries).toEqual({})
  })

  it('runs a query once that completes in time and is not kept, and gets its result', async () => {
    const answer = await client.esql.asyncQuery({ query: 'ROW n = 1' }, { headers, retryBackoff })
    expect(answer).toMatchObject({ is_running: false, values: [expect.anything(), expect.anything()] })
    expect(answer).not.toHaveProperty('id')
    expect([proxy.lost, gateway.engine.requests.length]).toEqual([1, 1])
  })

  it('runs a failing query once, and gets its error', async () => {
    const error = await client.esql
      .asyncQuery({ query: 'FAIL' }, { headers, retryBackoff })
      .catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(errors.ResponseError)
    expect(error).toMatchObject({ statusCode: 400 })
    expect([proxy.lost, gateway.engine.requests.length]).toEqual([1, 1])
  })

  it('runs a query twice that it submits without a key', async () => {
    await client.esql.asyncQuery({ query: 'ROW n = 1' }, { retryBackoff })
    expect([proxy.lost, gateway.engine.requests.length]).toEqual([1, 2])
  })
})

describe('@elastic/elasticsearch in front of two gateways on one PostgreSQL', () => {
  let database: TestDatabase

  beforeAll(async () => {
    database = await openDatabase()
  })
  afterAll(() => database.close())

  it.each([
    ['gets the id of the query that it has started', '0s'],
    ['gets its result, when the query is not kept', '1m'],
  ])('runs a query once when it sends a submit again to the other gateway, and %s', async (_, wait) => {
    const one = await PostgresBench.create(database.url)
    const two = one.replica()
    const gateways = await Promise.all([one, two].map(({ store }) => startGateway({ store })))
    const proxy = new LosingProxy(
      gateways.map(({ url }) => url),
      1,
    )
    const auth = { bearer: token({ sub: 'alice' }) }
    const client = new Client({ node: await proxy.start(), auth, maxRetries: 3 })
    try {
      const headers = { 'idempotency-key': '8e03978e-40d5-43dd-bc93-6894a57f9324' }
      const submit = { query: 'FROM x', wait_for_completion_timeout: wait, keep_on_completion: false }
      const answer = client.esql.asyncQuery(submit, { headers, retryBackoff })
      while (one.runs.length === 0) await one.pool.idle()
      if (wait === '1m') one.run.complete(rows('a'))
      const { id, is_running: isRunning } = await answer
      expect([proxy.lost, proxy.used, one.runs.length, two.runs.length]).toEqual([1, 2, 1, 0])
      if (wait === '1m') {
        expect([id, isRunning]).toEqual([undefined, false])
        return
      }
      expect([id, isRunning]).toEqual([expect.any(String), true])
      const asked = one.pool.statements.length
      const waiting = client.esql.asyncQueryGet({ id: String(id) })
      while (one.pool.statements.length === asked) await one.pool.idle()
      one.run.complete(rows('a'))
      await one.pool.idle()
      await two.advance(2_000)
      expect(await waiting).toMatchObject({ is_running: false, values: [['a']] })
    } finally {
      await client.close()
      proxy.close()
      await Promise.all(gateways.map((gateway) => gateway.close()))
      await two.close()
      await one.remove()
    }
  })
})

describe('@elastic/elasticsearch with a key in front of a cluster', () => {
  it('is refused, and nothing reaches the cluster', async () => {
    let runs = 0
    const cluster = await startCluster({
      execute: () => {
        runs += 1
      },
    })
    for (const strict of [false, true]) {
      const gateway = await startElasticsearchGateway('client', cluster.url, { strict })
      const client = new Client({
        node: gateway.url,
        auth: { bearer: token({ sub: 'alice' }) },
        maxRetries: 3,
      })
      const submit = client.esql.asyncQuery({ query: 'FROM a' }, { headers: { 'idempotency-key': 'k' } })
      await expect(submit).rejects.toMatchObject({
        statusCode: 400,
        body: {
          error: {
            type: 'illegal_argument_exception',
            reason:
              'the store of this server does not support [Idempotency-Key]; send the request without it, ' +
              'and keep in mind that a request that is sent twice starts two queries',
          },
        },
      })
      await client.close()
      await gateway.close()
    }
    expect(runs).toBe(0)
    await cluster.close()
  })
})
