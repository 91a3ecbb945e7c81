import type { KeyObject } from 'node:crypto'
import { createPublicKey, createSecretKey, generateKeyPairSync, randomBytes } from 'node:crypto'
import { inspect } from 'node:util'
import fc from 'fast-check'
import type { Caller } from '../../lib/core/caller'
import { ownerOf } from '../../lib/core/caller'
import { isQueryError, type QueryError } from '../../lib/core/errors'
import type { JwtAlgorithm } from '../../lib/jwt/algorithms'
import { JWT_ALGORITHMS } from '../../lib/jwt/algorithms'
import type { JwtClaims } from '../../lib/jwt/claims'
import type { JwtHeader } from '../../lib/jwt/header'
import { jwtCaller } from '../../lib/jwt/jwt-caller'
import type { JwtCallerOptions } from '../../lib/jwt/options'
import { toErrorResponse } from '../../lib/router/error-answer'
import { startGateway } from '../support/gateway'
import { incomingRequest } from '../support/incoming-request'
import type { SignOptions } from '../support/tokens'
import {
  audience,
  base64url,
  ecKeys,
  issuer,
  jwtOptions,
  keysFor,
  rsaKeys,
  secret,
  signToken,
  token,
} from '../support/tokens'

const NOW_SECONDS = 1_800_000_000
const clock = { now: () => NOW_SECONDS * 1000 }
const claims = { iss: issuer, aud: audience, sub: 'alice', exp: NOW_SECONDS + 60 }

const EXPIRED = 'jwt expired'
const EARLY = 'jwt not active'
const FUTURE = 'the token was issued in the future'

function signed(overrides: Record<string, unknown> = {}, options: SignOptions = {}): string {
  return signToken({ ...claims, ...overrides }, options)
}

/**
 * What a token comes to. It is asked of a caller that has verified another token, and twice: that tokens are
 * remembered changes no verdict.
 */
async function resolve(text: string, overrides: Partial<JwtCallerOptions> = {}): Promise<Caller | undefined> {
  const caller = jwtCaller({ ...jwtOptions, clock, ...overrides })
  const ask = async (jwt: string) => caller(await incomingRequest({ Authorization: `Bearer ${jwt}` }))
  await ask(signed()).catch(() => {})
  const first = await ask(text).then(
    (caller) => ({ caller }),
    (error: unknown) => ({ error }),
  )
  const second = await ask(text).then(
    (caller) => ({ caller }),
    (error: unknown) => ({ error }),
  )
  expect(second).toEqual(first)
  if ('error' in first) throw first.error
  return first.caller
}

async function failure(caller: Promise<unknown>): Promise<QueryError> {
  const outcome = await caller.then(
    () => 'accepted',
    (error: unknown) => error,
  )
  if (!isQueryError(outcome)) throw outcome
  return outcome
}

const CHALLENGE = { 'WWW-Authenticate': 'Bearer realm="security"' }

function unauthorized(reason: string): ReturnType<typeof toErrorResponse> {
  const error = { type: 'security_exception', reason, header: CHALLENGE }
  return { status: 401, headers: CHALLENGE, body: { error: { root_cause: [error], ...error }, status: 401 } }
}

const REFUSED = unauthorized(
  'unable to authenticate with provided credentials and anonymous access is not allowed for this request',
)

/** Checks that a token gets the one 401 of all refusals, which shows nothing of it, and tells the cause. */
async function whyRefused(text: string, overrides: Partial<JwtCallerOptions> = {}): Promise<string> {
  const error = await failure(resolve(text, overrides))
  expect(toErrorResponse(error, { errorTrace: true })).toEqual(REFUSED)
  const { cause, ...own } = { ...error, cause: error.cause }
  expect(own).toEqual({
    name: 'QueryError',
    type: 'security_exception',
    reason: error.message,
    status: 401,
    metadata: {},
    headers: CHALLENGE,
    causedBy: undefined,
    [Symbol.for('express-esql-async-query.QueryError')]: true,
  })
  const logged = inspect(error, { depth: Number.POSITIVE_INFINITY, showHidden: true })
  for (const part of [...text.split('.'), 'alice'].filter(({ length }) => length > 4)) {
    expect(logged).not.toContain(part)
  }
  return (cause as Error).message
}

const strangerRsaKey = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey

/** Fits the algorithm, but is not ours. */
function strangerKey(algorithm: JwtAlgorithm): KeyObject {
  if (algorithm.startsWith('HS')) return createSecretKey(randomBytes(64))
  if (!algorithm.startsWith('ES')) return strangerRsaKey
  const { namedCurve = '' } = keysFor(algorithm).publicKey.asymmetricKeyDetails ?? {}
  return generateKeyPairSync('ec', { namedCurve }).privateKey
}

function tampered(text: string, part: 0 | 1 | 2, replacement: (original: string) => string): string {
  return text
    .split('.')
    .map((original, index) => (index === part ? replacement(original) : original))
    .join('.')
}

/** The caller of a token with the usual claims, which are compared in tests of their own. */
function calledBy(fields: Partial<Caller>): Caller {
  const rights = { canCancelTasks: false, canMonitorQueries: false }
  return { owner: '', ...rights, claims: expect.objectContaining({ aud: expect.anything() }), ...fields }
}

function flipFirst(text: string): string {
  return `${text.startsWith('A') ? 'B' : 'A'}${text.slice(1)}`
}

