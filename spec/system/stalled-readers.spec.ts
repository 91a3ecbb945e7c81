import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { createGzip } from 'node:zlib'
import type { Express } from 'express'
import { type Cluster, startCluster } from '../support/cluster'
import { startElasticsearchGateway, TRANSPORTS } from '../support/elasticsearch-gateway'
import { type Gateway, type GatewayOptions, startGateway } from '../support/gateway'
import { token } from '../support/tokens'
import { until } from '../support/until'

const MAX_STALL_MS = 200
const MIB = 2 ** 20
/** More than the system takes of an answer that nobody reads. */
const LONG = 16 * MIB

const BODY = { query: 'RUN', wait_for_completion_timeout: '0s', keep_on_completion: true }

/** Does with every answer what the package `compression` does. */
function compress(app: Express): void {
  app.use((_request, response, next) => {
    const { write, end } = response
    const gzip = createGzip()
    response.write = ((chunk: string) => {
      if (!response.headersSent) response.removeHeader('content-length')
      return gzip.write(chunk)
    }) as never
    response.end = ((chunk?: string) => {
      if (!response.headersSent) response.removeHeader('content-length')
      gzip.end(chunk)
    }) as never
    const on = response.on.bind(response)
    response.on = ((name: string, listener: () => void) => {
      if (name === 'drain') gzip.on(name, listener)
      else on(name, listener)
      return response
    }) as never
    gzip.on('data', (chunk) => {
      if (!write.call(response, chunk, 'latin1')) gzip.pause()
    })
    gzip.on('end', () => end.call(response, '', 'latin1'))
    on('drain', () => gzip.resume())
    next()
  })
}

