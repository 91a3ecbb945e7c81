import { ManualClock } from 'express-esql-async-query/test-kit'
import { resolveJwtOptions } from '../../../lib/jwt/options'
import { Issuer, jwk } from '../../support/issuer'
import { Measurements } from '../../support/measured'
import { audience, rsaKeys } from '../../support/tokens'

describe('the measurements of keys', () => {
  let issuer: Issuer
  let measurements: Measurements
  let clock: ManualClock

  beforeEach(async () => {
    issuer = await new Issuer().start()
    issuer.keys = [jwk(rsaKeys.publicKey, { kid: 'first', use: 'sig' })]
    measurements = new Measurements()
    clock = new ManualClock()
  })
  afterEach(async () => {
    await issuer.stop()
    await measurements.close()
  })

  function finder(jwks: object = {}) {
    const { meterProvider } = measurements
    const given = { meterProvider, allowHttp: true, logger: { warn() {} } as never, ...jwks }
    const { keys } = resolveJwtOptions({
      algorithms: ['RS256'],
      issuer: issuer.url,
      audience,
      clock,
      jwks: given,
    })
    const find = async () => keys.find({ alg: 'RS256', kid: 'first' })
    return () => find().catch((error) => error.status)
  }

  const server = { 'server.address': '127.0.0.1' }

  it('are of fetches, and of the age of the keys, and of nothing before the first fetch', async () => {
    const find = finder()
    expect(await measurements.of('esql_async.keys.age')).toEqual([])
    await find()
    await clock.advance(90_000)
    await find()
    expect(await measurements.of('esql_async.keys.fetch.duration')).toEqual([
      { attributes: server, value: 1 },
    ])
    expect(await measurements.of('esql_async.keys.age')).toEqual([{ attributes: server, value: 90 }])
  })

  it.each<[string, object]>([
    ['404', { fetch: async () => ({ status: 404, redirected: false, body: null }) }],
    ['timeout', { timeoutMs: 1, fetch: () => new Promise(() => {}) }],
    [
      'ECONNRESET',
      { fetch: () => Promise.reject(Object.assign(new TypeError('x'), { cause: { code: 'ECONNRESET' } })) },
    ],
    ['TypeError', { fetch: () => Promise.reject(new TypeError('x')) }],
    [
      'unusable_answer',
      { fetch: async () => ({ status: 200, redirected: false, body: [Buffer.from('[]')] }) },
    ],
    ['redirect', { fetch: async () => ({ status: 302, redirected: true, body: null }) }],
  ])('say that a fetch has failed with %s', async (kind, jwks) => {
    expect(await finder(jwks)()).toBe(503)
    expect(await measurements.of('esql_async.keys.fetch.duration')).toEqual([
      { attributes: { ...server, 'error.type': kind }, value: 1 },
    ])
    expect(await measurements.of('esql_async.keys.age')).toEqual([])
  })
})
