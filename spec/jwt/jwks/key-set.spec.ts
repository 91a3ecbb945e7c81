import { generateKeyPairSync } from 'node:crypto'
import type { JwtAlgorithm } from '../../../lib/jwt/algorithms'
import { KeySet } from '../../../lib/jwt/jwks/key-set'
import { jwk } from '../../support/issuer'
import { ecKeys, rsaKeys, secret } from '../../support/tokens'

const rsa = rsaKeys.publicKey
const ec = ecKeys.ES256.publicKey
const other = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey

/** The keys that fit a token, by what they are. */
function fitting(keys: unknown, alg: JwtAlgorithm, kid?: string) {
  const found = new KeySet({ keys }).fitting(kid === undefined ? { alg } : { alg, kid })
  return found.map(({ key }) =>
    key.equals(rsa) ? 'rsa' : key.equals(ec) ? 'ec' : key.equals(other) ? 'other' : '?',
  )
}

describe('a key set', () => {
  it.each<[string, unknown[], JwtAlgorithm, string | undefined, string[]]>([
    ['the key of the kid', [jwk(rsa, { kid: 'a' }), jwk(other, { kid: 'b' })], 'RS256', 'b', ['other']],
    ['none for another kid', [jwk(rsa, { kid: 'a' })], 'RS256', 'b', []],
    ['none without kid for a token with one', [jwk(rsa)], 'RS256', 'a', []],
    ['none for a kid that every object has', [jwk(rsa, { kid: 'a' })], 'RS256', '__proto__', []],
    ['none for another algorithm', [jwk(rsa, { kid: 'a' })], 'ES256', 'a', []],
    ['none that is for another algorithm alone', [jwk(rsa, { kid: 'a', alg: 'PS256' })], 'RS256', 'a', []],
    [
      'the one of a shared kid whose type fits',
      [jwk(rsa, { kid: 'a' }), jwk(ec, { kid: 'a' })],
      'ES256',
      'a',
      ['ec'],
    ],
    [
      'both of a shared kid that fit',
      [jwk(rsa, { kid: 'a' }), jwk(other, { kid: 'a' })],
      'RS256',
      'a',
      ['rsa', 'other'],
    ],
    [
      'a key once that is there twice',
      [jwk(rsa, { kid: 'a' }), jwk(rsa, { kid: 'a' })],
      'RS256',
      'a',
      ['rsa'],
    ],
    ['without kid the only one that fits', [jwk(rsa), jwk(ec, { kid: 'b' })], 'RS256', undefined, ['rsa']],
    ['without kid all that fit', [jwk(rsa), jwk(other, { kid: 'b' })], 'RS256', undefined, ['rsa', 'other']],
    ['a key for signatures', [jwk(rsa, { use: 'sig' })], 'RS256', undefined, ['rsa']],
    ['none for encryption', [jwk(rsa, { use: 'enc' })], 'RS256', undefined, []],
    ['none for other operations', [jwk(rsa, { key_ops: ['encrypt'] })], 'RS256', undefined, []],
    ['no secret', [jwk(secret, { kid: 'a' })], 'HS256', 'a', []],
    ['no text that could be a secret', ['a'.repeat(64)], 'HS256', undefined, []],
    ['no RSA key that is too short', [jwk(shortKey())], 'RS256', undefined, []],
    ['no RSA key that is too short, however it is padded', [padded(jwk(shortKey()))], 'RS256', undefined, []],
    ...['AA', 'AQ', 'AAAB', 'Ag', 'AQAA'].map((e): [string, unknown[], JwtAlgorithm, string, string[]] => [
      `the other one of a shared kid, not an RSA key with the exponent ${e}`,
      [jwk(other, { kid: 'a', e }), jwk(rsa, { kid: 'a' })],
      'RS256',
      'a',
      ['rsa'],
    ]),
    ['none of an unknown type', [{ kty: 'AKP', kid: 'a' }, jwk(rsa)], 'RS256', undefined, ['rsa']],
    ['none that is broken', [{ kty: 'RSA', n: 'AQAB' }, jwk(rsa)], 'RS256', undefined, ['rsa']],
    ['none with a kid that is no text', [jwk(rsa, { kid: 5 })], 'RS256', undefined, []],
    ['only the key among other entries', [null, 5, [], 'x', jwk(rsa)], 'RS256', undefined, ['rsa']],
    ['nothing when it is empty', [], 'RS256', undefined, []],
  ])('finds %s', (_, keys, alg, kid, expected) => {
    expect(fitting(keys, alg, kid)).toEqual(expected)
  })

  it.each([[undefined], [null], [{}], ['keys'], [{ 0: 'x', length: 1 }]])(
    'cannot have the keys %j',
    (keys) => {
      expect(() => new KeySet({ keys })).toThrow(new Error('the key set has no list of keys'))
    },
  )

  it('cannot have more than a hundred keys', () => {
    const keys = Array.from({ length: 100 }, () => jwk(rsa))
    expect(new KeySet({ keys }).fitting({ alg: 'RS256' })).toHaveLength(1)
    expect(() => new KeySet({ keys: [...keys, jwk(rsa)] })).toThrow(
      new Error('the key set has more than 100 keys'),
    )
  })

  it('keeps the same object for a key while its content is the same', () => {
    const header = { alg: 'RS256', kid: 'a' } as const
    const keyOf = (set: KeySet) => set.fitting(header)[0]?.key
    const first = new KeySet({ keys: [jwk(rsa, { kid: 'a' })] })
    const reordered = Object.fromEntries(Object.entries(jwk(rsa, { kid: 'a', use: 'sig' })).reverse())
    const second = new KeySet({ keys: [jwk(other, { kid: 'b' }), reordered] }, first)
    const third = new KeySet({ keys: [jwk(other, { kid: 'a' })] }, second)
    expect(keyOf(first)).toBeDefined()
    expect(keyOf(second)).toBe(keyOf(first))
    expect(keyOf(third)).toBe(second.fitting({ alg: 'RS256', kid: 'b' })[0]?.key)
  })

  it('uses the latest published content of a key that stays', () => {
    const first = new KeySet({ keys: [jwk(rsa, { kid: 'a' })] })
    const second = new KeySet({ keys: [jwk(rsa, { kid: 'a', alg: 'PS256' })] }, first)
    expect(first.fitting({ alg: 'RS256', kid: 'a' })).toHaveLength(1)
    expect(second.fitting({ alg: 'RS256', kid: 'a' })).toEqual([])
  })
})

function padded(key: { n?: string }) {
  return {
    ...key,
    n: Buffer.concat([Buffer.alloc(256), Buffer.from(key.n ?? '', 'base64url')]).toString('base64url'),
  }
}

function shortKey() {
  return generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey
}
