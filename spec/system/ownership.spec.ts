import type { Operation } from '../../lib/core/operations'
import type { Cluster } from '../support/cluster'
import { startCluster } from '../support/cluster'
import { startElasticsearchGateway } from '../support/elasticsearch-gateway'
import { FAILURE } from '../support/engine'
import type { Answer, Client, Gateway } from '../support/gateway'
import { startGateway } from '../support/gateway'
import { unknownId } from '../support/sealed-id'

const UNKNOWN = 'FkpMRkJGS1gzVDRlM3g4ZzMyRGlLbkEaTXlJZHdNT09TU2VTZVBoNDM3cFZMUToxMDM='

/** What a client can see of an answer, without the id. */
function visible({ status, headers, text }: Answer, id: string) {
  const { date, ...rest } = headers
  const { 'content-length': length, ...others } = rest
  return { status, headers: others, hasLength: length !== undefined, text: text.replaceAll(id, '<id>') }
}

describe('a stranger', () => {
  let gateway: Gateway

  beforeEach(async () => {
    gateway = await startGateway()
  })
  afterEach(() => gateway.close())

  async function submit(): Promise<string> {
    const { headers } = await gateway.alice('POST /_query/async', {
      body: { query: 'RUN', wait_for_completion_timeout: '0', keep_alive: '1h' },
    })
    return headers['x-elasticsearch-async-id'] ?? ''
  }

  const states: Record<string, () => Promise<string>> = {
    running: submit,
    async finished() {
      const id = await submit()
      gateway.engine.run.complete()
      await gateway.alice(`GET /_query/async/${id}`)
      return id
    },
    async failed() {
      const id = await submit()
      gateway.engine.run.fail(FAILURE)
      await gateway.alice(`GET /_query/async/${id}`)
      return id
    },
    async expired() {
      const id = await submit()
      await gateway.clock.advance(3_600_000)
      return id
    },
  }

  type Send = (client: Client, id: string) => Promise<Answer>

  /** Each operation on a query that exists. */
  const onQueries: Record<Exclude<Operation, 'query' | 'submit' | 'list'>, Send> = {
    get: (client, id) => client(`GET /_query/async/${id}`),
    head: (client, id) => client(`HEAD /_query/async/${id}`),
    stop: (client, id) => client(`POST /_query/async/${id}/stop`),
    delete: (client, id) => client(`DELETE /_query/async/${id}`),
    show: (client, id) => client(`GET /_query/queries/${id}`),
  }
  const operations: [string, Send][] = [
    ...Object.entries(onQueries),
    [
      'get with parameters',
      (client, id) => client(`GET /_query/async/${id}?keep_alive=9d&format=csv&pretty`),
    ],
    ['get as YAML', (client, id) => client(`GET /_query/async/${id}?format=yaml`)],
  ]

  describe.each(Object.keys(states))('of a %s query', (state) => {
    it.each(operations)('gets the answer to an unknown id for %s', async (_name, operation) => {
      const id = (await states[state]?.()) ?? ''
      const answer = await operation(gateway.mallory, id)
      expect(visible(answer, id)).toEqual(visible(await operation(gateway.mallory, UNKNOWN), UNKNOWN))
      expect(answer.status).toBe(404)
    })
  })

  it('does not change the query', async () => {
    const id = await submit()
    for (const [, operation] of operations) await operation(gateway.mallory, id)
    gateway.engine.run.complete()
    expect((await gateway.alice(`GET /_query/async/${id}`)).json).toMatchObject({
      is_running: false,
      is_partial: false,
      expiration_time_in_millis: gateway.clock.now() + 3_600_000,
    })
  })
})

describe('the owner of an expired query', () => {
  it('gets the answer to an unknown id', async () => {
    const gateway = await startGateway()
    const { headers } = await gateway.alice('POST /_query/async', {
      body: { query: 'ROW n = 1', keep_on_completion: true, keep_alive: '1m' },
    })
    const id = headers['x-elasticsearch-async-id'] ?? ''
    await gateway.clock.advance(60_000)
    const answer = await gateway.alice(`GET /_query/async/${id}`)
    expect(visible(answer, id)).toEqual(visible(await gateway.alice(`GET /_query/async/${UNKNOWN}`), UNKNOWN))
    await gateway.close()
  })
})

describe('an id of no query', () => {
  let cluster: Cluster
  let gateways: readonly Gateway[]

  beforeAll(async () => {
    cluster = await startCluster()
    gateways = [await startGateway(), await startElasticsearchGateway('url', cluster.url)]
  })
  afterAll(async () => {
    await Promise.all(gateways.map((gateway) => gateway.close()))
    await cluster.close()
  })

  const sealed = unknownId()
  const task = (text: string) => Buffer.from(`\x01d${String.fromCharCode(text.length)}${text}`, 'latin1')

  it.each<[string, string, number, string]>([
    ['an id of the cluster', UNKNOWN, 404, UNKNOWN],
    ['one without its padding', UNKNOWN.replace('=', ''), 404, UNKNOWN.replace('=', '')],
    ['a short one', task('n:1').toString('base64url'), 404, task('n:1').toString('base64url')],
    ['a sealed id', sealed, 404, sealed],
    ['an id of the cluster, cut off', UNKNOWN.slice(0, 40), 400, `invalid id: [${UNKNOWN.slice(0, 40)}]`],
    ['a sealed id, cut off', sealed.slice(0, 40), 400, `invalid id: [${sealed.slice(0, 40)}]`],
    ['a sealed id with more', `${sealed}=`, 400, `invalid id: [${sealed}=]`],
    ['a word', 'foobar', 400, 'invalid id: [foobar]'],
    [
      'a UUID',
      '0b0c1d2e-1111-4222-8333-444455556666',
      400,
      'invalid id: [0b0c1d2e-1111-4222-8333-444455556666]',
    ],
    ['an id with no task', task('node').toString('base64url'), 400, 'malformed task id node'],
  ])('gets the same answer from both stores: %s', async (_what, id, status, reason) => {
    const seen = cluster.requests.length
    for (const { alice } of gateways) {
      for (const target of ['GET ID', 'HEAD ID', 'POST ID/stop', 'DELETE ID']) {
        const answer = await alice(target.replace('ID', `/_query/async/${id}`))
        const said = target === 'HEAD ID' ? reason : JSON.parse(answer.text).error.reason
        expect([target, answer.status, said]).toEqual([target, status, reason])
      }
    }
    expect(cluster.requests.length).toBe(seen)
  })
})