describe('jwtCaller: signatures', () => {
  it.each(JWT_ALGORITHMS)('accepts %s with the key that fits', async (algorithm) => {
    const key = keysFor(algorithm).publicKey
    expect(await resolve(signed({}, { algorithm }), { key, algorithms: [algorithm] })).toEqual(
      calledBy({ owner: ownerOf(issuer, 'alice') }),
    )
  })

  it.each(JWT_ALGORITHMS)('accepts %s with a key that a function finds', async (algorithm) => {
    const key = (header: JwtHeader) => keysFor(header.alg).publicKey
    expect(await resolve(signed({}, { algorithm }), { key, algorithms: JWT_ALGORITHMS })).toEqual(
      calledBy({ owner: ownerOf(issuer, 'alice') }),
    )
  })

  it.each(JWT_ALGORITHMS)('refuses %s with a signature that was changed', async (algorithm) => {
    const text = tampered(signed({}, { algorithm }), 2, flipFirst)
    const key = keysFor(algorithm).publicKey
    expect(await whyRefused(text, { key, algorithms: [algorithm] })).toBe('invalid signature')
  })

  it.each(JWT_ALGORITHMS)('refuses %s with a payload that was changed', async (algorithm) => {
    const payload = base64url(JSON.stringify({ ...claims, sub: 'mallory' }))
    const text = tampered(signed({}, { algorithm }), 1, () => payload)
    const key = keysFor(algorithm).publicKey
    expect(await whyRefused(text, { key, algorithms: [algorithm] })).toBe('invalid signature')
  })

  it.each(JWT_ALGORITHMS)('refuses %s signed by another key', async (algorithm) => {
    const text = signed({}, { algorithm, key: strangerKey(algorithm) })
    const key = keysFor(algorithm).publicKey
    expect(await whyRefused(text, { key, algorithms: [algorithm] })).toBe('invalid signature')
  })

  it.each(JWT_ALGORITHMS)('refuses %s where it is not allowed', async (algorithm) => {
    const others = JWT_ALGORITHMS.filter((other) => other !== algorithm)
    const key = (): never => {
      throw new Error('no key is looked up')
    }
    expect(await whyRefused(signed({}, { algorithm }), { key, algorithms: others })).toBe(
      `the token is signed with ${algorithm}, which is not allowed`,
    )
  })

  it.each([
    'none',
    'None',
    'NONE',
    'nOnE',
    '',
    'rs256',
    'EdDSA',
    'ES256K',
    'constructor',
    5,
    null,
    ['RS256'],
    {},
  ])('refuses the algorithm %j', async (alg) => {
    expect(await whyRefused(signed({}, { header: { alg } }))).toBe('the token names no known algorithm')
  })

  it('refuses an unsigned token', async () => {
    const unsigned = tampered(signed({}, { header: { alg: 'none' } }), 2, () => '')
    expect(await whyRefused(unsigned)).toBe('the bearer token is not a signed JWT')
  })

  it('refuses a token whose signature was cut off', async () => {
    expect(await whyRefused(tampered(signed(), 2, () => ''))).toBe('the bearer token is not a signed JWT')
  })

  it.each(['RS256', 'PS256'] as const)('refuses the public key of %s used as a secret', async (algorithm) => {
    for (const type of ['spki', 'pkcs1'] as const) {
      for (const pem of pemVariants(rsaKeys.publicKey.export({ format: 'pem', type }).toString())) {
        const text = signed({}, { algorithm: 'HS256', key: createSecretKey(Buffer.from(pem)) })
        expect(await whyRefused(text, { algorithms: [algorithm] })).toBe(
          'the token is signed with HS256, which is not allowed',
        )
        expect(await whyRefused(text, { key: () => pem, algorithms: ['HS256', algorithm] })).toBe(
          'HS256 needs a secret of at least 32 bytes, but the key is a key of type rsa with 2048 bits',
        )
      }
    }
  })

  it('refuses a signature of another algorithm of the same key', async () => {
    const text = signed({}, { algorithm: 'RS256', header: { alg: 'PS256' } })
    expect(await whyRefused(text, { algorithms: ['RS256', 'PS256'] })).toBe('invalid signature')
  })

  it('refuses an EC signature of zeros', async () => {
    const text = tampered(signed({}, { algorithm: 'ES256' }), 2, () => Buffer.alloc(64).toString('base64url'))
    expect(await whyRefused(text, { key: ecKeys.ES256.publicKey, algorithms: ['ES256'] })).toBe(
      'invalid signature',
    )
  })

  it('refuses an EC signature of the wrong length', async () => {
    const text = tampered(signed({}, { algorithm: 'ES256' }), 2, (original) => `${original}AAAA`)
    expect(await whyRefused(text, { key: ecKeys.ES256.publicKey, algorithms: ['ES256'] })).toBe(
      'the payload or the signature of the token is malformed',
    )
  })

  it.each(['jwk', 'x5c', 'jku', 'x5u'])('never uses the key that the header names by `%s`', async (name) => {
    const jwk = createPublicKey(strangerRsaKey).export({ format: 'jwk' })
    const header = { [name]: name === 'jwk' ? jwk : 'https://stranger.example' }
    expect(await whyRefused(signed({}, { key: strangerRsaKey, header }))).toBe('invalid signature')
    expect(await resolve(signed({}, { header }))).toMatchObject({ owner: ownerOf(issuer, 'alice') })
  })
})

/** Texts that a public key is found in, any of which might be signed with. */
function pemVariants(pem: string): string[] {
  return [pem, pem.trim(), pem.replaceAll('\n', '\r\n'), `\n${pem}`, pem.replace(/-----.*-----\n/g, '')]
}

