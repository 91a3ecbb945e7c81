import { once } from 'node:events'
import type { AddressInfo, Server, Socket } from 'node:net'
import { connect, createServer } from 'node:net'
import { Client, errors } from '@elastic/elasticsearch'
import { startCluster } from '../support/cluster'
import { startElasticsearchGateway } from '../support/elasticsearch-gateway'
import { type Gateway, startGateway } from '../support/gateway'
import { token } from '../support/tokens'

/** A proxy that loses the first answers: it resets the connection when the server has begun to answer. */
class LosingProxy {
  lost = 0
  readonly #toLose: number
  readonly #sockets = new Set<Socket>()
  readonly #server: Server

  constructor(gatewayUrl: string, toLose: number) {
    const { hostname, port } = new URL(gatewayUrl)
    this.#toLose = toLose
    this.#server = createServer((client) => {
      const upstream = connect(Number(port), hostname)
      for (const socket of [client, upstream]) {
        this.#sockets.add(socket)
        socket.on('error', () => {})
        socket.on('close', () => this.#sockets.delete(socket))
      }
      client.pipe(upstream)
      upstream.on('data', (chunk: Buffer) => {
        if (this.lost < this.#toLose) {
          this.lost += 1
          upstream.destroy()
          client.resetAndDestroy()
        } else client.write(chunk)
      })
      upstream.on('end', () => client.end())
    })
  }

  async start(): Promise<string> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  close(): void {
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
  }
}

/** The unmodified official client, which sends a request again when the connection breaks. */
describe('@elastic/elasticsearch behind a proxy that loses answers', () => {
  let gateway: Gateway
  let proxy: LosingProxy
  let client: Client

  beforeEach(async () => {
    gateway = await startGateway()
    proxy = new LosingProxy(gateway.url, 1)
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
      { headers },
    )
    expect([proxy.lost, gateway.engine.runs.length]).toEqual([1, 1])
    const id = String(submitted.id)
    gateway.engine.run.complete()
    expect(await client.esql.asyncQueryGet({ id })).toMatchObject({ is_running: false })
    const { queries } = await client.esql.listQueries()
    expect(queries).toEqual({})
  })

  it('runs a query once that completes in time and is not kept, and gets its result', async () => {
    const answer = await client.esql.asyncQuery({ query: 'ROW n = 1' }, { headers })
    expect(answer).toMatchObject({ is_running: false, values: [expect.anything(), expect.anything()] })
    expect(answer).not.toHaveProperty('id')
    expect([proxy.lost, gateway.engine.requests.length]).toEqual([1, 1])
  })

  it('runs a failing query once, and gets its error', async () => {
    const error = await client.esql
      .asyncQuery({ query: 'FAIL' }, { headers })
      .catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(errors.ResponseError)
    expect(error).toMatchObject({ statusCode: 400 })
    expect([proxy.lost, gateway.engine.requests.length]).toEqual([1, 1])
  })

  it('runs a query twice that it submits without a key', async () => {
    await client.esql.asyncQuery({ query: 'ROW n = 1' })
    expect([proxy.lost, gateway.engine.requests.length]).toEqual([1, 2])
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
