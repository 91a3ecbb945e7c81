import { execFileSync } from 'node:child_process'
import { jwtCaller } from 'express-esql-async-query'
import type { Answer, Gateway } from '../support/gateway'
import { startGateway } from '../support/gateway'
import { OidcProvider, signingKey } from '../support/oidc-provider'
import type { BuiltPackage } from '../support/server-process'
import { buildPackage, ServerProcess } from '../support/server-process'
import { audience } from '../support/tokens'

const [first, second] = [signingKey('first'), signingKey('second')]

const SECOND_MS = 1_000
const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000

const REFUSED = {
  status: 401,
  json: expect.objectContaining({ error: expect.objectContaining({ type: 'security_exception' }) }),
}
const UNAVAILABLE = {
  status: 503,
  json: expect.objectContaining({
    error: expect.objectContaining({
      type: 'no_shard_available_action_exception',
      reason: 'callers cannot be authenticated at the moment: the key source is unavailable',
    }),
  }),
}

describe('a gateway that trusts an OpenID provider', () => {
  const provider = new OidcProvider()
  let gateway: Gateway
  let id: string
  /** How far the gateway's clock is ahead. Tokens are issued by the machine's. */
  let laterMs: number
  let alice: string

  beforeEach(async () => {
    laterMs = 0
    await provider.start(first)
    alice = await provider.token('alice')
    const silent = { debug() {}, info() {}, warn() {}, error() {} }
    gateway = await startGateway({
      resolveCaller: jwtCaller({
        jwks: { allowHttp: true, logger: silent },
        algorithms: ['RS256'],
        issuer: provider.issuer,
        audience,
        clock: { now: () => Date.now() + laterMs },
      }),
    })
  })
  afterEach(async () => {
    await gateway.close()
    await provider.stop()
  })
  afterAll(() => provider.end())

  const authorized = (token: string) => ({ Authorization: `Bearer ${token}` })
  const get = (token: string): Promise<Answer> =>
    gateway.anonymous(`GET /_query/async/${id}`, { headers: authorized(token) })

  async function submitAs(token: string): Promise<void> {
    const { status, json } = await gateway.anonymous('POST /_query/async', {
      headers: authorized(token),
      body: { query: 'FROM books', keep_on_completion: true },
    })
    expect(status).toBe(200)
    id = (json as { id: string }).id
  }

  it('accepts its users, and shows each only its own queries', async () => {
    await submitAs(alice)
    const mallory = await provider.token('mallory')
    expect((await get(alice)).status).toBe(200)
    expect((await get(mallory)).status).toBe(404)
  })

  it('refuses a token of another signer under the same key name', async () => {
    await submitAs(alice)
    const impostor = await new OidcProvider().start(signingKey('first'))
    const forged = await impostor.token('alice').finally(() => impostor.end())
    expect(await get(forged)).toMatchObject(REFUSED)
  })

  it('follows a rotation: accepts the new key at once, and the old key until it is removed', async () => {
    await submitAs(alice)
    await provider.restart(second, first)
    const renewed = await provider.token('alice')
    expect(renewed).not.toBe(alice)
    laterMs = 31 * SECOND_MS
    expect((await get(renewed)).status).toBe(200)
    expect((await get(alice)).status).toBe(200)
    await provider.restart(second)
    laterMs += 10 * MINUTE_MS
    expect(await get(alice)).toMatchObject(REFUSED)
    expect((await get(renewed)).status).toBe(200)
  })

  it('uses known keys for 24 hours while the provider is down', async () => {
    await submitAs(alice)
    await provider.stop()
    for (const later of [HOUR_MS, 23 * HOUR_MS]) {
      laterMs = later
      expect((await get(alice)).status).toBe(200)
    }
    laterMs = 24 * HOUR_MS
    expect(await get(alice)).toMatchObject(UNAVAILABLE)
    await provider.start(first)
    laterMs += MINUTE_MS
    expect((await get(alice)).status).toBe(200)
  })

  it('refuses nobody with 401 before it has reached the provider', async () => {
    await provider.stop()
    id = 'aWQ'
    expect(await get(alice)).toMatchObject(UNAVAILABLE)
    await provider.start(first)
    laterMs = 31 * SECOND_MS
    await submitAs(alice)
    expect((await get(alice)).status).toBe(200)
  })

  it('refuses no token of a new key with 401 while the provider is down', async () => {
    await submitAs(alice)
    await provider.restart(second)
    const renewed = await provider.token('alice')
    await provider.stop()
    laterMs = 31 * SECOND_MS
    expect(await get(renewed)).toMatchObject(UNAVAILABLE)
    expect((await get(alice)).status).toBe(200)
  })

  describe('in its own process', () => {
    let built: BuiltPackage

    beforeAll(() => {
      built = buildPackage()
    })
    afterAll(() => built.remove())

    it.each([
      ['discovers the keys', () => 'discover'],
      ['takes them from the URL', () => `${provider.issuer}/jwks`],
    ])('%s by its settings', async (_, jwks) => {
      const server = new ServerProcess(built, {
        ESQL_ASYNC_HOST: '127.0.0.1',
        ESQL_ASYNC_PORT: '0',
        ESQL_ASYNC_JWT_JWKS: jwks(),
        ESQL_ASYNC_JWT_JWKS_ALLOW_HTTP: 'true',
        ESQL_ASYNC_SAMPLES: 'true',
        ESQL_ASYNC_JWT_ALGORITHMS: 'RS256',
        ESQL_ASYNC_JWT_ISSUER: provider.issuer,
        ESQL_ASYNC_JWT_AUDIENCE: audience,
      })
      const submit = async (token: string) =>
        fetch(`${await server.url()}/_query/async`, {
          method: 'POST',
          headers: { ...authorized(token), 'content-type': 'application/json' },
          body: JSON.stringify({ query: 'FROM books' }),
        })
      try {
        expect((await submit(alice)).status).toBe(200)
        expect((await submit(`${alice}x`)).status).toBe(401)
      } finally {
        server.kill('SIGTERM')
        await server.exited
      }
    })

    it('logs that the provider is down', async () => {
      await provider.stop()
      const server = new ServerProcess(built, {
        ESQL_ASYNC_HOST: '127.0.0.1',
        ESQL_ASYNC_PORT: '0',
        ESQL_ASYNC_JWT_JWKS: 'discover',
        ESQL_ASYNC_JWT_JWKS_ALLOW_HTTP: 'true',
        ESQL_ASYNC_SAMPLES: 'true',
        ESQL_ASYNC_JWT_ALGORITHMS: 'RS256',
        ESQL_ASYNC_JWT_ISSUER: provider.issuer,
        ESQL_ASYNC_JWT_AUDIENCE: audience,
      })
      try {
        const { status } = await fetch(`${await server.url()}/_query/async/aWQ`, {
          headers: authorized(alice),
        })
        expect(status).toBe(503)
        await server.logged('the keys of the issuer cannot be fetched')
        expect(server.stderr).not.toContain(alice)
      } finally {
        server.kill('SIGTERM')
        await server.exited
      }
    })

    it.each([
      ['after a fetch', 'undefined', 'string'],
      ['in the middle of one', '() => new Promise(() => {})', ''],
    ])(
      'ends by itself %s if nothing else is to do',
      (_, fetch, printed) => {
        const script = `
        const { jwtCaller } = require(${JSON.stringify(`${built.folder}/dist/index.js`)})
        const [issuer, audience, token] = process.argv.slice(1)
        const jwks = { allowHttp: true, timeoutMs: 600_000, fetch: ${fetch} }
        const resolveCaller = jwtCaller({ jwks, algorithms: ['RS256'], issuer, audience })
        resolveCaller({ headers: { authorization: 'Bearer ' + token }, rawHeaders: [] })
          .then(({ owner }) => process.stdout.write(typeof owner))`
        const args = ['-e', script, provider.issuer, audience, alice]
        expect(execFileSync(process.execPath, args, { encoding: 'utf8', timeout: 60_000 })).toBe(printed)
      },
      90_000,
    )
  })
})