describe('jwtCaller: the form of a token', () => {
  const NOT_A_JWT = 'the bearer token is not a signed JWT'
  const NO_HEADER = 'the header of the token is not a JSON object'
  const MALFORMED = 'the payload or the signature of the token is malformed'
  const NO_AUDIENCE = `jwt audience invalid. expected: ${audience}`

  it.each([
    ['one part', 'abc'],
    ['two parts', 'abc.def'],
    ['four parts', 'abc.def.ghi.jkl'],
    ['an empty header', '.def.ghi'],
    ['an empty payload', 'abc..ghi'],
    ['dots alone', '..'],
    ['a part in another base64', 'ab+/.def.ghi'],
    ['a part that is padded', 'abc.def.ghi='],
  ])('refuses %s', async (_, text) => {
    expect(await whyRefused(text)).toBe(NOT_A_JWT)
  })

  it.each([
    ['garbage', 'header'],
    ['an empty object', '{}', 'the token names no known algorithm'],
    ['a string', '"RS256"'],
    ['a number', '5'],
    ['a list', '[{"alg":"RS256"}]'],
    ['null', 'null'],
    ['an object that ends too early', '{"alg":"RS256"'],
    ['an inherited algorithm', '{"__proto__":{"alg":"RS256"}}', 'the token names no known algorithm'],
  ])('refuses a header that is %s', async (_, text, why = NO_HEADER) => {
    expect(await whyRefused(tampered(signed(), 0, () => base64url(text)))).toBe(why)
  })

  it.each([
    ['garbage', 'some secret text', MALFORMED, NO_AUDIENCE],
    ['a string', '"some secret text"', NO_AUDIENCE, NO_AUDIENCE],
    ['a number', '5', NO_AUDIENCE, NO_AUDIENCE],
    ['null', 'null', MALFORMED, NO_AUDIENCE],
    ['true', 'true', NO_AUDIENCE, NO_AUDIENCE],
    ['a list', `[${JSON.stringify(claims)}]`, NO_AUDIENCE, NO_AUDIENCE],
    ['an object that ends too early', JSON.stringify(claims).slice(0, -1), MALFORMED, NO_AUDIENCE],
    ['an empty object', '{}', NO_AUDIENCE, NO_AUDIENCE],
  ])('refuses a signed payload that is %s', async (_, text, whyTyped, why) => {
    expect(await whyRefused(signToken(text))).toBe(whyTyped)
    expect(await whyRefused(signToken(text, { header: { typ: undefined } }))).toBe(why)
  })

  it.each([undefined, 'JWT', 'jwt', 'at+jwt', 'AT+JWT', 'application/at+jwt', 'application/jwt'])(
    'accepts the type %s',
    async (typ) => {
      expect(await resolve(signed({}, { header: { typ } }))).toMatchObject({
        owner: ownerOf(issuer, 'alice'),
      })
    },
  )

  it.each(['', 'JOSE', 'logout+jwt', 'secevent+jwt', 'dpop+jwt', 'at+jwts', 'xat+jwt', 5, null, {}])(
    'refuses the type %j',
    async (typ) => {
      expect(await whyRefused(signed({}, { header: { typ } }))).toBe(
        'the header of the token has a `typ` that is not the type of a JWT or access token',
      )
    },
  )

  it.each([
    ['crit', ['exp']],
    ['crit', []],
    ['crit', null],
    ['b64', false],
    ['b64', true],
  ])('refuses the extension %s: %j', async (name, value) => {
    expect(await whyRefused(signed({}, { header: { [name]: value } }))).toBe(
      `the header of the token has \`${name}\``,
    )
  })

  it('refuses a token that Node.js still takes, in the envelope and with a line in the log', async () => {
    const events: unknown[] = []
    const info = (event: object) => events.push(event)
    const gateway = await startGateway({ logger: { debug() {}, info, warn: info, error: info } })
    for (const length of [12_288, 12_289, 14_000, 15_500]) {
      const authorization = `Bearer ${'x'.repeat(length)}`
      const { status, json } = await gateway.anonymous('GET /_query/async/x', { headers: { authorization } })
      expect([status, json]).toEqual([
        401,
        { error: expect.objectContaining({ type: 'security_exception' }), status: 401 },
      ])
      const why = length > 12_288 ? 'longer than 12288 characters' : 'not a signed JWT'
      expect(events.splice(0)).toMatchObject([
        { status: 401, err: { message: expect.stringMatching(`^the bearer token is ${why}`) } },
      ])
    }
    await gateway.close()
  })

  it.each(['kid', 'x5t', 'x5t#S256'])('refuses a %s that is no string', async (name) => {
    for (const value of [5, null, {}, ['k'], true]) {
      expect(await whyRefused(signed({}, { header: { [name]: value } }))).toBe(
        `the header of the token has a \`${name}\` that is no string`,
      )
    }
  })

  it('refuses a token that is too long, before a key is looked up', async () => {
    const text = signed({ padding: 'x'.repeat(12_288) })
    const found: unknown[] = []
    const key = (header: JwtHeader) => {
      found.push(header)
      return rsaKeys.publicKey
    }
    expect(await whyRefused(text, { key })).toBe('the bearer token is longer than 12288 characters')
    // Another token was asked about before, and its key was looked up.
    expect(found).toEqual([{ alg: 'RS256' }])
    expect(await resolve(text, { key, maxTokenLength: text.length })).toMatchObject({ canCancelTasks: false })
    expect(await whyRefused(text, { maxTokenLength: text.length - 1 })).toBe(
      `the bearer token is longer than ${text.length - 1} characters`,
    )
  })

  it.each([
    ['another scheme', ['Basic YWxpY2U6c2VjcmV0'], 'the Authorization header is not one bearer token'],
    [
      'two headers',
      [`Bearer ${token()}`, `Bearer ${token()}`],
      'there is more than one Authorization header',
    ],
    [
      'two tokens',
      [`Bearer ${token()}, Bearer ${token()}`],
      'the Authorization header is not one bearer token',
    ],
    ['an empty header', [''], 'the Authorization header is not one bearer token'],
  ])('refuses %s', async (_, headers, why) => {
    const request = await incomingRequest({ Authorization: headers })
    const error = await failure(Promise.resolve(jwtCaller(jwtOptions)(request)))
    expect(toErrorResponse(error)).toEqual(REFUSED)
    expect(error.cause).toEqual(new Error(why))
  })

  it('names the URI in the answer to a request without credentials', async () => {
    const request = await incomingRequest({}, '/es/_query/async/id?format=csv&pretty')
    expect(toErrorResponse(await failure(Promise.resolve(jwtCaller(jwtOptions)(request))))).toEqual(
      unauthorized(
        'missing authentication credentials for REST request [/es/_query/async/id?format=csv&pretty]',
      ),
    )
  })

  it('refuses every token with one changed character', async () => {
    const request = await incomingRequest({ Authorization: 'Bearer abc' })
    const caller = jwtCaller({ ...jwtOptions, clock })
    const valid = signed()
    // The last character of a signature has bits that count for nothing.
    const anyPlace = fc.nat(valid.length - 2)
    const anyCharacter = fc.constantFrom(...'ABCxyz019-_.~+/')
    await fc.assert(
      fc.asyncProperty(anyPlace, anyCharacter, async (place, character) => {
        fc.pre(valid[place] !== character)
        request.headers.authorization = `Bearer ${valid.slice(0, place)}${character}${valid.slice(place + 1)}`
        const error = await failure(Promise.resolve(caller(request)))
        expect(toErrorResponse(error)).toEqual(REFUSED)
      }),
    )
  })
})

