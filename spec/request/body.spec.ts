import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import { Readable } from 'node:stream'
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib'
import express, { type Express, type Request } from 'express'
import { RequestBody } from '../../lib/request/body'
import { errorJson } from '../support/engine'
import { type Gateway, type GatewayOptions, startGateway } from '../support/gateway'
import { collectGarbage, heapGrowth } from '../support/memory-heap'
import { token } from '../support/tokens'
import { until } from '../support/until'

const SUBMIT = '{"query":"ROW n = 1"}'
const JSON_TYPE = { 'content-type': 'application/json' }

const unsupported = (coding: string) =>
  errorJson(
    400,
    'parse_exception',
    `Content-Encoding [${coding}] of the request body is not supported, use gzip, deflate or br`,
  )

describe('the body of a request', () => {
  let gateway: Gateway
  const entries: { err?: { message: string } }[] = []

  const start = async (options: GatewayOptions = {}): Promise<Gateway> => {
    const note = (entry: object): void => void entries.push(entry)
    gateway = await startGateway({
      logger: { debug: note, info: note, warn: note, error: note },
      ...options,
    })
    return gateway
  }
  afterEach(() => gateway.close())

  /** With `fetch`, since the test client writes a buffer down as JSON. */
  const submit = async (coding: string, body: Buffer) => {
    const response = await fetch(`${gateway.url}/_query/async`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token()}`, ...JSON_TYPE, 'content-encoding': coding },
      body,
    })
    return { status: response.status, text: await response.text() }
  }

  it.each<[string, (bytes: Buffer) => Buffer]>([
    ['gzip', gzipSync],
    ['x-gzip', gzipSync],
    ['X-GZIP', gzipSync],
    ['deflate', deflateSync],
    ['deflate', (bytes) => deflateSync(bytes, { level: 0, windowBits: 9 })],
    ['deflate', deflateRawSync],
    ['deflate', (bytes) => deflateRawSync(bytes, { level: 0 })],
    ['x-deflate', deflateRawSync],
    ['br', brotliCompressSync],
    ['identity', (bytes) => bytes],
  ])('may be compressed with %s', async (coding, compress) => {
    await start()
    expect((await submit(coding, compress(Buffer.from(SUBMIT)))).status).toBe(200)
    expect(gateway.engine.requests).toEqual([{ query: 'ROW n = 1' }])
  })

  it.each<[string, number[], boolean]>([
    ['with its head', [], false],
    ['after its head', [0], true],
    ['half with its head', [10], true],
  ])('may come %s, and only what is missing is waited for', async (_, cuts, isAwaited) => {
    const listened: unknown[] = []
    const ended: string[] = []
    await start({
      before: (app) =>
        app.use((request, _response, next) => {
          request.on('newListener', (name) => listened.push(name))
          request.once('close', () => ended.push(`${request.readableEnded} ${request.readableLength}`))
          next()
        }),
    })
    const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1')
    const head =
      `POST /_query/async HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token()}\r\n` +
      `Content-Type: application/json\r\nContent-Length: ${SUBMIT.length}\r\n\r\n`
    for (let twice = 0; twice < 2; twice += 1) {
      const received = once(gateway.server, 'request')
      const [cut = SUBMIT.length] = cuts
      socket.write(head + SUBMIT.slice(0, cut))
      await received
      if (cut < SUBMIT.length) socket.write(SUBMIT.slice(cut))
      expect(String(await once(socket, 'data'))).toContain('200 OK')
    }
    socket.destroy()
    expect(gateway.engine.requests).toEqual([{ query: 'ROW n = 1' }, { query: 'ROW n = 1' }])
    await until(() => ended.length === 2)
    expect(ended).toEqual(['true 0', 'true 0'])
    expect(listened.includes('data')).toBe(isAwaited)
  })

  it("is nobody's any more when its client has left, and starts no query", async () => {
    entries.length = 0
    await start({
      before: (app) => app.use((request, _response, next) => void request.socket.once('close', () => next())),
    })
    const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1')
    const received = once(gateway.server, 'request')
    socket.write(
      `POST /_query/async HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token()}\r\n` +
        `Content-Type: application/json\r\nContent-Length: ${SUBMIT.length}\r\n\r\n${SUBMIT}`,
    )
    await received
    socket.resetAndDestroy()
    await until(() => entries.length === 1)
    expect(entries).toEqual([expect.objectContaining({ operation: 'submit', status: 499 })])
    expect(gateway.engine.requests).toEqual([])
  })

  it('takes little more memory than its bytes, each of which may be a chunk of its own', async () => {
    await start()
    const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1')
    const [incoming] = await once(gateway.server, 'connection')
    const head = `POST /_query/async HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token()}\r\n`
    const growth = await heapGrowth(async () => {
      socket.write(`${head}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`)
      for (let sent = 0; sent < 200_000; sent += 10_000) {
        if (!socket.write('1\r\n \r\n'.repeat(10_000))) await once(socket, 'drain')
      }
      await until(() => incoming.bytesRead === socket.bytesWritten)
    })
    expect(growth).toBeLessThan(5_000_000)
    socket.write(`${SUBMIT.length.toString(16)}\r\n${SUBMIT}\r\n0\r\n\r\n`)
    expect(String(await once(socket, 'data'))).toContain('200 OK')
    socket.destroy()
  })

  it('stays compressed until its turn when it is long', async () => {
    await start()
    const body = gzipSync(Buffer.alloc(15 * 2 ** 20, ' ').fill('x', 0, 1))
    await collectGarbage()
    const before = process.memoryUsage().arrayBuffers
    let highest = before
    // To look takes long, and what is unpacked lives for many turns.
    const looking = setInterval(() => {
      highest = Math.max(highest, process.memoryUsage().arrayBuffers)
    }, 5)
    const submits = Array.from({ length: 20 }, () => submit('gzip', body))
    const answers = await Promise.all(submits).finally(() => clearInterval(looking))
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 400))
    expect(highest - before).toBeLessThan(150 * 2 ** 20)
  })

  it.each([
    ['all of what came with it', Buffer.allocUnsafeSlow(SUBMIT.length).fill(SUBMIT), false],
    ['a part of what came with it', Buffer.alloc(2 ** 16, SUBMIT).subarray(0, SUBMIT.length), true],
    ['in no buffer', new Uint8Array(Buffer.from(SUBMIT)), true],
  ])('holds no more than its bytes when it is %s', async (_, piece, isCopied) => {
    await start()
    const length = String(piece.length)
    const request = Object.assign(Readable.from([piece]), { headers: { 'content-length': length } })
    const content = await new RequestBody(request as unknown as Request, 1_000).content()
    expect(String(content)).toBe(SUBMIT)
    expect(Buffer.isBuffer(content) && content.buffer !== piece.buffer).toBe(isCopied)
  })

  it.each(['zstd', 'snappy', 'compress', 'gzip, gzip', 'nonsense'])(
    'is refused by the name of its coding: %s',
    async (coding) => {
      await start()
      const { status, text } = await submit(coding, Buffer.from(SUBMIT))
      expect([status, text]).toEqual([400, unsupported(coding)])
    },
  )

  it.each([
    ['gzip', Buffer.from(SUBMIT)],
    ['gzip', gzipSync(SUBMIT).subarray(0, -9)],
    ['deflate', Buffer.from(SUBMIT)],
    ['br', Buffer.from(SUBMIT)],
  ])('is refused if it is no %s', async (coding, body) => {
    await start()
    expect((await submit(coding, body)).text).toBe(
      errorJson(400, 'parse_exception', 'the request body could not be read'),
    )
  })

  it.each([
    ['gzip', gzipSync(Buffer.alloc(2_000_000, ' '))],
    ['deflate', deflateRawSync(Buffer.alloc(2_000_000, ' '))],
    ['br', brotliCompressSync(Buffer.alloc(2_000_000, ' '))],
  ])('may not be longer than the limit after %s', async (coding, body) => {
    for (const maxBodyBytes of [20_000, 1_500_000]) {
      await start({ maxBodyBytes })
      const { status, text } = await submit(coding, body)
      const reason = `content length exceeded ${maxBodyBytes} bytes.`
      expect([status, text]).toEqual([413, errorJson(413, 'too_long_http_content_exception', reason)])
      if (maxBodyBytes === 20_000) await gateway.close()
    }
  })

  it.each<[string, (app: Express) => void]>([
    [
      'has read',
      (app) =>
        app.use(async (request, _response, next) => {
          for await (const _ of request);
          next()
        }),
    ],
    [
      'has read and thrown away',
      (app) =>
        app.use((request, _response, next) => {
          request.resume().on('end', () => next())
        }),
    ],
    [
      'decodes',
      (app) =>
        app.use((request, _response, next) => {
          request.setEncoding('latin1')
          next()
        }),
    ],
  ])('is the fault of the host if its middleware %s it', async (_name, before) => {
    entries.length = 0
    await start({ before })
    const { status, text } = await gateway.alice('POST /_query/async', { body: { query: 'x' } })
    expect([status, text]).toEqual([500, errorJson(500, 'exception', 'internal error')])
    expect(entries.map(({ err }) => err?.message)).toEqual([
      expect.stringMatching(/^Middleware in front of the router has read .* Mount the router before/),
    ])
  })

  it.each<[string, (app: Express) => void]>([
    ['raw bytes', (app) => app.use(express.raw({ type: '*/*' }))],
    ['a text', (app) => app.use(express.text({ type: '*/*' }))],
    ['parsed JSON', (app) => app.use(express.json())],
    [
      'an empty object that nobody has read',
      (app) =>
        app.use((request, _response, next) => {
          request.body = {}
          next()
        }),
    ],
  ])('is taken from the host as %s', async (_name, before) => {
    await start({ before })
    const { status } = await gateway.alice('POST /_query/async', { body: { query: 'x' } })
    expect([status, gateway.engine.requests]).toEqual([200, [{ query: 'x' }]])
  })

  it('leaves request.body of the host as it was', async () => {
    const bodies: unknown[] = []
    await start({
      before: (app) =>
        app.use((request, response, next) => {
          response.on('finish', () => bodies.push(request.body))
          next()
        }),
    })
    await gateway.alice('POST /_query/async', { body: { query: 'x' } })
    expect(bodies).toEqual([undefined])
  })

  it('may end before it is whole, because its client leaves', async () => {
    entries.length = 0
    await start()
    const socket = connect((gateway.server.address() as AddressInfo).port, '127.0.0.1')
    socket.write(
      `POST /_query/async HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token()}\r\n` +
        `Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"query":`,
    )
    await once(gateway.server, 'request')
    socket.destroy()
    await until(() => entries.length === 1)
    expect(entries).toEqual([expect.objectContaining({ operation: 'submit', status: 499 })])
  })
})
