import { type AddressInfo, connect } from 'node:net'
import type { Express, Request } from 'express'
import { QueryError } from 'express-esql-async-query'
import { completedJson, errorJson, FAILURE, runningJson } from '../../support/engine'
import { type Gateway, startGateway } from '../../support/gateway'
import { token } from '../../support/tokens'
import { until } from '../../support/until'

/** Submits a query that runs until the test ends it. */
async function submit(gateway: Gateway, body: object = {}): Promise<string> {
  const { headers } = await gateway.alice('POST /_query/async', {
    body: { query: 'RUN', wait_for_completion_timeout: '0', ...body },
  })
  return headers['x-elasticsearch-async-id'] ?? ''
}

describe('GET /_query/async/{id}', () => {
  let gateway: Gateway

  beforeEach(async () => {
    gateway = await startGateway()
  })
  afterEach(() => gateway.close())

  /** Timers besides the one for the expiry of the only query. */
  const waitTimers = () => gateway.clock.pendingTimers - 1

  it('waits for complete results when no timeout is given', async () => {
    const id = await submit(gateway)
    const answer = gateway.alice(`GET /_query/async/${id}`)
    await gateway.clock.advance(86_400_000)
    gateway.engine.run.complete()
    const { status, headers, text } = await answer
    expect({ status, text }).toEqual({ status: 200, text: completedJson({ tookMs: 86_400_000 }) })
    expect(headers).toMatchObject({
      'x-elasticsearch-async-id': id,
      'x-elasticsearch-async-is-running': '?0',
      'took-nanos': '86400000000000',
    })
  })

  it('answers is_running without rows when the timeout passes first', async () => {
    const id = await submit(gateway)
    gateway.engine.run.report({ columns: [{ name: 'n', type: 'long' }], values: [[1]] })
    const answer = gateway.alice(`GET /_query/async/${id}?wait_for_completion_timeout=10s`)
    await until(() => waitTimers() === 1)
    await gateway.clock.advance(10_000)
    const { status, headers, text } = await answer
    expect({ status, text }).toEqual({ status: 200, text: runningJson(id) })
    expect(headers).toMatchObject({
      'x-elasticsearch-async-id': id,
      'x-elasticsearch-async-is-running': '?1',
    })
  })

  it('answers as soon as the query completes within the timeout', async () => {
    const id = await submit(gateway)
    const answer = gateway.alice(`GET /_query/async/${id}?wait_for_completion_timeout=10s`)
    await until(() => waitTimers() === 1)
    gateway.engine.run.complete()
    expect((await answer).text).toBe(completedJson())
    expect(waitTimers()).toBe(0)
  })

  it.each(['0', '-1', '0ms', '999micros'])('answers at once with a timeout of %s', async (timeout) => {
    const id = await submit(gateway)
    const { text } = await gateway.alice(`GET /_query/async/${id}?wait_for_completion_timeout=${timeout}`)
    expect(text).toBe(runningJson(id))
  })

  it('answers at once without a timeout if the operator chooses so', async () => {
    await gateway.close()
    gateway = await startGateway({ waitByDefault: false })
    const id = await submit(gateway)
    expect((await gateway.alice(`GET /_query/async/${id}`)).text).toBe(runningJson(id))
  })

  it('ends a wait at the cap that the operator sets', async () => {
    await gateway.close()
    gateway = await startGateway({ maxWaitMs: 55_000 })
    const id = await submit(gateway)
    const answer = gateway.alice(`GET /_query/async/${id}`)
    await until(() => waitTimers() === 1)
    await gateway.clock.advance(55_000)
    expect((await answer).text).toBe(runningJson(id))
  })

  it('shortens a keep_alive to the limit of the operator', async () => {
    await gateway.close()
    gateway = await startGateway({ maxKeepAliveMs: 60_000 })
    const id = await submit(gateway)
    const { text } = await gateway.alice(
      `GET /_query/async/${id}?keep_alive=30d&wait_for_completion_timeout=0`,
    )
    expect(text).toBe(runningJson(id, 60_000))
  })

  it('shows how long the request took while the query runs', async () => {
    const id = await submit(gateway)
    const { headers } = await gateway.alice(`GET /_query/async/${id}?wait_for_completion_timeout=0`)
    expect(Number(headers['took-nanos'])).toBeGreaterThan(0)
  })

  it('shows the id of a finished query only if it was submitted with keep_on_completion', async () => {
    const kept = await submit(gateway, { keep_on_completion: true })
    gateway.engine.run.complete()
    expect((await gateway.alice(`GET /_query/async/${kept}`)).text).toBe(completedJson({ id: kept }))
    const unkept = await submit(gateway)
    gateway.engine.run.complete()
    const { headers, text } = await gateway.alice(`GET /_query/async/${unkept}`)
    expect(text).toBe(completedJson())
    expect(headers['x-elasticsearch-async-id']).toBe(unkept)
  })

  it('gives every later read the first answer, in the form that it asks for', async () => {
    const id = await submit(gateway, { keep_on_completion: true })
    gateway.engine.run.complete()
    const read = async (query: string) => (await gateway.alice(`GET /_query/async/${id}?${query}`)).text
    const asks = ['', 'format=csv', 'pretty', 'filter_path=id']
    const first: string[] = []
    for (const ask of asks) first.push(await read(ask))
    // The router keeps what it writes twice in a row. An answer for one request must not serve another.
    for (const time of [2, 3, 4]) {
      for (const [index, ask] of asks.entries()) expect([time, await read(ask)]).toEqual([time, first[index]])
      for (const _ of [1, 2, 3]) expect([time, await read('')]).toEqual([time, first[0]])
    }
    await gateway.alice(`DELETE /_query/async/${id}`)
    expect((await gateway.alice(`GET /_query/async/${id}`)).status).toBe(404)
  })

  it('shows an expiry that a keep_alive has moved, also after many reads', async () => {
    const id = await submit(gateway, { keep_on_completion: true })
    gateway.engine.run.complete()
    const read = async (query: string) => (await gateway.alice(`GET /_query/async/${id}?${query}`)).json
    const result: { expiration_time_in_millis: number } = await read('')
    for (const _ of [1, 2, 3]) expect(await read('')).toEqual(result)
    const moved = { ...result, expiration_time_in_millis: result.expiration_time_in_millis + 86_400_000 }
    for (const _ of [1, 2, 3]) expect(await read('keep_alive=6d')).toEqual(moved)
    for (const _ of [1, 2, 3]) expect(await read('')).toEqual(moved)
  })

  it('answers with the own error of a failed query, every time', async () => {
    const id = await submit(gateway)
    const wait = gateway.alice(`GET /_query/async/${id}`)
    gateway.engine.run.fail(FAILURE)
    const expected = { status: 400, text: errorJson(400, FAILURE.type, FAILURE.reason) }
    expect(await wait).toMatchObject(expected)
    expect(await gateway.alice(`GET /_query/async/${id}`)).toMatchObject(expected)
  })

  it('answers with a 500 that hides the cause if the engine broke', async () => {
    const id = await submit(gateway)
    gateway.engine.run.fail(new Error('password=hunter2'))
    const { status, text } = await gateway.alice(`GET /_query/async/${id}`)
    expect({ status, text }).toEqual({
      status: 500,
      text: errorJson(500, 'exception', 'the query engine failed'),
    })
  })

  it('passes on the status, type and fields of an error of the engine', async () => {
    const id = await submit(gateway)
    gateway.engine.run.fail(
      new QueryError('my_engine_exception', 'too big', {
        status: 422,
        metadata: { bytes_wanted: 10 },
        causedBy: { type: 'inner', reason: 'why' },
      }),
    )
    const { status, text } = await gateway.alice(`GET /_query/async/${id}`)
    expect(status).toBe(422)
    expect(text).toBe(
      '{"error":{"root_cause":[{"type":"my_engine_exception","reason":"too big","bytes_wanted":10}],' +
        '"type":"my_engine_exception","reason":"too big","bytes_wanted":10,' +
        '"caused_by":{"type":"inner","reason":"why"}},"status":422}',
    )
  })

  describe('keep_alive', () => {
    it('moves the expiry to a later or an earlier time, and keeps it if absent', async () => {
      const id = await submit(gateway, { keep_alive: '1h' })
      const get = async (query: string) => (await gateway.alice(`GET /_query/async/${id}?${query}`)).text
      const now = '&wait_for_completion_timeout=0'
      expect(await get(`keep_alive=2h${now}`)).toBe(runningJson(id, 7_200_000))
      expect(await get(`keep_alive=1m${now}`)).toBe(runningJson(id, 60_000))
      expect(await get(now)).toBe(runningJson(id, 60_000))
      expect(await get(`keep_alive=-1${now}`)).toBe(runningJson(id, 60_000))
      await gateway.clock.advance(59_999)
      expect((await gateway.alice(`GET /_query/async/${id}?${now}`)).status).toBe(200)
      await gateway.clock.advance(1)
      expect(await get(now)).toBe(errorJson(404, 'resource_not_found_exception', id))
    })

    it('works for the owner only', async () => {
      const id = await submit(gateway, { keep_alive: '1m' })
      expect((await gateway.mallory(`GET /_query/async/${id}?keep_alive=5d`)).status).toBe(404)
      await gateway.clock.advance(60_000)
      expect((await gateway.alice(`GET /_query/async/${id}`)).status).toBe(404)
    })

    it('cancels a running query when it is over, and ends the waits with an error', async () => {
      const id = await submit(gateway, { keep_alive: '1m' })
      const answer = gateway.alice(`GET /_query/async/${id}?wait_for_completion_timeout=1d`)
      await until(() => waitTimers() === 1)
      await gateway.clock.advance(60_000)
      expect(await answer).toMatchObject({
        status: 400,
        text: errorJson(400, 'task_cancelled_exception', 'task cancelled [keep_alive expired]'),
      })
      expect(gateway.engine.run.signal.aborted).toBe(true)
      expect(gateway.clock.pendingTimers).toBe(0)
    })
  })

  it('ends a hundred waits on one query when it completes', async () => {
    const id = await submit(gateway)
    const answers = Array.from({ length: 100 }, () =>
      gateway.alice(`GET /_query/async/${id}?wait_for_completion_timeout=1d`),
    )
    await until(() => waitTimers() === 100)
    gateway.engine.run.complete()
    expect((await Promise.all(answers)).map(({ text }) => text)).toEqual(
      Array.from({ length: 100 }, () => completedJson()),
    )
    expect(waitTimers()).toBe(0)
  })

  it('leaves nothing behind when the client leaves', async () => {
    const id = await submit(gateway)
    const { port } = gateway.server.address() as AddressInfo
    const socket = connect(port, '127.0.0.1')
    socket.write(
      `GET /_query/async/${id}?wait_for_completion_timeout=1d HTTP/1.1\r\nHost: x\r\n` +
        `Authorization: Bearer ${token({ sub: 'alice' })}\r\n\r\n`,
    )
    await until(() => waitTimers() === 1)
    socket.destroy()
    await until(() => waitTimers() === 0)
    expect((await gateway.alice(`GET /_query/async/${id}?wait_for_completion_timeout=0`)).status).toBe(200)
  })

  it('answers every wait at once when the router drains, and later waits too', async () => {
    const id = await submit(gateway)
    const waiting = Array.from({ length: 100 }, () =>
      gateway.alice(`GET /_query/async/${id}?wait_for_completion_timeout=1d`),
    )
    await until(() => waitTimers() === 100)
    gateway.router.drain()
    const answers = [...(await Promise.all(waiting)), await gateway.alice(`GET /_query/async/${id}`)]
    for (const { status, headers, text } of answers) {
      expect({ status, text, connection: headers.connection }).toEqual({
        status: 200,
        text: runningJson(id),
        connection: 'close',
      })
    }
    expect(gateway.engine.run.signal.aborted).toBe(false)
  })

  it('lets go of what Express would go on with while it waits, and only then', async () => {
    await gateway.close()
    const requests: Request[] = []
    const before = (app: Express): void => {
      app.use((request, _response, next) => {
        requests.push(request)
        next()
      })
    }
    gateway = await startGateway({ before })
    const id = await submit(gateway)
    await gateway.alice(`GET /_query/async/${id}?wait_for_completion_timeout=0`)
    const waiting = gateway.alice(`GET /_query/async/${id}`)
    await until(() => gateway.router.waiting === 1)
    expect(requests.map(({ next }) => typeof next)).toEqual(['function', 'function', 'undefined'])
    gateway.engine.run.complete()
    expect((await waiting).text).toBe(completedJson())
  })

  describe('with limits for waits', () => {
    beforeEach(async () => {
      await gateway.close()
      gateway = await startGateway({ maxWaits: 3, maxWaitsPerOwner: 2 })
    })

    const rejected = (who: string, limit: number) =>
      errorJson(
        429,
        'es_rejected_execution_exception',
        `rejected execution of query: ${who} [${limit}] requests waiting already, the limit is [${limit}]; ` +
          'ask [/_query/async] with [wait_for_completion_timeout=0] or try again later',
      )

    it('refuses one wait too many of an owner, and never a request that does not wait', async () => {
      const id = await submit(gateway)
      const waiting = [1, 2].map(() => gateway.alice(`GET /_query/async/${id}`))
      await until(() => gateway.router.waiting === 2)
      for (const target of [
        `GET /_query/async/${id}`,
        `GET /_query/async/${id}?wait_for_completion_timeout=1s`,
      ]) {
        const { status, text } = await gateway.alice(target)
        expect({ status, text }).toEqual({ status: 429, text: rejected('you have', 2) })
      }
      const asks = [`GET /_query/async/${id}?wait_for_completion_timeout=0`, `HEAD /_query/async/${id}`]
      for (const target of asks) expect((await gateway.alice(target)).status).toBe(200)
      gateway.engine.run.complete()
      expect((await Promise.all(waiting)).map(({ text }) => text)).toEqual([completedJson(), completedJson()])
      expect((await gateway.alice(`GET /_query/async/${id}`)).text).toBe(completedJson())
    })

    it('does not count a request whose answer is being sent', async () => {
      const id = await submit(gateway)
      const row = ['x'.repeat(1_000)]
      const columns = [{ name: 'x', type: 'keyword' as const }]
      gateway.engine.run.complete({ columns, values: Array.from({ length: 20_000 }, () => row) })
      await gateway.alice(`HEAD /_query/async/${id}?wait_for_completion_timeout=1m`)
      const slow = [1, 2, 3].map(() => {
        const socket = connect((gateway.server.address() as AddressInfo).port, '127.0.0.1')
        socket.write(
          `GET /_query/async/${id} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token({ sub: 'alice' })}\r\n\r\n`,
        )
        return socket
      })
      await until(() => gateway.router.waiting === 3)
      const { status } = await gateway.alice(`GET /_query/async/${id}?filter_path=id`)
      expect(status).toBe(200)
      for (const socket of slow) socket.destroy()
    })

    it('refuses a submit that has to wait, and starts no query', async () => {
      const id = await submit(gateway)
      const waiting = [1, 2].map(() => gateway.alice(`GET /_query/async/${id}`))
      await until(() => gateway.router.waiting === 2)
      const runs = gateway.engine.runs.length
      const { status, text } = await gateway.alice('POST /_query/async', { body: { query: 'RUN' } })
      expect({ status, text }).toEqual({ status: 429, text: rejected('you have', 2) })
      expect(gateway.engine.runs.length).toBe(runs)
      gateway.engine.run.complete()
      await Promise.all(waiting)
    })

    it('refuses one wait too many in all, until a client leaves', async () => {
      const id = await submit(gateway)
      const { headers } = await gateway.mallory('POST /_query/async', {
        body: { query: 'RUN', wait_for_completion_timeout: '0' },
      })
      const other = headers['x-elasticsearch-async-id']
      const waiting = [
        ...[1, 2].map(() => gateway.alice(`GET /_query/async/${id}`)),
        gateway.mallory(`GET /_query/async/${other}`),
      ]
      await until(() => gateway.router.waiting === 3)
      const { status, text } = await gateway.mallory(`GET /_query/async/${other}`)
      expect({ status, text }).toEqual({ status: 429, text: rejected('the server has', 3) })
      await gateway.alice(`DELETE /_query/async/${id}`)
      const again = gateway.mallory(`GET /_query/async/${other}`)
      await until(() => gateway.router.waiting === 2)
      gateway.engine.run.complete()
      expect((await again).status).toBe(200)
      await Promise.all(waiting)
    })
  })

  it('drops columns that have only nulls, with drop_null_columns', async () => {
    const id = await submit(gateway)
    gateway.engine.run.complete()
    for (const flag of ['drop_null_columns', 'drop_null_columns=', 'drop_null_columns=true']) {
      const { json } = await gateway.alice(`GET /_query/async/${id}?${flag}`)
      expect(json).toMatchObject({
        all_columns: [{ name: 'n' }, { name: 'name' }, { name: 'price' }, { name: 'gone' }],
        columns: [{ name: 'n' }, { name: 'name' }, { name: 'price' }],
      })
    }
  })

  it('does not use the drop_null_columns of the submit', async () => {
    const { headers } = await gateway.alice('POST /_query/async?drop_null_columns', {
      body: { query: 'RUN', wait_for_completion_timeout: '0' },
    })
    gateway.engine.run.complete()
    const { json } = await gateway.alice(`GET /_query/async/${headers['x-elasticsearch-async-id']}`)
    expect(json).toMatchObject({
      columns: [{ name: 'n' }, { name: 'name' }, { name: 'price' }, { name: 'gone' }],
    })
    expect(json).not.toHaveProperty('all_columns')
  })

  it('indents JSON with pretty and adds readable times with human', async () => {
    const id = await submit(gateway)
    const { text } = await gateway.alice(`GET /_query/async/${id}?pretty&human&wait_for_completion_timeout=0`)
    expect(text).toBe(`{
  "id" : "${id}",
  "is_running" : true,
  "documents_found" : 0,
  "values_loaded" : 0,
  "rows_emitted" : 0,
  "bytes_read" : 0,
  "read_nanos" : 0,
  "cpu_nanos" : 0,
  "start_time" : "2025-01-01T00:00:00.000Z",
  "start_time_in_millis" : 1735689600000,
  "expiration_time" : "2025-01-06T00:00:00.000Z",
  "expiration_time_in_millis" : 1736121600000,
  "columns" : [ ],
  "values" : [ ]
}
`)
  })

  it('echoes X-Opaque-Id', async () => {
    const { headers } = await gateway.alice('GET /_query/async/x', { headers: { 'x-opaque-id': 'my trace' } })
    expect(headers['x-opaque-id']).toBe('my trace')
  })
})