describe('jwtCaller: time', () => {
  it.each([
    ['exp', 5, -5, EXPIRED],
    ['exp', 5, -6, EXPIRED],
    ['exp', 5, -4.999, undefined],
    ['exp', 0, 0, EXPIRED],
    ['exp', 0, 0.001, undefined],
    ['exp', 600, -600, EXPIRED],
    ['exp', 600, -599, undefined],
    ['nbf', 5, 5, undefined],
    ['nbf', 5, 5.001, EARLY],
    ['nbf', 0, 0, undefined],
    ['nbf', 0, 0.001, EARLY],
    ['iat', 5, 5, undefined],
    ['iat', 5, 5.001, FUTURE],
    ['iat', 0, 0, undefined],
    ['iat', 0, 0.001, FUTURE],
    ['iat', 5, -1e9, undefined],
  ])('%s with a tolerance of %d s, %d s from now: %s', async (claim, clockToleranceSeconds, seconds, why) => {
    const text = signed({ [claim]: NOW_SECONDS + seconds })
    if (why) expect(await whyRefused(text, { clockToleranceSeconds })).toBe(why)
    else expect(await resolve(text, { clockToleranceSeconds })).toMatchObject({ canCancelTasks: false })
  })

  it('tolerates 5 seconds by default', async () => {
    expect(await resolve(signed({ exp: NOW_SECONDS - 4 }))).toMatchObject({ canCancelTasks: false })
    expect(await whyRefused(signed({ exp: NOW_SECONDS - 5 }))).toBe(EXPIRED)
    expect(await resolve(signed({ nbf: NOW_SECONDS + 5 }))).toMatchObject({ canCancelTasks: false })
    expect(await whyRefused(signed({ nbf: NOW_SECONDS + 6 }))).toBe(EARLY)
    expect(await whyRefused(signed({ iat: NOW_SECONDS + 6 }))).toBe(FUTURE)
  })

  it('uses the given clock, even at the epoch', async () => {
    const atEpoch = { clock: { now: () => 0 }, clockToleranceSeconds: 0 }
    expect(await resolve(signed({ exp: 1 }), atEpoch)).toMatchObject({ canCancelTasks: false })
    expect(await whyRefused(signed({ exp: 0 }), atEpoch)).toBe(EXPIRED)
  })

  it('reads the clock for each token', async () => {
    let nowMs = NOW_SECONDS * 1000
    const caller = jwtCaller({ ...jwtOptions, clock: { now: () => nowMs } })
    const request = await incomingRequest({ Authorization: `Bearer ${signed()}` })
    expect(await caller(request)).toMatchObject({ canCancelTasks: false })
    nowMs += 65_000
    expect((await failure(Promise.resolve(caller(request)))).cause).toMatchObject({ message: EXPIRED })
  })

  it('uses the time of the machine by default', async () => {
    const request = await incomingRequest({ Authorization: `Bearer ${token()}` })
    expect(await jwtCaller(jwtOptions)(request)).toMatchObject({ canCancelTasks: false })
    const late = await incomingRequest({ Authorization: `Bearer ${token({ exp: Date.now() / 1000 - 10 })}` })
    expect((await failure(Promise.resolve(jwtCaller(jwtOptions)(late)))).cause).toMatchObject({
      message: EXPIRED,
    })
  })
})

