import { once } from 'node:events'
import type { Socket } from 'node:net'
import net from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { parseCommandLine } from '../../lib/server/config'
import { lineLogger } from '../../lib/server/line-logger'
import type { RunningServer } from '../../lib/server/server'
import { startServer } from '../../lib/server/server'
import type { Ending } from '../support/waiting-request'

/** Far from the time in which a server closes, so that no answer here is the work of a time limit. */
const GRACE = '600s'
const COUNT = 20

const silent = lineLogger('error', () => {})

let server: RunningServer
let sockets: Socket[] = []

async function start(environment: Record<string, string> = {}): Promise<void> {
  const settings = { ESQL_ASYNC_PORT: '0', ESQL_ASYNC_SHUTDOWN_GRACE: GRACE, ...environment }
  const command = parseCommandLine([], settings)
  if (command.action !== 'serve') throw new Error('no configuration')
  server = await startServer(command.config, { resolveCaller: () => ({ owner: 'alice' }) }, silent)
}

afterEach(async () => {
  await server.close(1)
  for (const socket of sockets) socket.destroy()
  sockets = []
})

/** A connection, and how it ends. */
function open(): { socket: Socket; ended: Promise<Ending> } {
  const { hostname, port } = new URL(server.url)
  const socket = net.connect({ host: hostname, port: Number(port), noDelay: true })
  sockets.push(socket)
  let text = ''
  let error: string | undefined
  socket.on('data', (chunk) => {
    text += chunk
  })
  socket.on('error', ({ code }: NodeJS.ErrnoException) => {
    error = code
  })
  const ended = new Promise<Ending>((resolve) => {
    socket.once('close', () => resolve(error === undefined ? { text } : { text, error }))
  })
  return { socket, ended }
}

async function openConnected() {
  const connection = open()
  await once(connection.socket, 'connect')
  return connection
}

/** A connection that has had an answer, and stays open. */
async function openUsed() {
  const connection = await openConnected()
  connection.socket.write(get('/healthz'))
  await once(connection.socket, 'data')
  return connection
}

const openMany = <T>(opener: () => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: COUNT }, opener))

