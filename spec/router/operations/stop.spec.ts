import { completedJson, errorJson, FAILURE } from '../../support/engine'
import { type Gateway, startGateway } from '../../support/gateway'
import { until } from '../../support/until'

const PARTIAL = { columns: [{ name: 'n', type: 'long' as const }], values: [[1], [2], [3]] }
const PARTIAL_JSON = '"columns":[{"name":"n","type":"long"}],"values":[[1],[2],[3]]}'

describe('POST /_query/async/{id}/stop', () => {
  let gateway: Gateway

  beforeEach(async () => {
    gateway = await startGateway()
  })
  afterEach(() => gateway.close())

  async function submit(body: object = {}): Promise<string> {
    const { headers } = await gateway.alice('POST /_query/async', {
      body: { query: 'RUN', wait_for_completion_timeout: '0', ...body },
    })
    return headers['x-elasticsearch-async-id'] ?? ''
  }

  it('ends a running query and answers with the rows found so far', async () => {
    const id = await submit({ keep_on_completion: true })
    gateway.engine.run.report(PARTIAL)
    const { status, headers, text } = await gateway.alice(`POST /_query/async/${id}/stop`)
    const stopped = completedJson({ id, isPartial: true, table: PARTIAL_JSON })
    expect({ status, text }).toEqual({ status: 200, text: stopped })
    expect(headers).toMatchObject({
      'x-elasticsearch-async-id': id,
      'x-elasticsearch-async-is-running': '?0',
    })
    expect(gateway.engine.run.signal.aborted).toBe(true)
    expect((await gateway.alice(`GET /_query/async/${id}`)).text).toBe(stopped)
    expect((await gateway.alice(`POST /_query/async/${id}/stop`)).text).toBe(stopped)
  })

  it('answers with no rows when the query has found none', async () => {
    const id = await submit()
    const { text } = await gateway.alice(`POST /_query/async/${id}/stop`)
    expect(text).toBe(completedJson({ isPartial: true, table: '"columns":[],"values":[]}' }))
  })

  it('ends other waits with the partial result', async () => {
    const id = await submit()
    gateway.engine.run.report(PARTIAL)
    const answer = gateway.alice(`GET /_query/async/${id}?wait_for_completion_timeout=1d`)
    await until(() => gateway.clock.pendingTimers === 2)
    await gateway.alice(`POST /_query/async/${id}/stop`)
    expect((await answer).text).toBe(completedJson({ isPartial: true, table: PARTIAL_JSON }))
  })

  it('does not change a finished query', async () => {
    const id = await submit()
    gateway.engine.run.complete()
    expect((await gateway.alice(`POST /_query/async/${id}/stop`)).text).toBe(completedJson())
  })

  it('answers a failed query with its error', async () => {
    const id = await submit()
    gateway.engine.run.fail(FAILURE)
    const { status, text } = await gateway.alice(`POST /_query/async/${id}/stop`)
    expect({ status, text }).toEqual({ status: 400, text: errorJson(400, FAILURE.type, FAILURE.reason) })
  })

  it('does not move the expiry', async () => {
    const id = await submit({ keep_alive: '1m' })
    await gateway.clock.advance(30_000)
    await gateway.alice(`POST /_query/async/${id}/stop`)
    await gateway.clock.advance(30_000)
    expect((await gateway.alice(`GET /_query/async/${id}`)).status).toBe(404)
  })

  it.each(['keep_alive=1d', 'wait_for_completion_timeout=1s'])('refuses %s', async (parameter) => {
    const id = await submit()
    const { status, text } = await gateway.alice(`POST /_query/async/${id}/stop?${parameter}`)
    const [name] = parameter.split('=')
    expect({ status, text }).toEqual({
      status: 400,
      text: errorJson(
        400,
        'illegal_argument_exception',
        `request [/_query/async/${id}/stop] contains unrecognized parameter: [${name}]`,
      ),
    })
    expect(gateway.engine.run.signal.aborted).toBe(false)
  })
})