describe('jwtCaller: claims', () => {
  const NO_EXP = 'the token has no `exp` that is a finite number'
  const NO_SUB = 'the token has no `sub` that is a non-empty string'
  const WRONG_ISSUER = `jwt issuer invalid. expected: ${issuer}`
  const WRONG_AUDIENCE = `jwt audience invalid. expected: ${audience}`

  it.each([
    ['exp', undefined, NO_EXP],
    ['exp', null, 'invalid exp value'],
    ['exp', String(NOW_SECONDS + 60), 'invalid exp value'],
    ['exp', true, 'invalid exp value'],
    ['exp', [NOW_SECONDS + 60], 'invalid exp value'],
    ['nbf', null, 'invalid nbf value'],
    ['nbf', String(NOW_SECONDS - 60), 'invalid nbf value'],
    ['nbf', {}, 'invalid nbf value'],
    ['iat', null, 'the token has an `iat` that is not a finite number'],
    ['iat', String(NOW_SECONDS - 60), 'the token has an `iat` that is not a finite number'],
    ['iat', false, 'the token has an `iat` that is not a finite number'],
    ['iss', undefined, WRONG_ISSUER],
    ['iss', null, WRONG_ISSUER],
    ['iss', '', WRONG_ISSUER],
    ['iss', 'https://other.example', WRONG_ISSUER],
    ['iss', `${issuer}/`, WRONG_ISSUER],
    ['iss', issuer.toUpperCase(), WRONG_ISSUER],
    ['iss', [issuer], WRONG_ISSUER],
    ['iss', { toString: issuer }, WRONG_ISSUER],
    ['aud', undefined, WRONG_AUDIENCE],
    ['aud', null, WRONG_AUDIENCE],
    ['aud', '', WRONG_AUDIENCE],
    ['aud', [], WRONG_AUDIENCE],
    ['aud', 'other', WRONG_AUDIENCE],
    ['aud', `${audience} other`, WRONG_AUDIENCE],
    ['aud', [[audience]], WRONG_AUDIENCE],
    ['aud', ['other', 'another'], WRONG_AUDIENCE],
    ['aud', { [audience]: audience }, WRONG_AUDIENCE],
    ['aud', [audience, 5], 'the token has no `aud` that is a string or a list of strings'],
    ['sub', undefined, NO_SUB],
    ['sub', null, NO_SUB],
    ['sub', '', NO_SUB],
    ['sub', 5, NO_SUB],
    ['sub', ['alice'], NO_SUB],
    ['sub', { id: 'alice' }, NO_SUB],
    ['sub', 'x'.repeat(1_025), 'the token has a `sub` of more than 1024 characters'],
  ])('refuses %s: %j', async (claim, value, why) => {
    expect(await whyRefused(signed({ [claim]: value }))).toBe(why)
  })

  it.each([
    ['exp', '1e999', NO_EXP],
    ['nbf', '-1e999', 'the token has an `nbf` that is not a finite number'],
    ['iat', '-1e999', 'the token has an `iat` that is not a finite number'],
  ])('refuses the number of %s that is %s', async (claim, number, why) => {
    const { exp, ...others } = claims
    const times = claim === 'exp' ? '' : `"exp":${exp},`
    const payload = JSON.stringify(others).replace('{', `{${times}"${claim}":${number},`)
    expect(await whyRefused(signToken(payload))).toBe(why)
  })

  it.each([
    ['an audience among others', { aud: ['other', audience] }],
    ['times that have passed', { nbf: NOW_SECONDS, iat: NOW_SECONDS - 60 }],
    ['claims it does not know', { email: 'alice@example.org', nonce: 5, act: { sub: 'bob' } }],
    ['a long subject', { sub: 'x'.repeat(1_024) }],
  ])('accepts %s', async (_, overrides: Record<string, unknown>) => {
    const owner = ownerOf(issuer, String(overrides.sub ?? 'alice'))
    expect(await resolve(signed(overrides))).toEqual(calledBy({ owner }))
  })

  it('accepts each issuer and audience of a list, and no other', async () => {
    const lists = { issuer: [issuer, 'https://second.example'], audience: [audience, 'reports'] }
    for (const iss of lists.issuer) {
      for (const aud of lists.audience) {
        expect(await resolve(signed({ iss, aud }), lists)).toEqual(calledBy({ owner: ownerOf(iss, 'alice') }))
      }
    }
    expect(await whyRefused(signed({ iss: lists.issuer.join() }), lists)).toBe(
      'jwt issuer invalid. expected: https://issuer.example,https://second.example',
    )
    expect(await whyRefused(signed({ aud: lists.audience.join() }), lists)).toBe(
      'jwt audience invalid. expected: queries or reports',
    )
  })

  it('keeps its own copy of the options', async () => {
    const bytes = randomBytes(32)
    const lists = { algorithms: ['HS256' as JwtAlgorithm], issuer: [issuer], audience: [audience] }
    const cancelTasks = { claim: 'scope', value: 'cancel' }
    const text = signed({ scope: 'cancel' }, { algorithm: 'HS256', key: createSecretKey(bytes) })
    const caller = jwtCaller({ ...lists, key: bytes, clock, cancelTasks })
    bytes.fill(0)
    lists.algorithms[0] = 'RS256'
    lists.issuer[0] = 'https://other.example'
    lists.audience.length = 0
    cancelTasks.value = 'other'
    expect(await caller(await incomingRequest({ Authorization: `Bearer ${text}` }))).toEqual(
      calledBy({ owner: ownerOf(issuer, 'alice'), canCancelTasks: true }),
    )
  })
})

