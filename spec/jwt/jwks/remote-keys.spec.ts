import { generateKeyPairSync } from 'node:crypto'
import { inspect } from 'node:util'
import { ManualClock } from 'express-esql-async-query/test-kit'
import type { JwksOptions } from '../../../lib/jwt/jwks/options'
import { jwtCaller } from '../../../lib/jwt/jwt-caller'
import type { VerificationKey } from '../../../lib/jwt/key'
import type { FindKey } from '../../../lib/jwt/key-finder'
import { resolveJwtOptions } from '../../../lib/jwt/options'
import { startGateway } from '../../support/gateway'
import { incomingRequest } from '../../support/incoming-request'
import { Issuer, jwk } from '../../support/issuer'
import { audience, ecKeys, rsaKeys, token } from '../../support/tokens'
import { until } from '../../support/until'

const [first, second] = [rsaKeys.publicKey, generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey]
const FIRST = { alg: 'RS256', kid: 'first' } as const
const SECOND = { alg: 'RS256', kid: 'second' } as const

const SECOND_MS = 1_000
const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000

/** A key that is known is found at once. These specs wait for it in any case. */
type FindLater = (...question: Parameters<FindKey>) => Promise<VerificationKey>

describe('RemoteKeys', () => {
  let issuer: Issuer
  let clock: ManualClock
  let warnings: [object, string][]
  const open = new Set<Issuer>()

  beforeEach(async () => {
    issuer = await startIssuer()
    clock = new ManualClock()
    warnings = []
    publish('first')
  })
  afterEach(async () => {
    for (const each of open) {
      each.release()
      await each.stop()
    }
    open.clear()
  })

  async function startIssuer(port?: number): Promise<Issuer> {
    const started = await new Issuer().start(port)
    open.add(started)
    return started
  }

  async function stopIssuer(): Promise<void> {
    open.delete(issuer)
    await issuer.stop()
  }

  async function restartIssuer(): Promise<void> {
    issuer = await startIssuer(Number(new URL(issuer.url).port))
    publish('first')
  }

  function publish(...kids: ('first' | 'second')[]): void {
    issuer.keys = kids.map((kid) => jwk(kid === 'first' ? first : second, { kid, use: 'sig' }))
  }

  function finder(jwks: JwksOptions = {}): FindLater {
    const logger = {
      debug() {},
      info() {},
      error() {},
      warn: (...line: [object, string]) => warnings.push(line),
    }
    const { keys } = resolveJwtOptions({
      jwks: { url: issuer.jwksUrl, allowHttp: true, logger, timeoutMs: HOUR_MS, ...jwks },
      algorithms: ['RS256', 'ES256'],
      issuer: issuer.url,
      audience,
      clock,
    })
    return async (...question) => keys.find(...question)
  }

  /** What a caller gets. */
  async function outcome(found: ReturnType<FindKey>) {
    try {
      const { key } = await found
      return key.equals(first) ? 'first' : key.equals(second) ? 'second' : 'another key'
    } catch (error) {
      return (error as { status: number }).status
    }
  }

  /** Resolves when a fetch that nobody waits for has brought this about. */
  async function eventually(
    find: FindLater,
    header: typeof FIRST | typeof SECOND,
    expected: unknown,
  ): Promise<void> {
    while ((await outcome(find(header))) !== expected) await new Promise(setImmediate)
  }

  describe('fetching keys', () => {
    it('fetches once for all tokens that come before the keys', async () => {
      const find = finder()
      const found = await Promise.all(Array.from({ length: 50 }, () => outcome(find(FIRST))))
      expect([...new Set(found)]).toEqual(['first'])
      expect(issuer.requests).toEqual(['/jwks'])
    })

    it('fetches nothing before the first token', () => {
      finder()
      expect(issuer.requests).toEqual([])
    })

    it('fetches a new key when a token names it, and keeps the object of the old key', async () => {
      const find = finder()
      const before = await find(FIRST)
      publish('first', 'second')
      await clock.advance(30 * SECOND_MS)
      expect(await outcome(find(SECOND))).toBe('second')
      expect((await find(FIRST)).key).toBe(before.key)
      expect(issuer.requests).toHaveLength(2)
    })

    it('fetches again when the clock has been set back, because the keys then look young', async () => {
      let nowMs = 10 * HOUR_MS
      const { find } = resolveJwtOptions({
        jwks: { url: issuer.jwksUrl, allowHttp: true },
        algorithms: ['RS256'],
        issuer: issuer.url,
        audience,
        clock: { now: () => nowMs },
      }).keys
      expect(await outcome(find(FIRST))).toBe('first')
      publish('second')
      nowMs -= 2 * HOUR_MS
      expect([await outcome(find(FIRST)), await outcome(find(SECOND))]).toEqual([401, 'second'])
    })

    it('fetches once for all unknown kids at a time, and then not within the interval', async () => {
      const find = finder()
      await find(FIRST)
      await clock.advance(30 * SECOND_MS)
      const invented = (from: number) =>
        Promise.all(
          Array.from({ length: 50 }, (_, n) => outcome(find({ alg: 'RS256', kid: `kid-${from + n}` }))),
        )
      expect(new Set(await invented(0))).toEqual(new Set([401]))
      expect(issuer.requests).toHaveLength(2)
      await clock.advance(30 * SECOND_MS - 1)
      expect(new Set(await invented(100))).toEqual(new Set([401]))
      expect(issuer.requests).toHaveLength(2)
      await clock.advance(1)
      expect(new Set(await invented(200))).toEqual(new Set([401]))
      expect(issuer.requests).toHaveLength(3)
    })

    it('finds known keys while other tokens wait for unknown keys', async () => {
      const find = finder()
      await find(FIRST)
      await clock.advance(30 * SECOND_MS)
      issuer.hold()
      publish('first', 'second')
      const invented = outcome(find({ alg: 'RS256', kid: 'invented' }))
      const honest = outcome(find(SECOND))
      await until(() => issuer.requests.length === 2)
      expect(await outcome(find(FIRST))).toBe('first')
      issuer.release()
      expect(await Promise.all([invented, honest])).toEqual([401, 'second'])
      expect(issuer.requests).toHaveLength(2)
    })

    it('finds a key that was new within the interval as soon as the interval is over', async () => {
      const find = finder()
      await find(FIRST)
      await clock.advance(30 * SECOND_MS)
      expect(await outcome(find({ alg: 'RS256', kid: 'invented' }))).toBe(401)
      publish('first', 'second')
      await clock.advance(30 * SECOND_MS - 1)
      expect(await outcome(find(SECOND))).toBe(401)
      await clock.advance(1)
      expect(await outcome(find(SECOND))).toBe('second')
    })

    it('counts the interval from the end of a fetch', async () => {
      const find = finder()
      issuer.hold()
      const found = outcome(find(FIRST))
      await until(() => issuer.requests.length === 1)
      await clock.advance(MINUTE_MS)
      issuer.release()
      expect(await found).toBe('first')
      expect(await outcome(find(SECOND))).toBe(401)
      expect(issuer.requests).toHaveLength(1)
    })
  })

  describe('removed keys', () => {
    it('are found when half of the age has passed, and no token waits for that', async () => {
      const find = finder()
      await find(FIRST)
      publish('second')
      await clock.advance(5 * MINUTE_MS - 1)
      expect(await outcome(find(FIRST))).toBe('first')
      expect(issuer.requests).toHaveLength(1)
      await clock.advance(1)
      issuer.hold()
      expect(await outcome(find(FIRST))).toBe('first')
      await until(() => issuer.requests.length === 2)
      expect(await outcome(find(FIRST))).toBe('first')
      issuer.release()
      await eventually(find, FIRST, 401)
      expect(await outcome(find(SECOND))).toBe('second')
      expect(issuer.requests).toHaveLength(2)
    })

    it('do not work at the full age, even without tokens in between', async () => {
      const find = finder()
      await find(FIRST)
      publish('second')
      await clock.advance(10 * MINUTE_MS)
      expect(await outcome(find(FIRST))).toBe(401)
      expect(await outcome(find(SECOND))).toBe('second')
      expect(issuer.requests).toHaveLength(2)
    })

    it('do not work at the full age, even while the fetch at half of it still runs', async () => {
      const find = finder()
      await find(FIRST)
      publish('second')
      await clock.advance(5 * MINUTE_MS)
      issuer.hold()
      expect(await outcome(find(FIRST))).toBe('first')
      await clock.advance(5 * MINUTE_MS)
      const found = outcome(find(FIRST))
      await until(() => issuer.requests.length === 2)
      issuer.release()
      expect(await found).toBe(401)
      expect(issuer.requests).toHaveLength(2)
    })

    it('do not work if the key set is empty', async () => {
      const find = finder()
      await find(FIRST)
      publish()
      await clock.advance(10 * MINUTE_MS)
      expect(await outcome(find(FIRST))).toBe(401)
    })

    it('age from the beginning of their fetch', async () => {
      const find = finder({ maxAgeMs: 10 * MINUTE_MS })
      issuer.hold()
      const found = outcome(find(FIRST))
      await until(() => issuer.requests.length === 1)
      await clock.advance(10 * MINUTE_MS - 31 * SECOND_MS)
      issuer.release()
      await found
      await clock.advance(31 * SECOND_MS)
      publish('second')
      expect(await outcome(find(FIRST))).toBe(401)
    })

    it('stop working within the configured age', async () => {
      const find = finder({ maxAgeMs: 2 * SECOND_MS })
      await find(FIRST)
      publish('second')
      await clock.advance(2 * SECOND_MS)
      expect(await outcome(find(FIRST))).toBe(401)
    })
  })

  describe('an outage', () => {
    it('before the first fetch leads to a 503, with one attempt in each interval', async () => {
      await stopIssuer()
      const find = finder()
      const found = await Promise.all(Array.from({ length: 20 }, () => outcome(find(FIRST))))
      expect(new Set(found)).toEqual(new Set([503]))
      await clock.advance(30 * SECOND_MS - 1)
      expect(await outcome(find(FIRST))).toBe(503)
      expect(warnings).toHaveLength(1)
      await restartIssuer()
      expect(await outcome(find(FIRST))).toBe(503)
      expect(issuer.requests).toEqual([])
      await clock.advance(1)
      expect(await outcome(find(FIRST))).toBe('first')
    })

    it('lets known keys work for 24 hours from the last fetch, and then leads to a 503', async () => {
      const find = finder()
      const before = await find(FIRST)
      await stopIssuer()
      await clock.advance(24 * HOUR_MS - 31 * SECOND_MS)
      expect((await find(FIRST)).key).toBe(before.key)
      await clock.advance(31 * SECOND_MS - 1)
      expect((await find(FIRST)).key).toBe(before.key)
      await clock.advance(1)
      expect(await outcome(find(FIRST))).toBe(503)
    })

    it('lets known keys work for the configured time', async () => {
      const find = finder({ maxOutageMs: 10 * MINUTE_MS })
      await find(FIRST)
      await stopIssuer()
      await clock.advance(10 * MINUTE_MS - 1)
      expect(await outcome(find(FIRST))).toBe('first')
      await clock.advance(1)
      expect(await outcome(find(FIRST))).toBe(503)
    })

    it('leads to a 503 for an unknown key, because the token may be valid', async () => {
      const find = finder()
      await find(FIRST)
      await stopIssuer()
      await clock.advance(30 * SECOND_MS)
      expect(await outcome(find(SECOND))).toBe(503)
      expect(await outcome(find(SECOND))).toBe(503)
      expect(await outcome(find(FIRST))).toBe('first')
      expect(warnings).toHaveLength(1)
    })

    it('lets no token wait for another attempt soon after the last one', async () => {
      const find = finder()
      await find(FIRST)
      issuer.answer = (_, response) => response.writeHead(500).end()
      await clock.advance(10 * MINUTE_MS)
      expect(await outcome(find(FIRST))).toBe('first')
      await clock.advance(30 * SECOND_MS)
      issuer.hold()
      expect(await outcome(find(FIRST))).toBe('first')
      await until(() => issuer.requests.length === 3)
      expect(await outcome(find(FIRST))).toBe('first')
    })

    it('ends the work of keys that were removed during it', async () => {
      const find = finder()
      await find(FIRST)
      issuer.answer = (_, response) => response.writeHead(500).end()
      await clock.advance(10 * MINUTE_MS)
      expect(await outcome(find(FIRST))).toBe('first')
      issuer.answer = undefined
      publish('second')
      await clock.advance(MINUTE_MS)
      expect(await outcome(find(FIRST))).toBe(401)
      expect(await outcome(find(SECOND))).toBe('second')
    })

    it.each<[string, unknown]>([
      ['no list', {}],
      ['a list of something else', { keys: 'first' }],
    ])('includes %s, which removes no key', async (_, document) => {
      const find = finder()
      await find(FIRST)
      issuer.answer = (_request, response) => response.end(JSON.stringify(document))
      await clock.advance(10 * MINUTE_MS)
      expect(await outcome(find(FIRST))).toBe('first')
      expect(warnings).toHaveLength(1)
    })

    it('makes a token wait no longer than the time limit of a fetch', async () => {
      issuer.hold()
      const find = finder({ timeoutMs: 1 })
      expect(await outcome(find(FIRST))).toBe(503)
    })

    it('makes a token wait no longer in the middle of an answer', async () => {
      issuer.answer = (_, response) => response.writeHead(200).write('{')
      expect(await outcome(finder({ timeoutMs: 1 })(FIRST))).toBe(503)
    })

    it('is logged once for each attempt, without the text of the answer', async () => {
      issuer.answer = (_, response) => response.end('topsecret')
      const find = finder({ url: `${issuer.jwksUrl}?topsecret` })
      const error = await find(FIRST).catch((thrown) => thrown)
      await outcome(find(FIRST))
      expect(warnings).toEqual([
        [
          { err: expect.objectContaining({ message: 'the key set is not a JSON object' }) },
          'the keys of the issuer cannot be fetched',
        ],
      ])
      expect(error.cause).toEqual(new Error('the key set is not a JSON object'))
      const { message, stack, cause } = error
      expect(inspect([message, stack, cause, warnings])).not.toContain('topsecret')
    })

    it('is told to the logger of the router, unless `jwks` has one of its own', async () => {
      await stopIssuer()
      const told: string[] = []
      const loggerOf = (name: string) => {
        const tell = () => void told.push(name)
        return { debug() {}, info() {}, warn: tell, error() {} }
      }
      for (const logger of [undefined, loggerOf('its own')]) {
        const jwks = { url: issuer.jwksUrl, allowHttp: true, ...(logger && { logger }) }
        const resolveCaller = jwtCaller({ jwks, algorithms: ['RS256'], issuer: issuer.url, audience, clock })
        const gateway = await startGateway({ resolveCaller, logger: loggerOf('of the router') })
        expect((await gateway.alice('GET /_query/async/x')).status).toBe(503)
        await gateway.close()
      }
      expect(told).toEqual(['of the router', 'its own'])
    })

    it('is told to the console where nobody names a logger', async () => {
      await stopIssuer()
      const warn = jest.spyOn(console, 'warn').mockImplementation()
      const jwks = { url: issuer.jwksUrl, allowHttp: true }
      const resolve = jwtCaller({ jwks, algorithms: ['RS256'], issuer: issuer.url, audience, clock })
      await expect(
        resolve(await incomingRequest({ authorization: `Bearer ${token()}` })),
      ).rejects.toMatchObject({ status: 503 })
      expect(warn.mock.calls).toEqual([['the keys of the issuer cannot be fetched', expect.anything()]])
      warn.mockRestore()
    })

    it('leads to a 503 even if the logger fails', async () => {
      await stopIssuer()
      const broken = () => {
        throw new Error('the disk is full')
      }
      const find = finder({ logger: { debug: broken, info: broken, warn: broken, error: broken } })
      expect(await outcome(find(FIRST))).toBe(503)
    })
  })

  describe('a token', () => {
    it('without kid is verified with the only key that fits', async () => {
      issuer.keys = [jwk(first), jwk(ecKeys.ES256.publicKey, { kid: 'ec' })]
      expect(await outcome(finder()({ alg: 'RS256' }))).toBe('first')
      expect(await outcome(finder()({ alg: 'ES256' }))).toBe('another key')
    })

    it.each([[{ alg: 'RS256' } as const], [FIRST]])(
      'that fits several keys is refused: %j',
      async (header) => {
        issuer.keys = [jwk(first, { kid: 'first' }), jwk(second, { kid: 'first' })]
        const find = finder()
        for (const _ of ['fetched', 'known']) {
          const error = await find(header).catch((thrown) => thrown)
          expect(error).toMatchObject({
            status: 401,
            cause: new Error('more than one key of the key set fits the token'),
          })
        }
      },
    )

    it('for a key of another type is refused', async () => {
      const error = await finder()({ ...FIRST, alg: 'ES256' }).catch((thrown) => thrown)
      expect(error).toMatchObject({ status: 401, cause: new Error('the key set has no key for the token') })
    })
  })

  describe('discovery', () => {
    const DISCOVERY = '/.well-known/openid-configuration'
    const discovering = { url: undefined } as unknown as JwksOptions

    it('reads the document of the issuer again for each fetch', async () => {
      const find = finder(discovering)
      expect(await outcome(find(FIRST))).toBe('first')
      issuer.metadata = { jwks_uri: `${issuer.url}/moved` }
      publish('second')
      await clock.advance(10 * MINUTE_MS)
      expect(await outcome(find(SECOND))).toBe('second')
      expect(issuer.requests).toEqual([DISCOVERY, '/jwks', DISCOVERY, '/moved'])
    })

    it.each([
      [
        { issuer: 'https://other.example' },
        'the discovery document is that of the issuer "https://other.example"',
      ],
      [
        { jwks_uri: 'ftp://topsecret' },
        'the discovery document has no `jwks_uri` that is an https URL without credentials',
      ],
    ])('refuses a document with %j', async (metadata, message) => {
      issuer.metadata = metadata
      const error = await finder(discovering)(FIRST).catch((thrown) => thrown)
      expect(error).toMatchObject({ status: 503, cause: { message: expect.stringContaining(message) } })
      expect(issuer.requests).toEqual([DISCOVERY])
    })

    it('has one time limit for both documents', async () => {
      const signals: unknown[] = []
      const find = finder({
        ...discovering,
        fetch: (url, init) => {
          signals.push(init.signal)
          return fetch(url, init)
        },
      })
      expect(await outcome(find(FIRST))).toBe('first')
      expect(signals).toEqual([expect.any(AbortSignal), signals[0]])
      expect(signals[1]).toBe(signals[0])
    })
  })

  it('fetches with the given function', async () => {
    const calls: unknown[] = []
    const find = finder({
      url: 'https://issuer.example/jwks?p=policy',
      allowHttp: false,
      fetch: async (url, { redirect }) => {
        calls.push([url, redirect])
        return new Response(JSON.stringify({ keys: issuer.keys }))
      },
    })
    expect(await outcome(find(FIRST))).toBe('first')
    expect(calls).toEqual([['https://issuer.example/jwks?p=policy', 'manual']])
  })

  it.each([undefined, new Error('no proxy')])('answers 503 if that function throws %p', async (thrown) => {
    const find = finder({ fetch: () => Promise.reject(thrown) })
    expect(await outcome(find(FIRST))).toBe(503)
    expect(warnings).toHaveLength(1)
  })
})
