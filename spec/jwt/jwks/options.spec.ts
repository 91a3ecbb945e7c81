import { inspect } from 'node:util'
import { systemClock } from '../../../lib/core/clock'
import type { JwtAlgorithm } from '../../../lib/jwt/algorithms'
import { resolveJwksOptions } from '../../../lib/jwt/jwks/options'
import { jwtCaller } from '../../../lib/jwt/jwt-caller'
import type { JwtCallerOptions } from '../../../lib/jwt/options'
import { audience, issuer } from '../../support/tokens'

/** What a user without types may pass. */
function create(jwks: unknown, overrides: object = {}): unknown {
  const options = { jwks, algorithms: ['RS256'], issuer, audience, ...overrides }
  return jwtCaller(options as JwtCallerOptions)
}

const url = 'https://issuer.example/jwks'
const TIMES = ['maxAgeMs', 'minIntervalMs', 'maxOutageMs', 'timeoutMs']

describe('jwks of jwtCaller', () => {
  it.each<[string, unknown]>([
    ['nothing but that it is wanted', {}],
    ['a URL', { url }],
    ['a URL object', { url: new URL(url) }],
    ['http, where it is allowed', { url: 'http://localhost/jwks', allowHttp: true }],
    ['an age above every default', { maxAgeMs: 172_800_000 }],
    ['an age below every default', { maxAgeMs: 1_000 }],
    ['an outage below every default', { maxOutageMs: 1_000 }],
    ['an outage without an end', { maxOutageMs: Number.POSITIVE_INFINITY }],
    [
      'options that are undefined',
      Object.fromEntries([...TIMES, 'url', 'fetch'].map((name) => [name, undefined])),
    ],
    [
      'everything',
      {
        url,
        maxAgeMs: 2,
        minIntervalMs: 2,
        maxOutageMs: 2,
        timeoutMs: 1,
        allowHttp: false,
        fetch,
        logger: console,
      },
    ],
  ])('accepts %s', (_, jwks) => {
    expect(create(Object.freeze(jwks))).toBeInstanceOf(Function)
  })

  it.each([
    [{}, [600_000, 30_000, 86_400_000, 5_000]],
    [{ maxAgeMs: 10_000 }, [10_000, 10_000, 86_400_000, 5_000]],
    [{ maxAgeMs: 172_800_000 }, [172_800_000, 30_000, 172_800_000, 5_000]],
    [{ maxOutageMs: 60_000 }, [60_000, 30_000, 60_000, 5_000]],
    [{ maxOutageMs: 172_800_000 }, [600_000, 30_000, 172_800_000, 5_000]],
    [{ maxAgeMs: 4, minIntervalMs: 3, maxOutageMs: 5, timeoutMs: 6 }, [4, 3, 5, 6]],
  ])('with %j has these times: age, interval, outage, fetch: %j', (jwks, expected) => {
    const use = { algorithms: ['RS256'], issuers: [issuer], clock: systemClock } as const
    const times = resolveJwksOptions(jwks, use)
    expect([times.maxAgeMs, times.minIntervalMs, times.maxOutageMs, times.timeoutMs]).toEqual(expected)
  })

  it.each<[unknown, string]>([
    [true, 'jwtCaller expects `jwks` to be an object'],
    [null, 'jwtCaller expects `jwks` to be an object'],
    [url, 'jwtCaller expects `jwks` to be an object'],
    [{ uri: url }, '`jwks` of jwtCaller does not know the option `uri`; did you mean `url`?'],
    [{ cache: true }, '`jwks` of jwtCaller does not know the option `cache`; known are: url, maxAgeMs, '],
    ...TIMES.flatMap((name): [unknown, string][] =>
      [0, -1, Number.NaN, '5'].map((value) => [
        { [name]: value },
        `\`jwks\` of jwtCaller expects \`${name}\` to be a number > 0, got \`${value}\``,
      ]),
    ),
    [{ allowHttp: 'no' }, '`jwks` of jwtCaller expects `allowHttp` to be a boolean, got `no` (string)'],
    [{ fetch: {} }, '`jwks` of jwtCaller expects `fetch` to be a function, got a value of type object'],
    [{ logger: 'no' }, '`jwks` of jwtCaller expects `logger` to be an object, got `no` (string)'],
    [
      { minIntervalMs: 3, maxAgeMs: 2 },
      '`jwks` of jwtCaller expects `minIntervalMs` (3) to be at most `maxAgeMs` (2)',
    ],
    [
      { maxAgeMs: 3, maxOutageMs: 2 },
      '`jwks` of jwtCaller expects `maxAgeMs` (3) to be at most `maxOutageMs` (2)',
    ],
  ])('refuses %p', (jwks, message) => {
    expect(() => create(jwks)).toThrow(TypeError)
    expect(() => create(jwks)).toThrow(message)
  })

  it.each([
    'http://issuer.example/jwks',
    'http://localhost/jwks',
    'https://topsecret@issuer.example/jwks',
    'https://user:topsecret@issuer.example/jwks',
    'ftp://issuer.example/topsecret',
    '/jwks?topsecret',
    '',
  ])('refuses the URL %j, and does not show it', (location) => {
    const error = thrownBy(() => create({ url: location }))
    expect(error).toEqual(
      new TypeError(
        '`jwks` of jwtCaller expects `url` to be an https URL without credentials, or an http URL with `allowHttp: true`',
      ),
    )
    expect(inspect({ ...error, message: error.message })).not.toContain('topsecret')
  })

  it.each([
    'accounts',
    'http://issuer.example',
    'https://user:topsecret@issuer.example',
    'https://issuer.example?a',
  ])('refuses discovery for the issuer %j, and says what to do', (name) => {
    const error = thrownBy(() => create({}, { issuer: name }))
    expect(error).toEqual(
      new TypeError(
        'jwtCaller cannot discover the keys of this `issuer`, which is not an https URL without credentials, ' +
          'or an http URL with `allowHttp: true`; give their `url` in `jwks`',
      ),
    )
    expect(create({ url }, { issuer: name })).toBeInstanceOf(Function)
  })

  it.each([[{}], [{ url }]])('takes only one issuer: refuses %j', (jwks) => {
    expect(create(jwks, { issuer: [issuer] })).toBeInstanceOf(Function)
    expect(() => create(jwks, { issuer: [issuer, 'https://second.example'] })).toThrow(
      new TypeError(
        'jwtCaller takes exactly one `issuer` with `jwks`, so that keys of one never verify tokens of another; ' +
          'make one jwtCaller for each',
      ),
    )
  })

  it.each<JwtAlgorithm>(['HS256', 'HS384', 'HS512'])('has no keys for %s', (algorithm) => {
    expect(() => create({ url }, { algorithms: ['RS256', algorithm] })).toThrow(
      new TypeError(
        `jwtCaller cannot use \`${algorithm}\` of \`algorithms\` with \`jwks\`: it needs a secret, and what is ` +
          'published is none',
      ),
    )
  })
})

function thrownBy(run: () => unknown): Error {
  try {
    run()
  } catch (error) {
    if (error instanceof TypeError) return error
  }
  throw new Error('it is not refused')
}
