import type { AddressInfo } from 'node:net'
import { connect } from 'node:net'
import { inspect } from 'node:util'
import { completedJson, errorJson, FAILURE, runningJson } from '../../support/engine'
import { type Gateway, startGateway } from '../../support/gateway'
import { token } from '../../support/tokens'
import { until } from '../../support/until'

describe('POST /_query/async', () => {
  let gateway: Gateway

  beforeEach(async () => {
    gateway = await startGateway()
  })
  afterEach(() => gateway.close())

  it('answers with the result of a query that completes in time, and keeps nothing', async () => {
    const { status, headers, text } = await gateway.alice('POST /_query/async', {
      body: { query: 'ROW n = 1' },
    })
    expect({ status, text }).toEqual({ status: 200, text: completedJson() })
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      'x-elastic-product': 'Elasticsearch',
      'x-elasticsearch-async-is-running': '?0',
      'took-nanos': '0',
    })
    expect(headers).not.toHaveProperty('x-elasticsearch-async-id')
    expect(gateway.clock.pendingTimers).toBe(0)
  })

  it('keeps the result of a query with keep_on_completion, under an id', async () => {
    const { headers, text } = await gateway.alice('POST /_query/async', {
      body: { query: 'ROW n = 1', keep_on_completion: true },
    })
    const id = headers['x-elasticsearch-async-id'] ?? ''
    expect(id).toMatch(/^F[\w-]{63,}=*$/)
    expect(text).toBe(completedJson({ id }))
    expect((await gateway.alice(`GET /_query/async/${id}`)).text).toBe(text)
  })

  it('answers with id and state when the wait is over', async () => {
    const answer = gateway.alice('POST /_query/async', {
      body: { query: 'RUN', wait_for_completion_timeout: '2s', keep_alive: '1h' },
    })
    await until(() => gateway.engine.runs.length === 1)
    await gateway.clock.advance(1_999)
    await gateway.clock.advance(1)
    const { status, headers, text } = await answer
    const id = headers['x-elasticsearch-async-id'] ?? ''
    expect({ status, text }).toEqual({ status: 200, text: runningJson(id, 3_600_000) })
    expect(headers['x-elasticsearch-async-is-running']).toBe('?1')
  })

  it('waits one second and keeps for five days by default', async () => {
    const answer = gateway.alice('POST /_query/async', { body: { query: 'RUN' } })
    await until(() => gateway.engine.runs.length === 1)
    await gateway.clock.advance(1_000)
    const { headers, text } = await answer
    expect(text).toBe(runningJson(headers['x-elasticsearch-async-id'] ?? ''))
  })

  it.each(['0', 0, '-1', -1, '1nanos'])('does not wait for %j', async (timeout) => {
    const { json } = await gateway.alice('POST /_query/async', {
      body: { query: 'RUN', wait_for_completion_timeout: timeout },
    })
    expect(json).toMatchObject({ is_running: true })
  })

  it.each(['0', '-1'])('answers a query that expires at once with keep_alive %s', async (keepAlive) => {
    const { status, json } = await gateway.alice('POST /_query/async', {
      body: { query: 'RUN', wait_for_completion_timeout: '0', keep_alive: keepAlive },
    })
    const { id } = json as { id: string }
    expect(status).toBe(200)
    expect((await gateway.alice(`GET /_query/async/${id}`)).text).toBe(
      errorJson(404, 'resource_not_found_exception', id),
    )
    expect(gateway.engine.run.signal.aborted).toBe(true)
  })

  it('answers with the error of a query that fails in time', async () => {
    const { status, text } = await gateway.alice('POST /_query/async', {
      body: { query: 'FAIL', keep_on_completion: true },
    })
    expect({ status, text }).toEqual({ status: 400, text: errorJson(400, FAILURE.type, FAILURE.reason) })
  })

  it('gives the engine everything that a client can submit, with exact integers', async () => {
    await gateway.alice('POST /_query/async?allow_partial_results=false', {
      headers: { 'content-type': 'application/json' },
      body: `{ "query": "ROW n = ?", "params": [9007199254740993, "x", 1.5, true, null, [1, 2]],
        "filter": { "range": { "n": { "gte": 18446744073709551615 } } }, "locale": "de-DE",
        "time_zone": "Europe/Madrid", "columnar": true, "profile": "true", "include_ccs_metadata": false,
        "settings": { "column_metadata": true }, "project_routing": "_alias:linked" }`,
    })
    expect(gateway.engine.requests).toEqual([
      {
        query: 'ROW n = ?',
        params: [
          { value: 9007199254740993n },
          { value: 'x' },
          { value: 1.5 },
          { value: true },
          { value: null },
          { value: [1, 2] },
        ],
        filter: { range: { n: { gte: 18446744073709551615n } } },
        locale: 'de-DE',
        timeZone: 'Europe/Madrid',
        columnar: true,
        profile: true,
        includeCcsMetadata: false,
        allowPartialResults: false,
        columnMetadata: true,
        extra: { settings: { column_metadata: true }, project_routing: '_alias:linked' },
      },
    ])
  })

  it('tells the engine who submits, with the claims of the token and without the token', async () => {
    await gateway.monitor('POST /_query/async', {
      body: { query: 'RUN', wait_for_completion_timeout: '0' },
    })
    const { owner, caller } = gateway.engine.run
    expect(caller).toEqual({
      owner,
      canCancelTasks: false,
      canMonitorQueries: true,
      claims: expect.objectContaining({ sub: 'monitor', scope: 'monitor_esql' }),
    })
    expect(inspect(gateway.engine.run, { depth: 5, getters: true })).not.toMatch(/Bearer|eyJ/)
  })

  it('reads named parameters', async () => {
    await gateway.alice('POST /_query/async', {
      body: {
        query: 'ROW n = ?n',
        params: [{ n: 1 }, { f: { identifier: 'name' } }, { p: { pattern: 'na*' } }],
      },
    })
    expect(gateway.engine.requests[0]?.params).toEqual([
      { name: 'n', value: 1 },
      { name: 'f', kind: 'identifier', value: 'name' },
      { name: 'p', kind: 'pattern', value: 'na*' },
    ])
  })

  it('reads the body from the parameter source', async () => {
    const source = encodeURIComponent('{"query":"ROW n = 1"}')
    const { status } = await gateway.alice(
      `POST /_query/async?format=json&source=${source}&source_content_type=application/json`,
    )
    expect(status).toBe(200)
    expect(gateway.engine.requests).toEqual([{ query: 'ROW n = 1' }])
  })

  it('uses columnar of the submit for every later answer', async () => {
    const { headers, json } = await gateway.alice('POST /_query/async', {
      body: { query: 'ROW n = 1', columnar: true, keep_on_completion: true },
    })
    const values = [
      [expect.anything(), 2],
      ['one, "1"', 'tw\u00f6'],
      [1, 0.0001],
      [null, null],
    ]
    expect(json).toMatchObject({ values })
    const id = headers['x-elasticsearch-async-id']
    expect((await gateway.alice(`GET /_query/async/${id}`)).json).toMatchObject({ values })
  })

  it('stops a query whose client left before it got the id', async () => {
    const { port } = gateway.server.address() as AddressInfo
    const body = '{"query":"RUN","wait_for_completion_timeout":"1h"}'
    const socket = connect(port, '127.0.0.1')
    socket.write(
      `POST /_query/async HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token({ sub: 'alice' })}\r\n` +
        `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    )
    await until(() => gateway.engine.runs.length === 1)
    socket.destroy()
    await until(() => gateway.engine.run.signal.aborted)
    expect(gateway.engine.run.signal.reason).toMatchObject({ reason: 'task cancelled [cancelled by user]' })
    await until(() => gateway.clock.pendingTimers === 0)
  })

  it('answers 429 when the store holds as many queries as it may', async () => {
    await gateway.close()
    gateway = await startGateway({ memory: { maxQueriesPerOwner: 1 } })
    const body = { query: 'RUN', wait_for_completion_timeout: 0 }
    expect((await gateway.alice('POST /_query/async', { body })).status).toBe(200)
    const { status, json } = await gateway.alice('POST /_query/async', { body })
    expect(status).toBe(429)
    expect(json).toMatchObject({ error: { type: 'es_rejected_execution_exception' } })
    expect((await gateway.mallory('POST /_query/async', { body })).status).toBe(200)
  })

  it('shortens a keep_alive and a wait to the limits of the operator', async () => {
    await gateway.close()
    gateway = await startGateway({ maxKeepAliveMs: 60_000, maxWaitMs: 0 })
    const { headers, text } = await gateway.alice('POST /_query/async', {
      body: { query: 'RUN', wait_for_completion_timeout: '1h', keep_alive: '30d' },
    })
    expect(text).toBe(runningJson(headers['x-elasticsearch-async-id'] ?? '', 60_000))
  })
})
