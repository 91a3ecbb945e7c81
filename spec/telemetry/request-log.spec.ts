import { AsyncLocalStorage } from 'node:async_hooks'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import { Writable } from 'node:stream'
import { MemoryStore, QueryError, type RequestEvent } from 'express-esql-async-query'
import pino from 'pino'
import { type Gateway, type GatewayOptions, startGateway } from '../support/gateway'
import { issuer, token } from '../support/tokens'
import { until } from '../support/until'

type Line = RequestEvent & { level: number; msg: string }

const digest = (text: string) => createHash('sha256').update(text).digest('base64url').slice(0, 16)
const alice = digest(JSON.stringify([issuer, 'alice']))

const ANSWERED = { level: 30, msg: 'an async query request was answered' }
const REFUSED = { level: 30, msg: 'an async query request was refused' }

describe('the log of requests', () => {
  let gateway: Gateway
  let lines: Line[]
  let text: string

  /** A gateway that logs with pino. */
  async function start(options: GatewayOptions = {}): Promise<void> {
    text = ''
    lines = []
    const stream = new Writable({
      write(line, _encoding, done) {
        text += line
        lines.push(JSON.parse(String(line)))
        done()
      },
    })
    gateway = await startGateway({ ...options, logger: pino({ base: null, timestamp: false }, stream) })
  }
  afterEach(() => gateway.close())

  /** The lines without what differs from run to run, which is looked at for itself. */
  function told(): object[] {
    return lines.map(({ durationMs, waitMs, bytes, ...rest }) => {
      expect(durationMs).toBeGreaterThanOrEqual(waitMs ?? 0)
      expect(bytes).toBeGreaterThanOrEqual(0)
      return { ...rest, hasWaited: waitMs !== undefined }
    })
  }

  it('has one line for each request, whatever its outcome', async () => {
    await start()
    const { headers } = await gateway.alice('POST /_query/async', {
      body: { query: 'RUN', wait_for_completion_timeout: '0' },
    })
    const id = headers['x-elasticsearch-async-id'] ?? ''
    await gateway.alice(`HEAD /_query/async/${id}`)
    await gateway.alice(`GET /_query/async/${id}?wait_for_completion_timeout=0`)
    await gateway.alice(`GET /_query/async/${id}?keep_alive=nope`)
    await gateway.alice(`PUT /_query/async/${id}`)
    await gateway.alice('OPTIONS /_query/async')
    await gateway.mallory(`GET /_query/async/${id}`)
    await gateway.anonymous(`GET /_query/async/${id}`)
    gateway.engine.run.complete()
    await gateway.alice(`POST /_query/async/${id}/stop`)
    await gateway.alice(`DELETE /_query/async/${id}`)
    const query = digest(id)
    const mallory = digest(JSON.stringify([issuer, 'mallory']))
    const done = { ...ANSWERED, owner: alice, query, hasWaited: true }
    expect(told()).toEqual([
      { operation: 'submit', status: 200, ...done },
      { operation: 'head', status: 200, ...done },
      { operation: 'get', status: 200, ...done },
      {
        operation: 'get',
        status: 400,
        ...REFUSED,
        owner: alice,
        type: 'illegal_argument_exception',
        hasWaited: false,
      },
      { status: 405, ...REFUSED, owner: alice, hasWaited: false },
      { status: 200, ...ANSWERED, hasWaited: false },
      {
        operation: 'get',
        status: 404,
        ...REFUSED,
        owner: mallory,
        query,
        type: 'resource_not_found_exception',
        hasWaited: true,
      },
      {
        operation: 'get',
        status: 401,
        level: 30,
        msg: 'a caller was refused',
        type: 'security_exception',
        hasWaited: false,
      },
      { operation: 'stop', status: 200, ...done },
      { operation: 'delete', status: 200, ...done },
    ])
  })

  it('never logs ids, names, tokens or queries', async () => {
    await start()
    const secret = 'FROM hunter2'
    const { headers } = await gateway.alice('POST /_query/async?pretty', {
      body: { query: secret, keep_on_completion: true },
    })
    const id = headers['x-elasticsearch-async-id'] ?? ''
    await gateway.alice(`GET /_query/async/${id}?filter_path=hunter2`)
    await gateway.alice('GET /_query/async/hunter2?hunter2=hunter2')
    expect(lines.map(({ status }) => status)).toEqual([200, 200, 400])
    for (const part of ['hunter2', id, 'alice', issuer, ...token({ sub: 'alice' }).split('.').slice(0, 1)]) {
      expect(text).not.toContain(part)
    }
  })

  it('logs how long a request waited, and how many bytes it carried', async () => {
    await start()
    const { headers } = await gateway.alice('POST /_query/async', {
      body: { query: 'RUN', wait_for_completion_timeout: '0' },
    })
    const waiting = gateway.alice(`GET /_query/async/${headers['x-elasticsearch-async-id']}`)
    await until(() => gateway.router.waiting === 1)
    await new Promise((resolve) => setTimeout(resolve, 30))
    gateway.engine.run.complete()
    const { body } = await waiting
    expect(lines[1]?.waitMs).toBeGreaterThanOrEqual(25)
    expect(lines[1]?.bytes).toBeGreaterThan(body.length)
    expect(lines[1]?.bytes).toBeLessThan(body.length + 1_000)
  })

  it('carries X-Opaque-Id and the id of the trace', async () => {
    await start()
    const traceId = '0af7651916cd43dd8448eb211c80319c'
    const ask = (headers: Record<string, string>) => gateway.alice('HEAD /_query/async/none', { headers })
    await ask({ 'x-opaque-id': 'my-dashboard', traceparent: `00-${traceId}-b7ad6b7169203331-01` })
    await ask({ 'x-opaque-id': 'x'.repeat(10_000), traceparent: 'nonsense' })
    expect(lines.map(({ opaqueId, traceId }) => ({ opaqueId, traceId }))).toEqual([
      { opaqueId: 'my-dashboard', traceId },
      { opaqueId: 'x'.repeat(256), traceId: undefined },
    ])
  })

  it('logs a client that left', async () => {
    await start()
    const { headers } = await gateway.alice('POST /_query/async', {
      body: { query: 'RUN', wait_for_completion_timeout: '0' },
    })
    const id = headers['x-elasticsearch-async-id'] ?? ''
    const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1')
    socket.write(
      `GET /_query/async/${id} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token({ sub: 'alice' })}\r\n\r\n`,
    )
    await until(() => gateway.router.waiting === 1)
    socket.destroy()
    await until(() => lines.length === 2)
    expect(told()[1]).toEqual({
      operation: 'get',
      status: 499,
      level: 30,
      msg: 'the client of an async query request left',
      owner: alice,
      query: digest(id),
      hasWaited: true,
    })
  })

  it('logs a failure with its cause, at the level of errors', async () => {
    await start({ store: { get: () => Promise.reject(new Error('disk full')) } })
    await gateway.alice('GET /_query/async/a')
    expect(told()).toEqual([
      {
        operation: 'get',
        status: 503,
        level: 50,
        msg: 'an async query request failed',
        owner: alice,
        query: digest('a'),
        type: 'no_shard_available_action_exception',
        err: expect.objectContaining({ name: 'Error', message: 'disk full' }),
        hasWaited: true,
      },
    ])
  })

  it('logs a client that left in the middle of a body', async () => {
    const values = Array.from({ length: 200_000 }, (_, index) => ['x'.repeat(100), index])
    const columns = [
      { name: 'x', type: 'keyword' as const },
      { name: 'n', type: 'long' as const },
    ]
    await start()
    const { headers } = await gateway.alice('POST /_query/async', {
      body: { query: 'RUN', wait_for_completion_timeout: '0' },
    })
    const id = headers['x-elasticsearch-async-id']
    gateway.engine.run.complete({ columns, values })
    await gateway.alice(`HEAD /_query/async/${id}?wait_for_completion_timeout=1m`)
    const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1')
    socket.write(
      `GET /_query/async/${id} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token({ sub: 'alice' })}\r\n\r\n`,
    )
    await once(socket, 'data')
    socket.destroy()
    await until(() => lines.length === 3)
    expect(lines[2]).toMatchObject({ operation: 'get', status: 499, level: 30 })
  })

  it('logs the status of the answer that took the place of an error', async () => {
    const error = new QueryError('x_exception', 'x', { status: 400, headers: { 'no header': 'x' } })
    await start({ store: { get: () => Promise.reject(error) }, isDocumented: false })
    const { status } = await gateway.alice('GET /_query/async/a')
    expect([status, lines[0]?.status, lines[0]?.level]).toEqual([500, 500, 50])
    expect(lines[0]?.err).toBeDefined()
  })

  it('logs why a caller was refused, which the answer does not show', async () => {
    await start()
    await gateway.anonymous('GET /_query/async/a', {
      headers: { authorization: `Bearer ${token({ aud: 'others' })}` },
    })
    expect(lines[0]?.err?.message).toBe('jwt audience invalid. expected: queries')
  })

  it('is not written for a logger that does not want it', async () => {
    const seen: string[] = []
    const log = (level: string) => () => seen.push(level)
    gateway = await startGateway({
      store: { get: () => Promise.reject(new Error('x')) },
      logger: {
        debug: log('debug'),
        info: log('info'),
        warn: log('warn'),
        error: log('error'),
        isLevelEnabled: (level) => level === 'error',
      },
    })
    await gateway.anonymous('GET /_query/async/a')
    await gateway.alice('GET /_query/async/a')
    expect(seen).toEqual(['error'])
  })
})

describe('an executor', () => {
  it('runs in the asynchronous context of the request, where tracing keeps its span', async () => {
    const context = new AsyncLocalStorage<string>()
    const seen: unknown[] = []
    const store = new MemoryStore({
      execute: async () => {
        seen.push(context.getStore())
        await new Promise((resolve) => setTimeout(resolve, 1))
        seen.push(context.getStore())
        return { columns: [], values: [] }
      },
    })
    const gateway = await startGateway({
      store,
      before: (app) => app.use((_request, _response, next) => context.run('span', next)),
    })
    await gateway.alice('POST /_query/async', { body: { query: 'ROW n = 1' } })
    expect(seen).toEqual(['span', 'span'])
    await gateway.close()
    await store.close()
  })
})