describe('jwtCaller: ownerClaim', () => {
  it('names the owner instead of the subject', async () => {
    const text = signed({ sub: undefined, uid: 'a-17' })
    expect(await resolve(text, { ownerClaim: 'uid' })).toEqual(calledBy({ owner: ownerOf(issuer, 'a-17') }))
  })

  it.each([undefined, null, '', 5, ['a-17'], {}])('refuses the value %j', async (uid) => {
    expect(await whyRefused(signed({ uid }), { ownerClaim: 'uid' })).toBe(
      'the token has no `uid` that is a non-empty string',
    )
  })

  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])(
    'treats %s as a claim like any other',
    async (ownerClaim) => {
      expect(await whyRefused(signed(), { ownerClaim })).toBe(
        `the token has no \`${ownerClaim}\` that is a non-empty string`,
      )
      const payload = JSON.stringify(claims).replace('{', `{"${ownerClaim}":"bob",`)
      expect(await resolve(signToken(payload), { ownerClaim })).toMatchObject({
        owner: ownerOf(issuer, 'bob'),
      })
    },
  )

  it('finds no claim that every object of the process inherits', async () => {
    Object.defineProperty(Object.prototype, 'uid', { value: 'bob', configurable: true })
    try {
      expect(await whyRefused(signed(), { ownerClaim: 'uid' })).toBe(
        'the token has no `uid` that is a non-empty string',
      )
    } finally {
      Reflect.deleteProperty(Object.prototype, 'uid')
    }
  })

  it('finds no claim inside a claim named __proto__', async () => {
    const { sub, ...others } = claims
    const payload = JSON.stringify(others).replace('{', `{"__proto__":${JSON.stringify({ sub })},`)
    expect(await whyRefused(signToken(payload))).toBe('the token has no `sub` that is a non-empty string')
  })
})

describe('jwtCaller: userClaim', () => {
  it('names the user in addition to the owner', async () => {
    expect(await resolve(signed({ login: 'alice' }), { userClaim: 'login' })).toEqual(
      calledBy({
        owner: ownerOf(issuer, 'alice'),

        user: 'alice',
      }),
    )
  })

  it.each([undefined, null, '', 5, ['alice'], {}])('names no user for %j', async (login) => {
    expect(await resolve(signed({ login }), { userClaim: 'login' })).not.toHaveProperty('user')
  })

  it('finds no claim that every object has', async () => {
    expect(await resolve(signed(), { userClaim: 'constructor' })).not.toHaveProperty('user')
  })
})

describe('jwtCaller: the claims of a caller', () => {
  const realm = { roles: ['reader'], count: 5 }

  it('are those of the token, and nothing else of it', async () => {
    const text = signed({ realm })
    const caller = await resolve(text)
    expect(caller?.claims).toEqual({ ...claims, realm })
    const shown = inspect(caller, { depth: null, getters: true, showHidden: true })
    for (const part of text.split('.')) expect(shown).not.toContain(part)
  })

  it('are copied with the caller, by a function around that of jwtCaller', async () => {
    expect({ ...(await resolve(signed({ realm }))), user: 'bob' }).toMatchObject({
      claims: { realm },
      user: 'bob',
    })
  })

  it('are new for each reader, who may change them', async () => {
    const caller = await resolve(signed({ realm }))
    Object.assign(caller?.claims ?? {}, { sub: 'mallory' })
    expect(caller?.claims).toEqual({ ...claims, realm })
  })
})

const RIGHTS = [
  ['cancelTasks', 'canCancelTasks', 'cancel_task'],
  ['monitorQueries', 'canMonitorQueries', 'monitor_esql'],
] as const

describe.each(RIGHTS)('jwtCaller: %s', (option, field, value) => {
  const others = RIGHTS.map(([, name]) => name).filter((name) => name !== field)

  it('grants its right and no other, by a claim or by a function', async () => {
    const text = signed({ scope: `read ${value}` })
    for (const right of [{ claim: 'scope', value }, () => true]) {
      const caller = await resolve(text, { [option]: right })
      expect(caller).toMatchObject({
        [field]: true,
        ...Object.fromEntries(others.map((name) => [name, false])),
      })
      expect(await resolve(signed({ scope: 'read' }), { [option]: { claim: 'scope', value } })).toMatchObject(
        {
          [field]: false,
        },
      )
    }
  })

  it('is decided anew for a token that comes again where a function decides', async () => {
    let isGranted = true
    const caller = jwtCaller({ ...jwtOptions, clock, [option]: async () => isGranted })
    const request = await incomingRequest({ Authorization: `Bearer ${signed()}` })
    expect(await caller(request)).toMatchObject({ [field]: true })
    isGranted = false
    expect(await caller(request)).toMatchObject({ [field]: false })
  })
})

