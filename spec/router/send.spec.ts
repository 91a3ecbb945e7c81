import { once } from 'node:events'
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Response } from 'express'
import { Disconnects } from '../../lib/router/disconnects'
import { sendChunks } from '../../lib/router/send'
import { Waits } from '../../lib/router/waits'
import { until } from '../support/gateway'

const CHUNK = 'x'.repeat(16_384)

const waits = new Waits(new Disconnects(), { maxWaits: 1, maxWaitsPerOwner: 1 })
const begin = (response: ServerResponse) => waits.begin(response as Response, undefined)

describe('sendChunks', () => {
  let server: Server
  let send: (response: ServerResponse) => Promise<void>
  let sent: Promise<void>

  beforeEach(async () => {
    server = createServer((_request, response) => {
      sent = send(response)
      sent.catch(() => {})
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
  })
  afterEach(() => {
    server.closeAllConnections()
    server.close()
  })

  /** Sends a request, and returns its answer before the body is read. */
  async function get(): Promise<IncomingMessage> {
    const sending = request({ host: '127.0.0.1', port: (server.address() as AddressInfo).port, agent: false })
    sending.end()
    const [response] = (await once(sending, 'response')) as [IncomingMessage]
    return response
  }

  async function read(response: IncomingMessage): Promise<string> {
    const chunks: Buffer[] = []
    for await (const chunk of response) chunks.push(chunk)
    return Buffer.concat(chunks).toString()
  }

  const sending = (chunks: Iterable<string | Uint8Array>) => (response: ServerResponse) =>
    sendChunks(response as Response, chunks, begin(response))

  it.each([
    ['nothing', [], '0'],
    ['one chunk', ['abc'], '3'],
    ['bytes', [Buffer.from('äbc')], '4'],
    ['an empty chunk', [''], '0'],
  ])('sends %s with its length', async (_name, chunks, length) => {
    send = sending(chunks)
    const response = await get()
    expect([response.headers['content-length'], await read(response)]).toEqual([
      length,
      chunks.map(String).join(''),
    ])
  })

  it('streams several chunks, empty ones among them', async () => {
    send = sending(['', 'a', '', Buffer.from('b'), '', 'c'])
    const response = await get()
    expect([response.headers['transfer-encoding'], await read(response)]).toEqual(['chunked', 'abc'])
  })

  it('makes chunks no faster than a slow client takes them', async () => {
    const chunk = CHUNK.repeat(4)
    let made = 0
    send = sending(
      (function* () {
        for (; made < 1_000; made += 1) yield chunk
      })(),
    )
    const response = await get()
    response.pause()
    let before = -1
    await until(() => {
      const isStalled = made === before
      before = made
      return isStalled && made > 0
    })
    expect(made).toBeLessThan(500)
    expect((await read(response)).length).toBe(1_000 * chunk.length)
  })

  it('stops making chunks when the client leaves', async () => {
    let made = 0
    let isClosed = false
    send = sending(
      (function* () {
        try {
          for (; ; made += 1) yield CHUNK
        } finally {
          isClosed = true
        }
      })(),
    )
    const response = await get()
    response.destroy()
    await until(() => isClosed)
    await sent
    expect(made).toBeGreaterThan(0)
  })

  it('lets other work run while it streams', async () => {
    let turns = 0
    let isDone = false
    const count = (): void => {
      turns += 1
      if (!isDone) setImmediate(count)
    }
    setImmediate(count)
    send = sending(
      (function* () {
        for (let part = 0; part < 20; part += 1) {
          const end = performance.now() + 5
          while (performance.now() < end);
          yield ''
        }
        isDone = true
        yield 'done'
      })(),
    )
    expect(await read(await get())).toBe('done')
    expect(turns).toBeGreaterThan(10)
  })

  it('lets other work run while a client takes every chunk at once', async () => {
    let turns = 0
    let isDone = false
    const count = (): void => {
      turns += 1
      if (!isDone) setImmediate(count)
    }
    send = sending(
      (function* () {
        setImmediate(count)
        for (let part = 0; part < 60; part += 1) {
          const end = performance.now() + 2
          while (performance.now() < end);
          yield CHUNK
        }
        isDone = true
      })(),
    )
    expect((await read(await get())).length).toBe(60 * CHUNK.length)
    expect(turns).toBeGreaterThan(15)
  })

  it('sends nothing when the first chunk cannot be made', async () => {
    let hasSent: boolean | undefined
    send = async (response) => {
      await expect(
        sendChunks(
          response as Response,
          // biome-ignore lint/correctness/useYield: it fails before it yields
          (function* (): Generator<string> {
            throw new Error('refused')
          })(),
          begin(response),
        ),
      ).rejects.toThrow('refused')
      hasSent = response.headersSent
      response.end('told')
    }
    expect(await read(await get())).toBe('told')
    expect(hasSent).toBe(false)
  })

  it('breaks the connection when a later chunk cannot be made', async () => {
    send = sending(
      (function* () {
        yield CHUNK
        yield CHUNK
        throw new Error('broken')
      })(),
    )
    const response = await get()
    await expect(read(response)).rejects.toThrow('aborted')
    await expect(sent).rejects.toThrow('broken')
  })
})
