import { EventEmitter, once } from 'node:events'
import { Agent, request as httpRequest } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { QueryErrorOptions } from 'express-esql-async-query'
import { QueryError } from 'express-esql-async-query'
import fc from 'fast-check'
import { parseTimeValue } from '../../../lib/core/time-value'
import { matchRoute } from '../../../lib/request/routes'
import { anyCharacter } from '../../support/any-character'
import { type Gateway, type GatewayOptions, startGateway } from '../../support/gateway'
import { token } from '../../support/tokens'
import { until } from '../../support/until'

describe('the gateway', () => {
  let gateway: Gateway

  const start = async (options: GatewayOptions = {}): Promise<void> => {
    gateway = await startGateway(options)
  }
  afterEach(() => gateway.close())

  const authorization = `Authorization: Bearer ${token()}`

  /** A connection on which the test writes any bytes. */
  function open(): Socket {
    return connect((gateway.server.address() as AddressInfo).port, '127.0.0.1')
  }

  async function submitRunning(): Promise<string> {
    const { headers } = await gateway.alice('POST /_query/async', {
      body: { query: 'RUN', wait_for_completion_timeout: '0' },
    })
    return headers['x-elasticsearch-async-id'] ?? ''
  }

  it('notices when a client leaves that has sent many requests at once', async () => {
    await start()
    const id = await submitRunning()
    const socket = open()
    const get = `GET /_query/async/${id}?wait_for_completion_timeout=1d HTTP/1.1\r\nHost: x\r\n${authorization}\r\n\r\n`
    socket.write(get.repeat(20))
    // One wait, and the expiry of the query.
    await until(() => gateway.router.waiting === 1 && gateway.clock.pendingTimers === 2)
    socket.destroy()
    await until(() => gateway.clock.pendingTimers === 1)
  })

  it('ends all submits of a client that left', async () => {
    await start()
    const body = '{"query":"RUN","wait_for_completion_timeout":"1h"}'
    const submit =
      `POST /_query/async HTTP/1.1\r\nHost: x\r\n${authorization}\r\nContent-Type: application/json\r\n` +
      `Content-Length: ${body.length}\r\n\r\n${body}`
    const sockets = [open(), open(), open()]
    for (const socket of sockets) socket.write(submit)
    await until(() => gateway.engine.runs.length === 3)
    for (const socket of sockets) socket.destroy()
    await until(() => gateway.engine.runs.every(({ signal }) => signal.aborted))
    await until(() => gateway.clock.pendingTimers === 0)
  })

  it.each([
    ['a length', `Content-Length: 99999999\r\n\r\n`],
    [
      'chunks',
      `Transfer-Encoding: chunked\r\n\r\n${'3e8\r\n'}${'x'.repeat(1_000)}\r\n3e8\r\n${'x'.repeat(1_000)}\r\n`,
    ],
  ])('refuses a body that is too long by %s while the client still sends it', async (_name, rest) => {
    await start({ maxBodyBytes: 1_500 })
    const socket = open()
    socket.write(
      `POST /_query/async HTTP/1.1\r\nHost: x\r\n${authorization}\r\nContent-Type: application/json\r\n${rest}`,
    )
    const chunks: Buffer[] = []
    socket.on('data', (chunk: Buffer) => chunks.push(chunk))
    await once(socket, 'close')
    const [head = '', body = ''] = Buffer.concat(chunks).toString().split('\r\n\r\n')
    expect(head).toMatch(/^HTTP\/1\.1 413 /)
    expect(head).toMatch(/connection: close/i)
    expect(JSON.parse(body)).toMatchObject({
      error: { type: 'too_long_http_content_exception', reason: 'content length exceeded 1500 bytes.' },
      status: 413,
    })
  })

  it('asks clients to close kept connections when it drains', async () => {
    await start()
    const id = await submitRunning()
    const agent = new Agent({ keepAlive: true })
    const sent = httpRequest(`${gateway.url}/_query/async/${id}`, {
      agent,
      headers: { authorization: `Bearer ${token()}` },
    })
    sent.end()
    await until(() => gateway.router.waiting === 1)
    gateway.router.drain()
    const [response] = await once(sent, 'response')
    expect([response.statusCode, response.headers.connection]).toEqual([200, 'close'])
    response.resume()
    agent.destroy()
  })

  it('adds one drain listener for each response, even if middleware never removes listeners', async () => {
    const kept = new EventEmitter()
    await start({
      before: (app) => {
        app.use((_request, response, next) => {
          const on = response.on.bind(response)
          const pass = (name: string, listener: (...args: unknown[]) => void) => {
            if (name !== 'drain') return on(name, listener)
            kept.on(name, listener)
            return on(name, () => kept.emit(name))
          }
          Object.assign(response, { on: pass })
          next()
        })
      },
      memory: {
        execute: () => ({
          columns: [{ name: 'k', type: 'keyword' }],
          values: Array.from({ length: 100_000 }, () => ['x'.repeat(100)]),
        }),
      },
    })
    const { status, body } = await gateway.alice('POST /_query/async?format=csv', {
      body: { query: 'x', wait_for_completion_timeout: '1d' },
    })
    expect([status, body.length]).toEqual([200, 'k\r\n'.length + 100_000 * 102])
    expect(kept.listenerCount('drain')).toBe(1)
  })

  it('answers any error of a store in the envelope, with a status of 400 or more', async () => {
    let thrown: unknown
    await start({
      isDocumented: false,
      store: { get: () => Promise.reject(thrown) },
      logger: {
        debug: () => {
          throw new Error('the log is full')
        },
        info() {},
        warn() {},
        error: () => {
          throw new Error('the log is full')
        },
      },
    })
    const circle: QueryErrorOptions['causedBy'] = { type: 'a', reason: 'b' }
    circle.causedBy = circle
    const options = fc.record<QueryErrorOptions>(
      {
        status: fc.oneof(
          fc.integer(),
          fc.double(),
          fc.constantFrom(0, 99, 101, 200, 204, 304, 400, 599, 600),
        ),
        headers: fc.dictionary(fc.string({ unit: anyCharacter }), fc.string({ unit: anyCharacter }), {
          maxKeys: 2,
        }),
        metadata: fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.double()), { maxKeys: 2 }),
        causedBy: fc.constantFrom(circle, { type: 'a', reason: 'b' }),
      },
      { requiredKeys: [] },
    )
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: anyCharacter }),
        fc.string({ unit: anyCharacter }),
        options,
        async (type, reason, more) => {
          thrown = new QueryError(type, reason, more)
          const response = await fetch(`${gateway.url}/_query/async/x`, {
            headers: { authorization: `Bearer ${token()}` },
          })
          const body = (await response.json()) as { status: number; error: { root_cause: unknown[] } }
          expect(response.status).toBeGreaterThanOrEqual(400)
          expect(response.status).toBe(body.status)
          expect(body.error.root_cause).toHaveLength(1)
        },
      ),
      { numRuns: 60 },
    )
  })

  it('breaks off an answer that the host cannot end, and goes on', async () => {
    const unhandled: unknown[] = []
    const note = (reason: unknown) => unhandled.push(reason)
    process.on('unhandledRejection', note)
    await start({
      isDocumented: false,
      before: (app) =>
        app.use((_request, response, next) => {
          response.end = () => {
            response.flushHeaders()
            throw new Error('the host is broken')
          }
          next()
        }),
    })
    await expect(gateway.alice('GET /_query/async/x')).rejects.toThrow()
    await nextTurn()
    process.off('unhandledRejection', note)
    expect(unhandled).toEqual([])
  })

  it('keeps secrets that errors carry out of the log', async () => {
    const logged: unknown[] = []
    const log = (details: object): number => logged.push(details)
    const error = Object.assign(new Error('refused'), {
      headers: { authorization: 'Bearer hunter2' },
      config: { body: 'hunter2' },
      cause: Object.assign(new Error('deeper'), { request: 'hunter2' }),
    })
    await start({
      store: { get: () => Promise.reject(error) },
      logger: { debug: log, info: log, warn: log, error: log },
    })
    await gateway.alice('GET /_query/async/x?access_token=hunter2')
    await gateway.anonymous('GET /_query/async/x?access_token=hunter2')
    await gateway.alice('GET /_query/async/x')
    expect(logged).toHaveLength(3)
    expect(JSON.stringify(logged)).not.toContain('hunter2')
    expect(logged[2]).toMatchObject({ err: { message: 'refused', cause: { message: 'deeper' } } })
  })

  it('gives the right to cancel only for the value true', async () => {
    await start({
      resolveCaller: (request) => ({
        owner: String(request.headers['x-user']),
        canCancelTasks: 'false' as unknown as boolean,
      }),
    })
    const { headers } = await gateway.anonymous('POST /_query/async', {
      headers: { 'x-user': 'alice' },
      body: { query: 'RUN', wait_for_completion_timeout: '0' },
    })
    const id = headers['x-elasticsearch-async-id']
    const { status } = await gateway.anonymous(`DELETE /_query/async/${id}`, {
      headers: { 'x-user': 'mallory' },
    })
    expect(status).toBe(404)
  })

  it.each(['json', 'yaml', 'cbor', 'smile', 'csv'])('writes the largest keep_alive as %s', async (format) => {
    await start()
    const { status, headers } = await gateway.alice(`POST /_query/async?format=${format}`, {
      body: { query: 'ROW n = 1', keep_on_completion: true, keep_alive: '9223372036854775807d' },
    })
    const id = headers['x-elasticsearch-async-id']
    const again = await gateway.alice(`GET /_query/async/${id}?format=${format}&human`)
    expect([status, again.status]).toEqual([200, 200])
  })
})

describe('a text of a million characters', () => {
  // In quadratic time, each would take longer than the time limit of a test.
  it('is refused as a time value', () => {
    expect(() => parseTimeValue('keep_alive', `${'1'.repeat(1_000_000)}!s`)).toThrow('failed to parse [')
  })

  it('is not a path of the router', () => {
    expect(matchRoute(`/_query/async/${'/'.repeat(1_000_000)}a`)).toBeUndefined()
  })
})