describe('jwtCaller: cancelTasks', () => {
  const test = { claim: 'scope', value: 'cancel_task' }

  it.each([
    ['cancel_task', true],
    ['openid cancel_task email', true],
    ['cancel_tasks', false],
    ['xcancel_task', false],
    ['CANCEL_TASK', false],
    ['', false],
    [undefined, false],
    [null, false],
    [['read', 'cancel_task'], true],
    [['read cancel_task'], false],
    [[], false],
    [[['cancel_task']], false],
    [{ cancel_task: true }, false],
    [true, false],
  ])('a claim %j: %s', async (scope, canCancelTasks) => {
    expect(await resolve(signed({ scope }), { cancelTasks: test })).toEqual(
      calledBy({ owner: ownerOf(issuer, 'alice'), canCancelTasks }),
    )
  })

  it.each(['__proto__', 'constructor'])('treats %s as a claim like any other', async (claim) => {
    const cancelTasks = { claim, value: 'Object' }
    expect(await resolve(signed(), { cancelTasks })).toMatchObject({ canCancelTasks: false })
    const payload = JSON.stringify(claims).replace('{', `{"${claim}":["Object"],`)
    expect(await resolve(signToken(payload), { cancelTasks })).toMatchObject({ canCancelTasks: true })
  })

  it('calls a function with the verified claims', async () => {
    const seen: unknown[] = []
    const cancelTasks = (verified: object) => {
      seen.push(verified)
      return true
    }
    const realm = { roles: ['admin'] }
    expect(await resolve(signed({ realm }), { cancelTasks })).toMatchObject({ canCancelTasks: true })
    expect(seen).toEqual([claims, { ...claims, realm }, { ...claims, realm }])
    seen.length = 0
    await whyRefused(tampered(signed(), 2, flipFirst), { cancelTasks })
    await whyRefused(signed({ sub: '' }), { cancelTasks })
    expect(seen).toEqual([claims, claims])
  })

  it.each([
    [async () => true, true],
    [async () => false, false],
    [() => false, false],
    // What a user without types may return.
    [() => 'yes' as unknown as boolean, false],
    [() => 1 as unknown as boolean, false],
    [() => undefined as unknown as boolean, false],
  ])('a function %s: %s', async (cancelTasks, canCancelTasks) => {
    expect(await resolve(signed(), { cancelTasks })).toMatchObject({ canCancelTasks })
  })

  it('passes on what a function throws', async () => {
    const down = new Error('the directory is down')
    const cancelTasks = () => Promise.reject(down)
    await expect(resolve(signed(), { cancelTasks })).rejects.toBe(down)
  })
})

describe('jwtCaller: a key function', () => {
  const algorithms = ['RS256', 'HS256'] as const

  it('gets only the algorithm and the references to a key from the header', async () => {
    const seen: JwtHeader[] = []
    const key = (header: JwtHeader) => {
      seen.push(header)
      return rsaKeys.publicKey
    }
    const references = { kid: 'first', x5t: 'abc', 'x5t#S256': 'def' }
    const others = {
      jku: 'https://stranger.example',
      x5u: 'https://stranger.example',
      jwk: {},
      x5c: [],
      other: 5,
    }
    await resolve(signed({}, { header: { ...references, ...others } }), { key })
    const sent = { alg: 'RS256', ...references }
    expect(seen).toEqual([{ alg: 'RS256' }, sent, sent])
  })

  it.each([
    ['nothing', () => undefined],
    ['a promise of nothing', async () => undefined],
    // What a user without types may return.
    ['null', () => null as unknown as undefined],
  ])('that finds %s refuses the token', async (_, key) => {
    expect(await whyRefused(signed(), { key })).toBe('there is no key for the token')
  })

  it('that finds a key too weak refuses the token', async () => {
    const weak = generateKeyPairSync('rsa', { modulusLength: 1024 })
    expect(await whyRefused(signed({}, { key: weak.privateKey }), { key: () => weak.publicKey })).toBe(
      'RS256 needs a key of type rsa with at least 2048 bits, but the key is a key of type rsa with 1024 bits',
    )
    const short = randomBytes(31)
    const text = signed({}, { algorithm: 'HS256', key: createSecretKey(short) })
    expect(await whyRefused(text, { key: () => short, algorithms })).toBe(
      'HS256 needs a secret of at least 32 bytes, but the key is a secret of 31 bytes',
    )
  })

  it('that finds a key of another kind refuses the token', async () => {
    expect(await whyRefused(signed(), { key: () => secret, algorithms })).toBe(
      'RS256 needs a key of type rsa with at least 2048 bits, but the key is a secret of 64 bytes',
    )
  })

  const down = new Error('connect ECONNREFUSED')

  it.each([
    ['rejects', () => Promise.reject(down), down],
    [
      'throws',
      () => {
        throw down
      },
      down,
    ],
    [
      'finds what is no key',
      () => 5 as unknown as string,
      new TypeError('jwtCaller cannot use `key`: it is none of secret, PEM, KeyObject and JWK'),
    ],
    [
      'finds a broken PEM',
      () => '-----BEGIN PUBLIC KEY-----\nabc\n-----END PUBLIC KEY-----',
      new TypeError('jwtCaller cannot use `key`: it looks like a PEM, but cannot be read as one'),
    ],
  ])('that %s leads to an outage, not a refusal', async (_, key, cause) => {
    const error = await failure(resolve(signed(), { key }))
    const reason = 'callers cannot be authenticated at the moment: the key source is unavailable'
    const described = { type: 'no_shard_available_action_exception', reason }
    expect(toErrorResponse(error)).toEqual({
      status: 503,
      headers: {},
      body: { error: { root_cause: [described], ...described }, status: 503 },
    })
    expect(error.cause).toEqual(cause)
  })

  it('cannot change what is verified', async () => {
    const key = (header: JwtHeader) => {
      header.alg = 'RS256'
      return rsaKeys.publicKey
    }
    const text = signed({}, { algorithm: 'RS256', header: { alg: 'PS256' } })
    expect(await whyRefused(text, { key, algorithms: ['PS256'] })).toBe('invalid signature')
  })

  it('runs for each token, so that a key can be withdrawn', async () => {
    let key: KeyObject | undefined = rsaKeys.publicKey
    const caller = jwtCaller({ ...jwtOptions, clock, key: () => key })
    const request = await incomingRequest({ Authorization: `Bearer ${signed()}` })
    expect(await caller(request)).toMatchObject({ canCancelTasks: false })
    key = undefined
    expect((await failure(Promise.resolve(caller(request)))).cause).toEqual(
      new Error('there is no key for the token'),
    )
  })
})

