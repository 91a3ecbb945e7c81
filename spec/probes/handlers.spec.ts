import { once } from 'node:events'
import { createServer } from 'node:http'
import express from 'express'
import type { ReadyHandlerOptions } from 'express-esql-async-query'
import {
  asyncQueryRouter,
  healthHandler,
  jwtCaller,
  MemoryStore,
  QueryError,
  readyHandler,
} from 'express-esql-async-query'
import { ManualClock } from 'express-esql-async-query/test-kit'
import supertest from 'supertest'
import { assertDocumented } from '../support/api-contract'
import { Issuer, jwk } from '../support/issuer'
import { rsaKeys } from '../support/tokens'
import { until } from '../support/until'

const silent = { debug() {}, info() {}, warn() {}, error() {} }

let clock: ManualClock
beforeEach(() => {
  clock = new ManualClock()
})

async function ask(handler: ReturnType<typeof readyHandler>) {
  const { status, headers, text, body } = await supertest(express().get('/readyz', handler)).get('/readyz')
  assertDocumented({ method: 'GET', path: '/readyz', status, headers, body: Buffer.from(text) })
  return { status, body }
}

const ready = (options: ReadyHandlerOptions) => readyHandler({ clock, logger: silent, ...options })

describe('healthHandler', () => {
  it.each([
    ['Express', express().get('/healthz', healthHandler())],
    ['node:http', createServer(healthHandler())],
  ])('answers 200 to GET and HEAD, and lets nobody keep the answer: %s', async (_, app) => {
    const got = await supertest(app).get('/healthz')
    expect([got.status, got.body]).toEqual([200, { status: 'ok' }])
    assertDocumented({ ...got, method: 'GET', path: '/healthz', body: Buffer.from(got.text) })
    expect(got.headers).toMatchObject({ 'cache-control': 'no-store', 'content-type': 'application/json' })
    expect(got.headers).not.toHaveProperty('etag')
    const { status, headers } = await supertest(app).head('/healthz')
    expect([status, headers['content-length']]).toEqual([200, got.headers['content-length']])
  })
})

