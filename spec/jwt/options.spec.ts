import { randomBytes } from 'node:crypto'
import { inspect } from 'node:util'
import { jwtCaller } from '../../lib/jwt/jwt-caller'
import type { JwtCallerOptions } from '../../lib/jwt/options'
import { ecKeys, jwtOptions, rsaKeys, secret } from '../support/tokens'

const clock = { now: () => 0 }

/** What a user without types may pass. */
function create(options: object): unknown {
  return jwtCaller(options as JwtCallerOptions)
}

function createWith(overrides: object): unknown {
  return create({ ...jwtOptions, ...overrides })
}

/** `jwks` stands in place of `key`. */
const ALL_NAMES = Object.keys(allOptions()).toSpliced(1, 0, 'jwks')

const ALGORITHMS = 'HS256, HS384, HS512, RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512'

describe('options of jwtCaller', () => {
  it.each([undefined, null, 5, 'options'])('refuses %j instead of options', (options) => {
    expect(() => create(options as unknown as object)).toThrow(TypeError)
  })

  it.each([
    ['audiance', 'did you mean `audience`?'],
    ['algorithm', 'did you mean `algorithms`?'],
    ['clockTolerance', 'did you mean `clockToleranceSeconds`?'],
    ['ignoreExpiration', `known are: ${ALL_NAMES.join(', ')}`],
  ])('refuses the unknown name %s', (name, hint) => {
    expect(() => createWith({ [name]: true })).toThrow(
      new TypeError(`jwtCaller does not know the option \`${name}\`; ${hint}`),
    )
  })

  it.each(['key', 'algorithms', 'issuer', 'audience'])('requires %s', (name) => {
    expect(() => createWith({ [name]: undefined })).toThrow(TypeError)
    expect(() => createWith({ [name]: undefined })).toThrow(`jwtCaller needs the option \`${name}\`: `)
  })

  it('takes either a key or jwks', () => {
    const jwks = { url: 'https://issuer.example/jwks' }
    expect(createWith({ key: undefined, jwks })).toBeInstanceOf(Function)
    expect(() => createWith({ jwks })).toThrow(
      new TypeError('jwtCaller takes `key` or `jwks`, not both; remove one'),
    )
    expect(() => createWith({ key: undefined })).toThrow(
      /^jwtCaller needs the option `key`: .*; or `jwks`: \{\} for the keys that the issuer publishes$/,
    )
  })

  it.each([
    'clockToleranceSeconds',
    'ownerClaim',
    'userClaim',
    'cancelTasks',
    'monitorQueries',
    'maxTokenLength',
    'clock',
  ])('treats %s that is undefined as absent', (name) => {
    expect(createWith({ [name]: undefined })).toBeInstanceOf(Function)
  })

  it('accepts every option, frozen, and changes none', () => {
    const options = Object.freeze(allOptions())
    expect(create(options)).toBeInstanceOf(Function)
    expect(options).toEqual(allOptions())
  })

  const TEXTS = 'a non-empty string or a non-empty list of such strings'
  const OBJECT = 'a value of type object'

  it.each<[string, unknown, string, string]>([
    ...(['issuer', 'audience'] as const).flatMap((name): [string, unknown, string, string][] => [
      [name, '', TEXTS, '`` (string)'],
      [name, [], TEXTS, OBJECT],
      [name, null, TEXTS, 'null'],
      [name, 5, TEXTS, '`5` (number)'],
      [name, /example/, TEXTS, OBJECT],
    ]),
    ['algorithms', 'RS256', `a non-empty list of ${ALGORITHMS}`, '`RS256` (string)'],
    ['algorithms', [], `a non-empty list of ${ALGORITHMS}`, OBJECT],
    ['algorithms', null, `a non-empty list of ${ALGORITHMS}`, 'null'],
    ['algorithms', new Set(['RS256']), `a non-empty list of ${ALGORITHMS}`, OBJECT],
    ...[-1, 601, Number.POSITIVE_INFINITY, Number.NaN].map((value): [string, unknown, string, string] => [
      'clockToleranceSeconds',
      value,
      'a number of seconds from 0 to 600',
      `\`${value}\` (number)`,
    ]),
    ['clockToleranceSeconds', '5', 'a number of seconds from 0 to 600', '`5` (string)'],
    ['clockToleranceSeconds', null, 'a number of seconds from 0 to 600', 'null'],
    ['ownerClaim', '', 'a non-empty string', '`` (string)'],
    ['ownerClaim', 5, 'a non-empty string', '`5` (number)'],
    ['ownerClaim', null, 'a non-empty string', 'null'],
    ['ownerClaim', ['sub'], 'a non-empty string', OBJECT],
    [
      'cancelTasks',
      true,
      'a function of the claims, or an object with `claim` and `value`',
      '`true` (boolean)',
    ],
    [
      'cancelTasks',
      'scope',
      'a function of the claims, or an object with `claim` and `value`',
      '`scope` (string)',
    ],
    ['cancelTasks', null, 'a function of the claims, or an object with `claim` and `value`', 'null'],
    ['monitorQueries', null, 'a function of the claims, or an object with `claim` and `value`', 'null'],
    ...[0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY].map((value): [string, unknown, string, string] => [
      'maxTokenLength',
      value,
      'an integer > 0',
      `\`${value}\` (number)`,
    ]),
    ['maxTokenLength', '16384', 'an integer > 0', '`16384` (string)'],
    ['clock', Date.now, 'an object with a `now` method', 'a value of type function'],
    ['clock', {}, 'an object with a `now` method', OBJECT],
    ['clock', { now: 5 }, 'an object with a `now` method', OBJECT],
    ['clock', null, 'an object with a `now` method', 'null'],
  ])('refuses %s: %j', (name, value, expected, got) => {
    expect(() => createWith({ [name]: value })).toThrow(
      new TypeError(`jwtCaller expects \`${name}\` to be ${expected}, got ${got}`),
    )
  })

  it.each<[string, unknown, string]>([
    ['algorithms', 'RS257', `expects \`algorithms[1]\` to be one of ${ALGORITHMS}, got \`RS257\` (string)`],
    ['algorithms', 'none', `expects \`algorithms[1]\` to be one of ${ALGORITHMS}, got \`none\` (string)`],
    ['algorithms', 'rs256', `expects \`algorithms[1]\` to be one of ${ALGORITHMS}, got \`rs256\` (string)`],
    ['algorithms', 5, `expects \`algorithms[1]\` to be one of ${ALGORITHMS}, got \`5\` (number)`],
    ['algorithms', undefined, `needs the option \`algorithms[1]\`: one of ${ALGORITHMS}`],
    ['issuer', '', 'expects `issuer[1]` to be a non-empty string, got `` (string)'],
    ['issuer', undefined, 'needs the option `issuer[1]`: a non-empty string'],
    ['audience', '', 'expects `audience[1]` to be a non-empty string, got `` (string)'],
    ['audience', null, 'expects `audience[1]` to be a non-empty string, got null'],
    ['audience', /example/, 'expects `audience[1]` to be a non-empty string, got a value of type object'],
  ])('refuses %s with the entry %j', (name, entry, message) => {
    const valid = name === 'algorithms' ? 'RS256' : 'https://first.example'
    expect(() => createWith({ [name]: [valid, entry] })).toThrow(new TypeError(`jwtCaller ${message}`))
  })

  it.each<[object, string]>([
    [{}, 'needs the option `claim`: a non-empty string'],
    [{ claim: 'scope' }, 'needs the option `value`: a non-empty string'],
    [{ claim: '', value: 'x' }, 'expects `claim` to be a non-empty string, got `` (string)'],
    [{ claim: 'scope', value: '' }, 'expects `value` to be a non-empty string, got `` (string)'],
    [{ claim: 'scope', value: true }, 'expects `value` to be a non-empty string, got `true` (boolean)'],
    [{ claim: 'scope', values: ['x'] }, 'does not know the option `values`; did you mean `value`?'],
  ])('refuses cancelTasks: %j', (cancelTasks, message) => {
    expect(() => createWith({ cancelTasks })).toThrow(
      new TypeError(`\`cancelTasks\` of jwtCaller ${message}`),
    )
  })

  const PEM = rsaKeys.publicKey.export({ format: 'pem', type: 'spki' }).toString()
  const RSA = 'a key of type rsa with at least 2048 bits'

  it.each<[string, unknown, string, string]>([
    [
      'a PEM as a secret',
      PEM,
      'HS256',
      'a secret of at least 32 bytes, but `key` is a key of type rsa with 2048 bits',
    ],
    [
      'a public key as a secret',
      rsaKeys.publicKey,
      'HS512',
      'a secret of at least 64 bytes, but `key` is a key of type rsa with 2048 bits',
    ],
    [
      'the base64 of a public key as a secret',
      PEM.replace(/-----.*-----\n/g, ''),
      'HS256',
      'a secret of at least 32 bytes, but `key` is a key of type rsa with 2048 bits',
    ],
    ['a secret as a public key', secret, 'RS256', `${RSA}, but \`key\` is a secret of 64 bytes`],
    [
      'a short secret',
      'topsecret',
      'HS256',
      'a secret of at least 32 bytes, but `key` is a secret of 9 bytes',
    ],
    ['no secret at all', '', 'HS256', 'a secret of at least 32 bytes, but `key` is a secret of 0 bytes'],
    [
      'a secret too short for the hash',
      randomBytes(32),
      'HS384',
      'a secret of at least 48 bytes, but `key` is a secret of 32 bytes',
    ],
    [
      'another curve',
      ecKeys.ES256.publicKey,
      'ES384',
      'an EC key on the curve secp384r1, but `key` is an EC key on the curve prime256v1',
    ],
    [
      'EC for RSA',
      ecKeys.ES256.publicKey,
      'RS256',
      `${RSA}, but \`key\` is an EC key on the curve prime256v1`,
    ],
    [
      'RSA for EC',
      rsaKeys.publicKey,
      'ES256',
      'an EC key on the curve prime256v1, but `key` is a key of type rsa with 2048 bits',
    ],
    [
      'EC for RSA-PSS',
      ecKeys.ES256.publicKey,
      'PS256',
      'a key of type rsa, or of type rsa-pss bound to sha256, with at least 2048 bits, but `key` is an EC key on the curve prime256v1',
    ],
  ])('refuses %s', (_, key, algorithm, message) => {
    expect(() => createWith({ key, algorithms: [algorithm] })).toThrow(
      new TypeError(`jwtCaller cannot use \`${algorithm}\` of \`algorithms\`: it needs ${message}`),
    )
  })

  it('refuses a key that does not fit each of the algorithms', () => {
    expect(() => createWith({ algorithms: ['RS256', 'PS256', 'HS256'] })).toThrow(
      'jwtCaller cannot use `HS256` of `algorithms`',
    )
  })

  it.each([5, true, null, Symbol('topsecret')])('refuses the key %p', (key) => {
    expect(() => createWith({ key })).toThrow(
      new TypeError(
        'jwtCaller expects `key` to be a secret, a PEM, a KeyObject, a JWK, or a function that finds one of these',
      ),
    )
  })

  it.each<[string, unknown]>([
    ['a secret', 'topsecret'],
    ['bytes', Buffer.from('topsecret')],
    ['a broken PEM', '-----BEGIN PRIVATE KEY-----\ntopsecret'],
    ['a JWK', { kty: 'topsecret', k: 'topsecret', d: 'topsecret' }],
  ])('never shows %s', (_, key) => {
    let thrown: unknown
    try {
      createWith({ key, algorithms: ['HS256'] })
    } catch (error) {
      thrown = error
    }
    expect(thrown).toBeInstanceOf(TypeError)
    // The frames may quote this file, the message and the cause are what is ours.
    const { message, cause } = thrown as Error
    expect(inspect({ message, cause }, { depth: 9 })).not.toContain('topsecret')
  })
})

function allOptions(): JwtCallerOptions {
  return {
    key: rsaKeys.publicKey,
    algorithms: ['RS256', 'PS512'],
    issuer: ['https://issuer.example', 'https://second.example'],
    audience: 'queries',
    clockToleranceSeconds: 600,
    ownerClaim: 'uid',
    userClaim: 'login',
    cancelTasks: { claim: 'scope', value: 'cancel_task' },
    monitorQueries: { claim: 'scope', value: 'monitor_esql' },
    maxTokenLength: 1,
    clock,
  }
}
