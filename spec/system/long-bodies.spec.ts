import { request as httpRequest } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import type { AsyncQueryRouterOptions } from 'express-esql-async-query'
import { type Cluster, startCluster } from '../support/cluster'
import { createStore, TRANSPORTS } from '../support/elasticsearch-gateway'
import { type Gateway, startGateway } from '../support/gateway'
import { token } from '../support/tokens'

const LIMIT = 16 * 2 ** 20

/** A terms filter of a million values, as long as a body may be. */
function longest(end: string): string {
  const begin = '{"query":"x","filter":{"terms":{"a":["0123456789"'
  const value = ',"0123456789"'
  const text = begin + value.repeat(Math.floor((LIMIT - begin.length - end.length) / value.length))
  return text + ' '.repeat(LIMIT - text.length - end.length) + end
}

const ACCEPTED = longest(']}}}')

/** Counts the turns of the event loop, from when a body has come to the end of its answer. */
class Turns {
  count = 0
  #isCounting = false

  begin(): void {
    this.#isCounting = true
    const turn = (): void => {
      if (!this.#isCounting) return
      this.count += 1
      setImmediate(turn)
    }
    setImmediate(turn)
  }

  end(): void {
    this.#isCounting = false
  }
}

interface Submitted {
  status: number
  error: unknown
  turns: number
  gateway: Gateway
}

/** Submits a body, and counts the turns that others have before the query starts or the answer comes. */
async function submit(body: string, options: Partial<AsyncQueryRouterOptions> = {}): Promise<Submitted> {
  const turns = new Turns()
  const gateway = await startGateway({
    isDocumented: false,
    ...options,
    before: (app) =>
      app.use((request, response, next) => {
        request.on('end', () => turns.begin())
        response.on('finish', () => turns.end())
        next()
      }),
  })
  const headers = { authorization: `Bearer ${token()}`, 'content-type': 'application/json' }
  const answer = await fetch(`${gateway.url}/_query/async`, { method: 'POST', headers, body })
  const { error } = (await answer.json()) as { error?: unknown }
  await gateway.close()
  return { status: answer.status, error, turns: turns.count, gateway }
}

describe('a body as long as the limit', () => {
  let cluster: Cluster
  beforeAll(async () => {
    cluster = await startCluster({})
  })
  afterAll(() => cluster.close())

  it('leaves others hundreds of turns, and reaches the engine of a MemoryStore', async () => {
    expect(ACCEPTED).toHaveLength(LIMIT)
    const { status, turns, gateway } = await submit(ACCEPTED)
    expect(status).toBe(200)
    expect(turns).toBeGreaterThan(300)
    expect(isDeepStrictEqual(gateway.engine.requests, [JSON.parse(ACCEPTED)])).toBe(true)
  })

  it.each(TRANSPORTS)(
    'leaves others hundreds of turns on its way to a cluster over %s',
    async (transport) => {
      const { store, close } = createStore(transport, cluster.url)
      const { status, turns } = await submit(ACCEPTED, { store, maxKeepAliveMs: 60_000 })
      await close()
      expect(status).toBe(200)
      expect(turns).toBeGreaterThan(300)
      const { body, headers } = cluster.request
      expect(body.equals(Buffer.from(ACCEPTED.replace('{', '{"keep_alive":"60000ms",')))).toBe(true)
      expect(headers['content-length']).toBe(String(body.length))
    },
  )

  it.each([
    ['cut off', ACCEPTED.slice(0, -1), 'x_content_e_o_f_exception'],
    ['wrong at its end', longest(']}},"wrong":1}'), 'x_content_parse_exception'],
    [
      'wrong in its last parameter',
      `{"query":"x","params":[${`"${'0'.repeat(30)}",`.repeat(490_000)}[[]]]}`,
      'x_content_parse_exception',
    ],
  ])('leaves others hundreds of turns when it is %s', async (_what, body, type) => {
    const { status, error, turns } = await submit(body)
    expect([status, error]).toEqual([400, expect.objectContaining({ type })])
    expect(turns).toBeGreaterThan(100)
  })

  it('is refused with 413 when it is one byte longer', async () => {
    const { status, error } = await submit(` ${ACCEPTED}`)
    const reason = 'content length exceeded 16777216 bytes.'
    expect([status, error]).toEqual([
      413,
      expect.objectContaining({ type: 'too_long_http_content_exception', reason }),
    ])
  })

  it('is read no further when its client leaves', async () => {
    const ended: unknown[] = []
    const logger = { debug() {}, info() {}, warn() {}, error() {}, isLevelEnabled: () => true }
    let turnsAfter = 0
    let leave = (): void => {}
    const gateway = await startGateway({
      isDocumented: false,
      logger: {
        ...logger,
        info: (entry: unknown) => ended.push(entry),
        warn: (entry: unknown) => ended.push(entry),
      },
      before: (app) =>
        app.use((request, _response, next) => {
          request.on('end', () => leave())
          next()
        }),
    })
    const client = httpRequest(`${gateway.url}/_query/async`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token()}`, 'content-type': 'application/json' },
    })
    client.on('error', () => {})
    leave = () => {
      client.destroy()
      const turn = (): void => {
        turnsAfter += 1
        if (ended.length === 0) setImmediate(turn)
      }
      setImmediate(turn)
    }
    client.end(ACCEPTED)
    await new Promise((resolve) => client.once('close', resolve))
    while (ended.length === 0) await delay(1)
    await gateway.close()
    expect(turnsAfter).toBeLessThan(100)
    expect(gateway.engine.requests).toEqual([])
  })
})