describe('readyHandler', () => {
  it('answers 200 without anything to check', async () => {
    expect(await ask(readyHandler())).toEqual({ status: 200, body: { ready: true, checks: {} } })
  })

  it('checks what can be asked: the router, the store and what finds callers', async () => {
    const store = new MemoryStore({ execute: async () => ({ columns: [], values: [] }) })
    const resolveCaller = () => ({ owner: 'alice' })
    const router = asyncQueryRouter({ store, resolveCaller, logger: silent })
    const handler = ready({ router, store, resolveCaller })
    expect(await ask(handler)).toEqual({ status: 200, body: { ready: true, checks: { drain: 'ok' } } })
    router.drain()
    const body = { ready: false, checks: { drain: 'shutting down' } }
    expect(await ask(handler)).toEqual({ status: 503, body })
  })

  it('shows the reason of a QueryError, and nothing else that may be secret', async () => {
    const checks = {
      told: () => {
        throw new QueryError('exception', 'the disk is full')
      },
      secret: async () => {
        throw new Error('postgres://user:password@db')
      },
      fine: async () => {},
    }
    expect(await ask(ready({ checks }))).toEqual({
      status: 503,
      body: { ready: false, checks: { told: 'the disk is full', secret: 'not available', fine: 'ok' } },
    })
  })

  it('lets a check of its user replace one of ours', async () => {
    const handler = ready({ router: { draining: true }, checks: { drain: () => {} } })
    expect(await ask(handler)).toEqual({ status: 200, body: { ready: true, checks: { drain: 'ok' } } })
  })

  it('answers HEAD with the same status and headers', async () => {
    const app = express().get('/', ready({ router: { draining: true } }))
    const got = await supertest(app).get('/')
    const { status, headers } = await supertest(app).head('/')
    expect([status, headers['content-length'], headers['cache-control']]).toEqual([
      503,
      got.headers['content-length'],
      'no-store',
    ])
  })

  it('asks once for probes that come together, and once a second', async () => {
    let asked = 0
    let answer = (): void => {}
    const check = () => {
      asked += 1
      return new Promise<void>((resolve) => {
        answer = resolve
      })
    }
    const handler = ready({ store: { get: async () => undefined, check } })
    const server = createServer(handler).listen(0, '127.0.0.1')
    await once(server, 'listening')
    let arrived = 0
    server.on('request', () => {
      arrived += 1
    })
    const together = Promise.all([1, 2, 3].map(() => supertest(server).get('/')))
    await until(() => arrived === 3)
    answer()
    expect((await together).map(({ status }) => status)).toEqual([200, 200, 200])
    await clock.advance(999)
    await supertest(server).get('/')
    expect(asked).toBe(1)
    await clock.advance(1)
    const later = supertest(server).get('/').then()
    await until(() => asked === 2)
    answer()
    await later
    server.close()
  })

  it('gives a check its time, and then tells it to give up', async () => {
    let signal: AbortSignal | undefined
    const checks = {
      slow: (given: AbortSignal) => {
        signal = given
        return new Promise<void>(() => {})
      },
    }
    const asked = ask(ready({ checks, timeoutMs: 50 }))
    await until(() => clock.pendingTimers === 1)
    expect(signal?.aborted).toBe(false)
    await clock.advance(50)
    expect(await asked).toEqual({ status: 503, body: { ready: false, checks: { slow: 'not available' } } })
    expect(signal?.aborted).toBe(true)
  })

  it('logs when a check begins and ends failing, and not each time', async () => {
    const logged: unknown[] = []
    const logger = {
      ...silent,
      warn: (...entry: unknown[]) => void logged.push(entry),
      info: (...entry: unknown[]) => void logged.push(entry),
    }
    let failure: Error | undefined = new Error('down')
    const check = async () => {
      if (failure) throw failure
    }
    const handler = ready({ store: { get: async () => undefined, check }, logger, maxAgeMs: 0 })
    const statuses: number[] = []
    for (const next of [failure, undefined, undefined]) {
      statuses.push((await ask(handler)).status)
      failure = next
    }
    statuses.push((await ask(handler)).status)
    expect(statuses).toEqual([503, 503, 200, 200])
    expect(logged).toEqual([
      [{ check: 'store', err: expect.objectContaining({ message: 'down' }) }, 'a check of readiness fails'],
      [{ check: 'store' }, 'a check of readiness succeeds again'],
    ])
  })

  it('answers although the logger fails', async () => {
    const warn = () => {
      throw new Error('disk full')
    }
    const handler = ready({ router: { draining: true }, logger: { ...silent, warn } })
    expect((await ask(handler)).status).toBe(503)
  })

  it('says whether jwtCaller has keys, and fetches them without a request', async () => {
    const issuer = await new Issuer().start()
    issuer.keys = [jwk(rsaKeys.publicKey, { kid: 'first' })]
    issuer.hold()
    const resolveCaller = jwtCaller({
      jwks: {
        url: issuer.jwksUrl,
        allowHttp: true,
        minIntervalMs: 1_000,
        maxAgeMs: 1_000,
        maxOutageMs: 60_000,
      },
      algorithms: ['RS256'],
      issuer: issuer.url,
      audience: 'esql',
      clock,
    })
    const handler = ready({ resolveCaller, timeoutMs: 50 })
    const early = ask(handler)
    await until(() => issuer.requests.length === 1 && clock.pendingTimers === 1)
    await clock.advance(50)
    expect(await early).toEqual({ status: 503, body: { ready: false, checks: { keys: 'not available' } } })
    issuer.release()
    await clock.advance(1_000)
    const fine = { status: 200, body: { ready: true, checks: { keys: 'ok' } } }
    expect(await ask(handler)).toEqual(fine)
    await issuer.stop()
    await clock.advance(30_000)
    expect(await ask(handler)).toEqual(fine)
    await clock.advance(60_000)
    expect(await ask(handler)).toEqual({
      status: 503,
      body: {
        ready: false,
        checks: {
          keys: 'callers cannot be authenticated at the moment: the key source is unavailable',
        },
      },
    })
  })

  it('does not check keys that are given', async () => {
    const resolveCaller = jwtCaller({
      key: rsaKeys.publicKey,
      algorithms: ['RS256'],
      issuer: 'me',
      audience: 'esql',
    })
    expect((await ask(ready({ resolveCaller }))).body).toEqual({ ready: true, checks: {} })
  })

  it.each([
    [{ timeout: 1 }, /does not know the option `timeout`; did you mean `timeoutMs`\?/],
    [{ checks: { db: true } }, /expects `checks` to be an object of functions/],
    [{ timeoutMs: 0 }, /expects `timeoutMs` to be a number > 0/],
  ])('refuses %j', (options, message) => {
    expect(() => readyHandler(options as never)).toThrow(message)
  })
})
