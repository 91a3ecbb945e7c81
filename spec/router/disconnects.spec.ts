import { once } from 'node:events'
import { createServer, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import type { Response } from 'express'
import { Disconnects, type Watcher } from '../../lib/router/disconnects'
import { until } from '../support/until'

describe('Disconnects', () => {
  const disconnects = new Disconnects()
  let server: Server
  let client: Socket
  let responses: Response[]
  let gone: string[]

  beforeEach(async () => {
    responses = []
    gone = []
    server = createServer((_request, response: ServerResponse) => {
      responses.push(response as Response)
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    client = connect((server.address() as AddressInfo).port, '127.0.0.1')
    client.resume()
  })
  afterEach(() => {
    client.destroy()
    server.closeAllConnections()
    server.close()
  })

  /** Sends several requests at once, before any answer. */
  async function pipeline(count: number): Promise<Response[]> {
    const expected = responses.length + count
    client.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(count))
    await until(() => responses.length === expected)
    return responses.slice(-count)
  }

  /** Watches a response, and returns a function that ends the watch. */
  function watch(response: Response | undefined, name: string): () => void {
    const onGone = (): void => void gone.push(name)
    const watcher: Watcher = { response: response as Response, place: undefined, onGone }
    disconnects.watch(watcher)
    return () => disconnects.unwatch(watcher)
  }

  /** The number of listeners on the connection, and on each response. */
  const listeners = () => [
    responses[0]?.req.socket.listenerCount('close'),
    ...responses.map((response) => response.listenerCount('close')),
  ]

  it('notifies the watcher of each pipelined request when the client leaves', async () => {
    const [first, second, third] = await pipeline(3)
    watch(first, 'first')
    watch(second, 'second')
    watch(third, 'third')
    expect([first, second, third].map((response) => disconnects.isGone(response as Response))).toEqual([
      false,
      false,
      false,
    ])
    client.destroy()
    await until(() => gone.length === 3)
    expect(gone.sort()).toEqual(['first', 'second', 'third'])
    expect(disconnects.isGone(third as Response)).toBe(true)
  })

  it('notifies the watcher of a response whose turn on the connection came later', async () => {
    const [first, second] = await pipeline(2)
    watch(second, 'second')
    first?.end()
    await until(() => second?.socket !== null)
    client.destroy()
    await until(() => gone.length === 1)
    expect(gone).toEqual(['second'])
  })

  it('notifies each watcher once', async () => {
    const [first] = await pipeline(1)
    watch(first, 'one')
    watch(first, 'two')
    watch(first, 'three')
    client.destroy()
    await until(() => gone.length === 3)
    await once(server.close(), 'close')
    expect(gone).toEqual(['one', 'two', 'three'])
  })

  it('notifies no watcher of a response that has been sent', async () => {
    const [first] = await pipeline(1)
    watch(first, 'first')
    first?.end()
    await once(first as Response, 'close')
    client.destroy()
    await once(server.close(), 'close')
    expect(gone).toEqual([])
  })

  it('notifies no watcher that has ended its watch, and leaves no listener behind', async () => {
    const before = await pipeline(2).then(listeners)
    const [first, second] = responses
    const ends = [
      watch(first, 'a'),
      watch(first, 'b'),
      watch(second, 'c'),
      watch(second, 'd'),
      watch(second, 'e'),
    ]
    // There is one listener for any number of watchers.
    expect(listeners().map((count, index) => (count ?? 0) - (before[index] ?? 0))).toEqual([1, 0, 0])
    for (const end of ends.slice(0, 4)) end()
    expect(listeners().map((count, index) => (count ?? 0) - (before[index] ?? 0))).toEqual([1, 0, 0])
    first?.end()
    await until(() => second?.socket !== null)
    ends[4]?.()
    expect(listeners()[0]).toBe(before[0])
    client.destroy()
    await once(server.close(), 'close')
    expect(gone).toEqual([])
  })

  it('keeps nothing of earlier answers on a connection', async () => {
    await pipeline(1)
    const before = listeners()[0]
    for (let times = 0; times < 50; times += 1) {
      const response = responses.at(-1)
      watch(response, 'x')()
      response?.end()
      await pipeline(1)
    }
    expect(listeners()[0]).toBe(before)
  })
})
