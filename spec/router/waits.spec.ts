import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import type { Response } from 'express'
import type { Owner } from '../../lib/core/caller'
import { ownerOf } from '../../lib/core/caller'
import { Disconnects } from '../../lib/router/disconnects'
import type { Wait } from '../../lib/router/waits'
import { Waits } from '../../lib/router/waits'

const alice = ownerOf('issuer', 'alice')
const bob = ownerOf('issuer', 'bob')

describe('Waits', () => {
  let waits: Waits
  beforeEach(() => {
    waits = new Waits(new Disconnects(), { maxWaits: 3, maxWaitsPerOwner: 2 })
  })

  /** Runs a function with a real response, and returns that response afterwards. */
  async function onResponse(run: (response: Response) => Promise<void>): Promise<ServerResponse> {
    const server = createServer()
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
    const [, response] = (await once(server, 'request')) as [IncomingMessage, ServerResponse]
    const running = run(response as Response)
    await running.finally(() => {
      socket.destroy()
      server.closeAllConnections()
      server.close()
    })
    return response
  }

  async function during(response: Response, owner: Owner, run: (wait: Wait) => Promise<void>): Promise<void> {
    const wait = waits.begin(response, owner)
    await run(wait).finally(() => waits.end(wait))
  }

  it('leaves no listener and no entry behind', async () => {
    let before = 0
    const response = await onResponse(async (current) => {
      before = current.listenerCount('close')
      await during(current, alice, async ({ signal, isAbandoned }) => {
        expect([signal.aborted, isAbandoned, waits.count]).toEqual([false, false, 1])
      })
      expect([current.listenerCount('close'), waits.count]).toEqual([before, 0])
    })
    expect(response.listenerCount('close')).toBe(before)
  })

  it('tells each listener once that a wait ends early, and none that has left', async () => {
    await onResponse(async (response) => {
      const wait = waits.begin(response, alice)
      const told: string[] = []
      const listener = (name: string) => ({ handleEvent: () => void told.push(name) })
      const [first, second, left, leftToo] = ['first', 'second', 'left', 'left too'].map(listener)
      if (!first || !second || !left || !leftToo) throw new Error('there are four')
      wait.addEventListener('abort', left)
      wait.addEventListener('abort', leftToo)
      for (const gone of [left, leftToo]) wait.removeEventListener('abort', gone)
      wait.addEventListener('abort', first)
      wait.addEventListener('abort', second)
      expect([wait.aborted, wait.signal.aborted]).toEqual([false, false])
      waits.drain()
      expect([wait.aborted, wait.signal.aborted, told.toSorted()]).toEqual([true, true, ['first', 'second']])
      wait.abort()
      expect(told).toHaveLength(2)
      waits.end(wait)
    })
  })

  it('refuses waits above a limit, and names the limit', async () => {
    await onResponse(async (response) => {
      const begin = (owner: Owner) => waits.begin(response, owner)
      const begun = [begin(alice), begin(alice)]
      const refusal = (who: string, limit: number) =>
        expect.objectContaining({
          type: 'es_rejected_execution_exception',
          status: 429,
          reason:
            `rejected execution of query: ${who} [${limit}] requests waiting already, the limit is [${limit}]; ` +
            'ask [/_query/async] with [wait_for_completion_timeout=0] or try again later',
        })
      expect(() => begin(alice)).toThrow(refusal('you have', 2))
      begun.push(begin(bob))
      expect(() => begin(bob)).toThrow(refusal('the server has', 3))
      for (const wait of begun) waits.end(wait)
    })
  })

  it('ends every wait when it drains, and later waits at once', async () => {
    await onResponse(async (response) => {
      await during(response, alice, async ({ signal }) => {
        const ended = once(signal, 'abort')
        waits.drain()
        await ended
      })
      await during(response, alice, async ({ signal, isAbandoned }) => {
        expect([signal.aborted, isAbandoned]).toEqual([true, false])
      })
    })
  })

  it('ends a wait when the client leaves, and marks it as abandoned', async () => {
    await onResponse(async (response) => {
      await during(response, alice, async (wait) => {
        const ended = once(wait.signal, 'abort')
        response.req.socket.destroy()
        await ended
        expect(wait.isAbandoned).toBe(true)
      })
      await during(response, alice, async ({ signal, isAbandoned }) => {
        expect([signal.aborted, isAbandoned]).toEqual([true, true])
      })
    })
  })

  it('keeps the end of a drain and a client that leaves apart', async () => {
    await onResponse(async (response) => {
      await during(response, alice, async (wait) => {
        const { gone, signal } = wait
        waits.drain()
        expect([signal.aborted, gone.aborted]).toEqual([true, false])
        const left = once(gone.signal, 'abort')
        response.req.socket.destroy()
        await left
      })
      await during(response, alice, async ({ gone }) => expect(gone.aborted).toBe(true))
    })
  })

  it('has a limit in all and one per owner, and counts only requests that wait', async () => {
    await onResponse(async (response) => {
      const one = waits.begin(response, alice)
      waits.begin(response, alice)
      expect(() => waits.begin(response, alice)).toThrow('you have [2] requests waiting already')
      waits.begin(response, bob)
      expect(() => waits.begin(response, bob)).toThrow('the server has [3] requests waiting already')
      waits.end(waits.begin(response, undefined))
      waits.end(one)
      waits.begin(response, bob)
      expect(waits.count).toBe(3)
    })
  })

  it('has no limit while it drains, because no request waits', async () => {
    await onResponse(async (response) => {
      waits.drain()
      for (let time = 0; time < 10; time += 1) waits.begin(response, alice)
      expect(waits.count).toBe(10)
    })
  })
})