const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: me\r\n\r\n`

/** What every ending must be: the whole answer to a request for `/last`, which asks the client to leave. */
const answered = expect.objectContaining({
  text: expect.stringMatching(
    /HTTP\/1\.1 400 Bad Request\r\n(?:[^\r]+\r\n)*Connection: close\r\n[\s\S]*\[GET\]"\}$/,
  ),
})

describe('a server that closes', () => {
  it('answers requests on used connections that have arrived and are unread', async () => {
    await start()
    const connections = await openMany(openUsed)
    for (const { socket } of connections) socket.write(get('/last'))
    const closed = server.close()
    const endings = await Promise.all(connections.map(({ ended }) => ended))
    expect(endings).toEqual(connections.map(() => answered))
    expect(endings.filter(({ error }) => error !== undefined)).toEqual([])
    await closed
  })

  it('answers the first requests of connections that have arrived and are unread', async () => {
    await start()
    const connections = await openMany(openConnected)
    await nextTurn()
    for (const { socket } of connections) socket.write(get('/last'))
    const closed = server.close()
    const endings = await Promise.all(connections.map(({ ended }) => ended))
    expect(endings).toEqual(connections.map(() => answered))
    await closed
  })

  it('answers requests of connections that the system has taken and the process has not', async () => {
    await start()
    const connections = Array.from({ length: COUNT }, open)
    for (const { socket } of connections) socket.once('connect', () => socket.write(get('/last')))
    await new Promise<void>((resolve) => process.nextTick(resolve))
    const closed = server.close()
    const endings = await Promise.all(connections.map(({ ended }) => ended))
    expect(endings).toEqual(connections.map(() => answered))
    await closed
  })

  it('answers a request whose head has arrived in part', async () => {
    await start()
    const [slow, used, idle] = [await openConnected(), await openUsed(), await openUsed()]
    for (const { socket } of [slow, used]) socket.write(get('/last').slice(0, 10))
    const closed = server.close()
    await idle.ended
    for (const { socket } of [slow, used]) socket.write(get('/last').slice(10))
    expect(await Promise.all([slow.ended, used.ended])).toEqual([answered, answered])
    await closed
  })

  it('ends connections that are idle, whatever they have done before', async () => {
    await start()
    const silent = await openConnected()
    const used = await openUsed()
    const early = await openConnected()
    early.socket.write('POST /last HTTP/1.1\r\nHost: me\r\nContent-Length: 9\r\n\r\n')
    await once(early.socket, 'data')
    early.socket.write('too late!')
    await server.close()
    const endings = await Promise.all([silent.ended, used.ended, early.ended])
    expect(endings.map(({ error }) => error)).toEqual([undefined, undefined, undefined])
    expect(endings[0]).toEqual({ text: '' })
  })

  it('refuses new connections', async () => {
    await start()
    await server.close()
    expect(await open().ended).toEqual({ text: '', error: 'ECONNREFUSED' })
  })
})

describe('the delay of a server that closes', () => {
  const ask = async (path: string) => {
    const answer = await fetch(server.url + path)
    return { status: answer.status, body: await answer.json(), connection: answer.headers.get('connection') }
  }

  it('serves as before, says that it is not ready, and asks clients to leave', async () => {
    await start({ ESQL_ASYNC_SHUTDOWN_DELAY: '600s' })
    const ok = { status: 200, body: { status: 'ok' }, connection: 'keep-alive' }
    expect(await ask('/readyz')).toEqual({ ...ok, body: { ready: true, checks: { drain: 'ok' } } })
    expect(await ask('/healthz')).toEqual(ok)
    const used = await openUsed()
    const closed = server.close()
    const waiting = await submitAndWait()

    expect(await ask('/readyz')).toEqual({
      status: 503,
      body: { ready: false, checks: { drain: 'shutting down' } },
      connection: 'close',
    })
    expect(await ask('/healthz')).toEqual({ ...ok, connection: 'close' })
    used.socket.write(get('/last'))
    expect(await used.ended).toEqual(answered)
    expect(waiting.text()).toBe('')

    void server.close(60_000)
    expect((await waiting.ended).text).toMatch(/^HTTP\/1\.1 200 OK\r\n[\s\S]*"is_running":true/)
    await closed
  })

  it('is over when the configured time is', async () => {
    await start({ ESQL_ASYNC_SHUTDOWN_DELAY: '50ms' })
    await server.close()
    expect(await open().ended).toEqual({ text: '', error: 'ECONNREFUSED' })
  })
})

/** A get that waits for a query that takes long. */
async function submitAndWait() {
  const submitted = await fetch(`${server.url}/_query/async`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: 'FROM slower', wait_for_completion_timeout: '0s' }),
  })
  const id = submitted.headers.get('x-elasticsearch-async-id')
  const { socket, ended } = await openConnected()
  let text = ''
  socket.on('data', (chunk) => {
    text += chunk
  })
  socket.write(get(`/_query/async/${id}`))
  return { ended, text: () => text }
}

describe('the paths for probes', () => {
  const ready = '{"ready":true,"checks":{"drain":"ok"}}'
  it.each([
    ['/healthz', '{"status":"ok"}'],
    ['/healthz?x=1', '{"status":"ok"}'],
    ['/readyz', ready],
    ['/readyz?verbose', ready],
  ])('GET %s needs no token', async (path, body) => {
    await start()
    const answer = await fetch(server.url + path)
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-type')).toMatch(/^application\/json/)
    expect(answer.headers.get('cache-control')).toBe('no-store')
    expect(await answer.text()).toBe(body)
    expect((await fetch(server.url + path, { method: 'HEAD' })).status).toBe(200)
  })

  it.each([
    ['POST', '/readyz'],
    ['DELETE', '/healthz'],
    ['GET', '/readyz/_search'],
    ['GET', '/_healthz'],
  ])('%s %s is no probe', async (method, path) => {
    await start()
    const answer = await fetch(server.url + path, { method })
    expect(answer.status).toBe(400)
    expect(await answer.json()).toEqual({
      error: `no handler found for uri [${path}] and method [${method}]`,
    })
  })
})
