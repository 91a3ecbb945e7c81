import { errorJson, FAILURE } from '../../support/engine'
import { type Gateway, startGateway } from '../../support/gateway'
import { until } from '../../support/until'

describe('DELETE /_query/async/{id}', () => {
  let gateway: Gateway

  beforeEach(async () => {
    gateway = await startGateway()
  })
  afterEach(() => gateway.close())

  async function submit(): Promise<string> {
    const { headers } = await gateway.alice('POST /_query/async', {
      body: { query: 'RUN', wait_for_completion_timeout: '0' },
    })
    return headers['x-elasticsearch-async-id'] ?? ''
  }

  it('cancels a running query, forgets it, and confirms this once', async () => {
    const id = await submit()
    const { status, headers, text } = await gateway.alice(`DELETE /_query/async/${id}`)
    expect({ status, text }).toEqual({ status: 200, text: '{"acknowledged":true}' })
    expect(headers).toMatchObject({ 'content-length': '21', 'x-elastic-product': 'Elasticsearch' })
    expect(headers).not.toHaveProperty('x-elasticsearch-async-id')
    expect(headers).not.toHaveProperty('took-nanos')
    expect(gateway.engine.run.signal.aborted).toBe(true)
    for (const request of [`DELETE /_query/async/${id}`, `GET /_query/async/${id}`]) {
      const again = await gateway.alice(request)
      expect({ status: again.status, text: again.text }).toEqual({
        status: 404,
        text: errorJson(404, 'resource_not_found_exception', id),
      })
    }
    expect(gateway.clock.pendingTimers).toBe(0)
  })

  it('answers requests that wait for the query with task_cancelled_exception', async () => {
    const id = await submit()
    const answer = gateway.alice(`GET /_query/async/${id}?wait_for_completion_timeout=1d`)
    await until(() => gateway.clock.pendingTimers === 2)
    await gateway.alice(`DELETE /_query/async/${id}`)
    expect(await answer).toMatchObject({
      status: 400,
      text: errorJson(400, 'task_cancelled_exception', 'task cancelled [cancelled by user]'),
    })
  })

  it('forgets a finished and a failed query', async () => {
    const finished = await submit()
    gateway.engine.run.complete()
    const failed = await submit()
    gateway.engine.run.fail(FAILURE)
    for (const id of [finished, failed]) {
      expect((await gateway.alice(`DELETE /_query/async/${id}`)).status).toBe(200)
      expect((await gateway.alice(`GET /_query/async/${id}`)).status).toBe(404)
    }
  })

  it('is allowed to callers who may cancel tasks, as the only operation', async () => {
    const id = await submit()
    expect((await gateway.admin(`GET /_query/async/${id}`)).status).toBe(404)
    expect((await gateway.admin(`HEAD /_query/async/${id}`)).status).toBe(404)
    expect((await gateway.admin(`POST /_query/async/${id}/stop`)).status).toBe(404)
    expect(gateway.engine.run.signal.aborted).toBe(false)
    expect((await gateway.admin(`DELETE /_query/async/${id}`)).text).toBe('{"acknowledged":true}')
    expect(gateway.engine.run.signal.aborted).toBe(true)
  })

  it('filters its answer with filter_path', async () => {
    expect((await gateway.alice(`DELETE /_query/async/${await submit()}?filter_path=nothing`)).text).toBe(
      '{}',
    )
  })

  it('indents its answer with pretty', async () => {
    const { text } = await gateway.alice(`DELETE /_query/async/${await submit()}?pretty`)
    expect(text).toBe('{\n  "acknowledged" : true\n}\n')
  })
})