describe('a client that takes nothing of its answer', () => {
  let gateway: Gateway
  let cluster: Cluster | undefined
  let logged: { operation: string; status: number }[]
  const clients: Socket[] = []

  const logger = {
    debug() {},
    info: (entry: never) => void logged.push(entry),
    warn() {},
    error: (entry: never) => void logged.push(entry),
  }

  beforeEach(() => {
    logged = []
  })
  afterEach(async () => {
    for (const client of clients.splice(0)) client.destroy()
    await gateway.close()
    await cluster?.close()
    cluster = undefined
  })

  const options = (others: GatewayOptions = {}) => ({
    isDocumented: false,
    logger,
    maxStallMs: MAX_STALL_MS,
    ...others,
  })

  /** Starts a gateway with a result of so many bytes, which do not compress well, and returns the path of it. */
  async function startWithResult(bytes: number, others: GatewayOptions = {}, cells = 1_000): Promise<string> {
    gateway = await startGateway(
      options({ memory: { maxBytes: 2 ** 30, maxBytesPerOwner: 2 ** 30 }, ...others }),
    )
    const { headers } = await gateway.alice('POST /_query/async', { body: BODY })
    const values = Array.from({ length: cells }, () => [randomBytes(bytes / cells / 2).toString('hex')])
    gateway.engine.run.complete({ columns: [{ name: 'text', type: 'keyword' }], values })
    const path = pathOf(headers)
    // A result is taken in turns, and a get before that gets a short answer.
    while ((await gateway.alice(`HEAD ${path}`)).headers['x-elasticsearch-async-is-running'] !== '?0')
      await pause(1)
    return path
  }

  /** The same for an answer that a cluster writes. */
  async function startInFrontOfCluster(
    transport: (typeof TRANSPORTS)[number],
    bytes: number,
  ): Promise<string> {
    cluster = await startCluster()
    gateway = await startElasticsearchGateway(transport, cluster.url, options() as never)
    const { headers } = await gateway.alice('POST /_query/async', {
      body: { ...BODY, query: `HUGE ${bytes}` },
    })
    return `${pathOf(headers)}?format=csv`
  }

  const pathOf = (headers: Record<string, string>) =>
    `/_query/async/${encodeURIComponent(headers['x-elasticsearch-async-id'] ?? '')}`

  /** Sends gets on one connection, and reads nothing unless a test does. */
  async function getUnread(path: string, times = 1): Promise<Socket> {
    const client = connect(Number(new URL(gateway.url).port), '127.0.0.1')
    clients.push(client)
    client.on('error', () => {})
    await once(client, 'connect')
    const head = `GET ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token({ sub: 'alice' })}\r\n\r\n`
    client.write(head.repeat(times))
    return client
  }

  const connections = () =>
    new Promise<number>((resolve) => gateway.server.getConnections((_, count) => resolve(count)))

  async function untilDisconnected(): Promise<void> {
    await until(() => gateway.router.waiting === 0)
    while ((await connections()) > 0) await pause(10)
  }

  const outcomes = () => logged.filter(({ operation }) => operation === 'get').map(({ status }) => status)

  it('is disconnected, and its result is no longer held', async () => {
    const path = await startWithResult(LONG)
    await getUnread(path)
    await until(() => gateway.router.waiting === 1)
    await untilDisconnected()
    expect(outcomes()).toEqual([499])
  })

  it.each([
    ['a compressed result', 2 * LONG, { before: compress }],
    ['results that are kept', 4 * MIB, {}],
  ])('is disconnected from %s', async (_, bytes, others) => {
    const path = await startWithResult(bytes, others)
    for (let sent = 0; sent < 3; sent += 1) await getUnread(path, 8)
    await until(() => gateway.router.waiting > 0)
    await untilDisconnected()
    expect(outcomes()).toContain(499)
  })

  it.each([
    ['a cell', {}],
    ['a compressed cell', { before: compress }],
  ])('is disconnected from %s that is longer than what the system takes', async (_, others) => {
    await getUnread(await startWithResult(LONG, others, 1))
    await until(() => outcomes().length === 1)
    await untilDisconnected()
  })

  it.each([
    ['a cell', {}],
    ['a compressed cell', { before: compress }],
  ])('holds %s until the system has taken it', async (_, others) => {
    const path = await startWithResult(LONG, { ...others, maxStallMs: Number.POSITIVE_INFINITY }, 1)
    const client = await getUnread(path)
    await until(() => client.readableLength > 0)
    await pause(MAX_STALL_MS)
    expect([gateway.router.waiting, outcomes()]).toEqual([1, []])
    client.resume()
    await until(() => gateway.router.waiting === 0)
    expect(outcomes()).toEqual([200])
  })

  it.each([
    ['a cell', LONG, {}, 1],
    ['a compressed cell', LONG, { before: compress }, 1],
    ['the end of many rows', 3 * MIB, {}, undefined],
    ['many rows', LONG, {}, undefined],
  ])('lets go of %s when it leaves', async (_, bytes, others, rows) => {
    const path = await startWithResult(bytes, { ...others, maxStallMs: Number.POSITIVE_INFINITY }, rows)
    const unread = await Promise.all([1, 2, 3, 4].map(() => getUnread(path)))
    await until(() => unread.every((client) => client.readableLength > 0))
    for (const client of unread) client.destroy()
    await until(() => gateway.router.waiting === 0)
  })

  it.each(TRANSPORTS)('is disconnected from an answer that a cluster writes, over %s', async (transport) => {
    const path = await startInFrontOfCluster(transport, LONG)
    await getUnread(path)
    await until(() => gateway.router.waiting === 1)
    await untilDisconnected()
    expect(outcomes()).toEqual([499])
  })

  it('is disconnected when nothing but errors and small answers are left unread', async () => {
    gateway = await startGateway(options())
    const client = await getUnread(`/_query/async/unknown?pretty&x=${'x'.repeat(1_000)}`)
    const head = `GET /_query/async/${'y'.repeat(3_000)} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token({ sub: 'alice' })}\r\n\r\n`
    client.write(head.repeat(4_000))
    await pause(2 * MAX_STALL_MS)
    await untilDisconnected()
    expect(outcomes().every((status) => status >= 400)).toBe(true)
  })

  it('gets all of it when it takes a part now and then', async () => {
    const path = await startWithResult(32 * MIB)
    const client = await getUnread(path)
    let bytes = 0
    let allowance = 0
    client.on('data', (chunk) => {
      bytes += chunk.length
      allowance -= chunk.length
      if (allowance <= 0) client.pause()
    })
    client.pause()
    const beganMs = performance.now()
    // The system shows progress in steps of a megabyte or two.
    const reading = setInterval(() => {
      allowance = 2 * MIB
      client.resume()
    }, MAX_STALL_MS / 4)
    while (bytes < 32 * MIB && !client.destroyed) await pause(10)
    clearInterval(reading)
    expect([outcomes(), client.destroyed]).toEqual([[200], false])
    expect(performance.now() - beganMs).toBeGreaterThan(2 * MAX_STALL_MS)
  })

  it('waits as long as it likes without a limit, and while its query runs', async () => {
    const path = await startWithResult(LONG, { maxStallMs: Number.POSITIVE_INFINITY })
    await getUnread(path)
    await pause(3 * MAX_STALL_MS)
    expect([gateway.router.waiting, await connections()]).toEqual([1, 1])
  })

  it('is not confused with one that waits for its query', async () => {
    gateway = await startGateway(options())
    const { headers } = await gateway.alice('POST /_query/async', { body: BODY })
    await getUnread(pathOf(headers))
    await pause(3 * MAX_STALL_MS)
    expect([gateway.router.waiting, await connections()]).toEqual([1, 1])
  })
})
