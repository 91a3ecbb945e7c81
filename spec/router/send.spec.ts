import { once } from 'node:events'
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import type { Response } from 'express'
import type { Rows } from '../../lib/core/result'
import type { Piece } from '../../lib/formats/writer'
import { Disconnects } from '../../lib/router/disconnects'
import { sendChunks } from '../../lib/router/send'
import { Waits } from '../../lib/router/waits'
import { until } from '../support/until'

const CHUNK = 'x'.repeat(16_384)

const waits = new Waits(new Disconnects(), { maxWaits: 1, maxWaitsPerOwner: 1 })
const begin = (response: ServerResponse) => waits.begin(response as Response, undefined)

/** Of what is written in the turn in which the connection breaks, Node.js 26 sends nothing, not even the head. */
const BROKEN = /aborted|socket hang up/

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

  const sending = (chunks: Iterable<Piece>) => (response: ServerResponse) =>
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
    await expect(get().then(read)).rejects.toThrow(BROKEN)
    await expect(sent).rejects.toThrow('broken')
  })

  describe('a batch that the writer asks for', () => {
    /** A promise of rows, and what settles it. */
    function batch() {
      let settle!: { resolve: (rows: Rows) => void; reject: (error: unknown) => void }
      const promise = new Promise<Rows>((resolve, reject) => {
        settle = { resolve, reject }
      })
      return { promise, ...settle }
    }

    it('is handed back when it has come, before and after the first chunk', async () => {
      const [first, second] = [batch(), batch()]
      send = sending(
        (function* (): Generator<Piece, void, Rows> {
          const begin = yield first.promise
          yield String(begin)
          const end = yield second.promise
          yield String(end)
        })(),
      )
      const response = get()
      first.resolve([['a']])
      setImmediate(() => second.resolve([['b']]))
      expect(await read(await response)).toBe('ab')
    })

    it('ends with the client, whether or not it comes', async () => {
      const missing = batch()
      let isClosed = false
      send = sending(
        (function* (): Generator<Piece, void, Rows> {
          try {
            yield CHUNK
            yield CHUNK
            yield missing.promise
          } finally {
            isClosed = true
          }
        })(),
      )
      const response = await get()
      response.destroy()
      await until(() => isClosed)
      await sent
      missing.reject(new Error('nobody is there'))
    })

    it.each([
      ['have no rows', 0],
      ['are rows of a pass that writes nothing', 1],
    ])('lets other work run when any number of others come at once and %s', async (_, rows) => {
      let turns = 0
      let isDone = false
      const count = (): void => {
        turns += 1
        if (!isDone) setImmediate(count)
      }
      send = sending(
        (function* (): Generator<Piece, void, Rows> {
          setImmediate(count)
          for (const end = performance.now() + 10_000; turns < 5 && performance.now() < end; ) {
            yield Promise.resolve(Array.from({ length: rows }, () => []))
          }
          isDone = true
          yield 'done'
        })(),
      )
      expect(await read(await get())).toBe('done')
      expect(turns).toBeGreaterThanOrEqual(5)
    })

    it('that cannot be read is an outage of the store before the first chunk', async () => {
      send = async (response) => {
        const pieces = (function* (): Generator<Piece> {
          yield Promise.reject(new Error('gone'))
        })()
        const sending = sendChunks(response as Response, pieces, begin(response))
        await expect(sending).rejects.toMatchObject({ status: 503, cause: new Error('gone') })
        response.end(String(response.headersSent))
      }
      expect(await read(await get())).toBe('false')
    })

    it('that cannot be read breaks the connection after it', async () => {
      send = sending(
        (function* (): Generator<Piece> {
          yield CHUNK
          yield CHUNK
          yield Promise.reject(new Error('gone'))
        })(),
      )
      await expect(get().then(read)).rejects.toThrow(BROKEN)
      await expect(sent).rejects.toMatchObject({ cause: new Error('gone') })
    })
  })

  it('breaks the connection to a client of HTTP/1.0 with a reset, since an end would look whole', async () => {
    let fail = (): void => {}
    send = sending(
      (function* (): Generator<Piece> {
        yield CHUNK
        yield CHUNK
        yield new Promise<never>((_resolve, reject) => {
          fail = () => reject(new Error('gone'))
        })
      })(),
    )
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
    socket.resume().write('GET / HTTP/1.0\r\n\r\n')
    // libuv takes a reset for an end where it comes together with bytes.
    await until(() => socket.bytesRead > 2 * CHUNK.length)
    fail()
    // Resolves at an end without an error.
    await expect(once(socket, 'close')).rejects.toMatchObject({ code: 'ECONNRESET' })
  })
})