describe('jwtCaller: a token that comes again', () => {
  async function callerAnd(overrides: Partial<JwtCallerOptions>, jwt = signed()) {
    const caller = jwtCaller({ ...jwtOptions, clock, ...overrides })
    const request = await incomingRequest({ Authorization: `Bearer ${jwt}` })
    return { caller, ask: async () => caller(request) }
  }

  it('gives a function fresh claims each time, so that the function may change them', async () => {
    const seen: unknown[] = []
    const cancelTasks = (claims: JwtClaims) => {
      const roles = claims.roles as string[]
      seen.push([...roles])
      return roles.sort().pop() === 'z' && delete claims.roles
    }
    const { ask } = await callerAnd({ cancelTasks }, signed({ roles: ['z', 'a'] }))
    for (const _ of [1, 2, 3]) expect(await ask()).toMatchObject({ canCancelTasks: true })
    expect(seen).toEqual([
      ['z', 'a'],
      ['z', 'a'],
      ['z', 'a'],
    ])
  })

  it('has the rights that a test of its claims gave it', async () => {
    const cancelTasks = { claim: 'scope', value: 'cancel' }
    const { ask } = await callerAnd({ cancelTasks }, signed({ scope: 'read cancel' }))
    for (const _ of [1, 2]) expect(await ask()).toMatchObject({ canCancelTasks: true })
  })

  it('has the rights that a function gives its claims now', async () => {
    let isAdmin = true
    const { ask } = await callerAnd({ cancelTasks: async () => isAdmin })
    expect(await ask()).toMatchObject({ canCancelTasks: true })
    isAdmin = false
    expect(await ask()).toMatchObject({ canCancelTasks: false })
  })

  it('gives a new caller each time, so that a host may change it', async () => {
    const { ask } = await callerAnd({})
    const first = await ask()
    Object.assign(first as object, { owner: 'mallory' })
    expect(await ask()).toEqual(calledBy({ owner: ownerOf(issuer, 'alice') }))
  })

  it('is verified with the current key', async () => {
    let key: KeyObject = rsaKeys.publicKey
    const { ask } = await callerAnd({ key: () => key })
    const caller = await ask()
    key = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey
    expect((await failure(ask())).cause).toMatchObject({ message: 'invalid signature' })
    key = rsaKeys.publicKey
    expect(await ask()).toEqual(caller)
  })

  it('is refused while the key source is down', async () => {
    let isDown = false
    const key = () => {
      if (isDown) throw new Error('connect ECONNREFUSED')
      return rsaKeys.publicKey
    }
    const { ask } = await callerAnd({ key })
    await ask()
    isDown = true
    expect((await failure(ask())).status).toBe(503)
  })

  it.each([
    ['exp', 65_000, EXPIRED],
    ['nbf', -6_000, EARLY],
    ['iat', -6_000, FUTURE],
  ])('is refused for its %s when the clock has moved by %d ms', async (claim, moved, why) => {
    let nowMs = NOW_SECONDS * 1000
    const seconds = claim === 'exp' ? NOW_SECONDS + 60 : NOW_SECONDS
    const { ask } = await callerAnd({ clock: { now: () => nowMs } }, signed({ [claim]: seconds }))
    const caller = await ask()
    nowMs += moved
    expect((await failure(ask())).cause).toMatchObject({ message: why })
    nowMs -= moved
    expect(await ask()).toEqual(caller)
  })

  it('does not let another token through that differs in one character', async () => {
    const jwt = signed()
    const { caller, ask } = await callerAnd({}, jwt)
    await ask()
    for (const part of [0, 1, 2] as const) {
      const other = await incomingRequest({ Authorization: `Bearer ${tampered(jwt, part, flipFirst)}` })
      expect(toErrorResponse(await failure(Promise.resolve(caller(other))))).toEqual(REFUSED)
    }
  })

  it('is refused if it expires while its key is looked up, the first and the second time', async () => {
    let nowMs = NOW_SECONDS * 1000
    let lookUpMs = 66_000
    const key = async () => {
      nowMs += lookUpMs
      return rsaKeys.publicKey
    }
    const { ask } = await callerAnd({ clock: { now: () => nowMs }, key })
    expect((await failure(ask())).cause).toMatchObject({ message: EXPIRED })
    nowMs = NOW_SECONDS * 1000
    lookUpMs = 0
    await ask()
    lookUpMs = 66_000
    expect((await failure(ask())).cause).toMatchObject({ message: EXPIRED })
  })

  it('is verified again by another jwtCaller', async () => {
    const { ask } = await callerAnd({})
    await ask()
    const { ask: askOther } = await callerAnd({ audience: 'other' })
    expect(toErrorResponse(await failure(askOther()))).toEqual(REFUSED)
  })
})
