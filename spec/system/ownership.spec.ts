import type { Operation } from '../../lib/core/store'
import { FAILURE } from '../support/engine'
import type { Answer, Client, Gateway } from '../support/gateway'
import { startGateway } from '../support/gateway'

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
  const onQueries: Record<Exclude<Operation, 'submit'>, Send> = {
    get: (client, id) => client(`GET /_query/async/${id}`),
    head: (client, id) => client(`HEAD /_query/async/${id}`),
    stop: (client, id) => client(`POST /_query/async/${id}/stop`),
    delete: (client, id) => client(`DELETE /_query/async/${id}`),
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
