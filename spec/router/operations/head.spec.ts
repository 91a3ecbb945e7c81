import { type Gateway, startGateway } from '../../support/gateway'

describe('HEAD /_query/async/{id}', () => {
  let gateway: Gateway

  beforeEach(async () => {
    gateway = await startGateway()
  })
  afterEach(() => gateway.close())

  it('answers with state and expiry at once, without rows', async () => {
    const submitted = await gateway.alice('POST /_query/async', {
      body: { query: 'RUN', wait_for_completion_timeout: '0', keep_alive: '1h' },
    })
    const id = submitted.headers['x-elasticsearch-async-id'] ?? ''
    const running = await gateway.alice(`HEAD /_query/async/${id}`)
    gateway.engine.run.complete()
    const completed = await gateway.alice(`HEAD /_query/async/${id}?format=csv&keep_alive=2h`)
    expect([running, completed].map(({ status, text }) => ({ status, text }))).toEqual([
      { status: 200, text: '' },
      { status: 200, text: '' },
    ])
    expect(running.headers).toMatchObject({
      'content-type': 'application/json',
      'x-elasticsearch-async-id': id,
      'x-elasticsearch-async-is-running': '?1',
      'x-elasticsearch-async-expiration-time-in-millis': '1735693200000',
    })
    expect(completed.headers).toMatchObject({
      'content-type': 'text/csv; charset=utf-8; header=present',
      'x-elasticsearch-async-is-running': '?0',
      'x-elasticsearch-async-expiration-time-in-millis': '1735696800000',
    })
  })

  it('refuses what the get refuses', async () => {
    const { headers } = await gateway.alice('POST /_query/async', {
      body: { query: 'ROW n = 1', keep_on_completion: true },
    })
    const path = `/_query/async/${headers['x-elasticsearch-async-id']}?format=csv&delimiter=ab`
    expect([
      (await gateway.alice(`HEAD ${path}`)).status,
      (await gateway.alice(`GET ${path}`)).status,
    ]).toEqual([400, 400])
  })

  it('answers an unknown id with 404', async () => {
    const { status, text } = await gateway.alice(
      'HEAD /_query/async/FkpMRkJGS1gzVDRlM3g4ZzMyRGlLbkEaTXlJZHdNT09TU2VTZVBoNDM3cFZMUToxMDM=',
    )
    expect({ status, text }).toEqual({ status: 404, text: '' })
  })
})
