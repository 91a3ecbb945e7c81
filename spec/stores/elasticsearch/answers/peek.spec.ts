import { once } from 'node:events'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { PassThrough, type Readable } from 'node:stream'
import { peek } from '../../../../lib/stores/elasticsearch/answers/peek'

const shout = (bytes: Buffer): Buffer => Buffer.from(bytes.toString().toUpperCase())

async function textOf(body: Readable | Buffer): Promise<string> {
  return Buffer.isBuffer(body) ? body.toString() : Buffer.concat(await body.toArray()).toString()
}

describe('a look at the beginning of a body', () => {
  let server: Server
  let answer: (response: ServerResponse) => void

  beforeEach(async () => {
    server = createServer((_request, response) => answer(response)).listen(0, '127.0.0.1')
    await once(server, 'listening')
  })
  afterEach(() => {
    server.closeAllConnections()
    server.close()
  })

  async function get(): Promise<IncomingMessage> {
    const sending = request({ host: '127.0.0.1', port: (server.address() as AddressInfo).port, agent: false })
    sending.end()
    const [response] = (await once(sending, 'response')) as [IncomingMessage]
    return response
  }

  it('makes bytes of one that has come in full, and lets its connection go', async () => {
    answer = (response) => response.end('hello')
    const body = await get()
    const closed = once(body, 'close')
    expect(await peek(body, shout)).toEqual(Buffer.from('HELLO'))
    await closed
    expect(body.readableEnded).toBe(true)
  })

  it('leaves a long one a stream whose end has not come', async () => {
    const long = 'hello '.repeat(1_000)
    let end = (): void => {}
    answer = (response) => {
      response.write(long)
      end = () => response.end('world')
    }
    const begun = await peek(await get(), shout)
    expect(Buffer.isBuffer(begun)).toBe(false)
    end()
    expect(await textOf(begun)).toMatch(/^(HELLO )+(hello )*world$/)
  })

  it('makes bytes of a short one whose end comes later, and changes just what was seen', async () => {
    answer = (response) => {
      response.write('hello ')
      setImmediate(() => setImmediate(() => response.end('world')))
    }
    const bytes = await peek(await get(), shout)
    expect([Buffer.isBuffer(bytes), String(bytes)]).toEqual([true, expect.stringMatching(/^HELLO world$/i)])
  })

  it('waits for more until it has seen enough, or all', async () => {
    const body = new PassThrough()
    const seen: [string, boolean][] = []
    const peeking = peek(body, (bytes, isAll) => {
      seen.push([bytes.toString(), isAll])
      return isAll ? shout(bytes) : undefined
    })
    for (const piece of ['a', 'b']) {
      body.write(piece)
      await once(body, 'readable')
    }
    body.end()
    expect([await textOf(await peeking), seen.at(-1)]).toEqual(['AB', ['ab', true]])
  })

  it.each([
    ['breaks', (body: PassThrough) => body.destroy(new Error('broken')), 'broken'],
    ['closes', (body: PassThrough) => body.destroy(), 'the answer of the cluster has been broken off'],
  ])('rejects when the body %s meanwhile, and when it has done so before', async (_, fail, message) => {
    const body = new PassThrough().on('error', () => {})
    const peeking = peek(body, () => undefined)
    fail(body)
    await expect(peeking).rejects.toThrow(message)
    await expect(peek(body, () => undefined)).rejects.toThrow(message)
    expect(['readable', 'end', 'close'].map((event) => body.listenerCount(event))).toEqual([0, 0, 0])
  })
})
