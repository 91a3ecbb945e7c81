import type { KeyObject } from 'node:crypto'
import { createSecretKey, generateKeyPairSync, randomBytes } from 'node:crypto'
import { parseKey } from '../../lib/jwt/key'
import { ecKeys, rsaKeys } from '../support/tokens'

const RSA_ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512']

/** Self-signed, on the curve P-256. */
const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBiTCCAS+gAwIBAgIUYVmCFQwL8wCduZzsx5GgH4Il4vAwCgYIKoZIzj0EAwIw
GTEXMBUGA1UEAwwOaXNzdWVyLmV4YW1wbGUwIBcNMjYxMTI0MjE0NjIxWhgPMjEy
NjEwMzEyMTQ2MjFaMBkxFzAVBgNVBAMMDmlzc3Vlci5leGFtcGxlMFkwEwYHKoZI
zj0CAQYIKoZIzj0DAQcDQgAEqZslHVGWpza4ZfA4UvpOiZcEi1/R/7WKWTmg0QQp
rGQI88yA/tb2l9boEOLSRN+T00ap8LJNfBeEyHhzyad6WqNTMFEwHQYDVR0OBBYE
FDhF1yMuBJZ8PMYWxPmJYJT0Iu4fMB8GA1UdIwQYMBaAFDhF1yMuBJZ8PMYWxPmJ
YJT0Iu4fMA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSAAwRQIhANThxha8
FNMQsoMuNvpLHtpNbLICqLpuW/EAaZTRJ7lNAiBSSKNET4csNP4zkEFoJ2TYqVDr
e+DOmcgnyRPj7qkjzQ==
-----END CERTIFICATE-----
`

function pem(key: KeyObject, type: 'spki' | 'pkcs1' = 'spki'): string {
  return key.export({ format: 'pem', type }).toString()
}

function der(key: KeyObject, type: 'spki' | 'pkcs1' = 'spki'): Buffer {
  return key.export({ format: 'der', type })
}

function privatePem(key: KeyObject, type: 'pkcs1' | 'pkcs8' | 'sec1'): string {
  return key.export({ format: 'pem', type }).toString()
}

function withoutArmor(text: string): string {
  return text.replace(/-----.*-----\n/g, '')
}

describe('parseKey: forms', () => {
  const { publicKey, privateKey } = rsaKeys
  const publicJwk = publicKey.export({ format: 'jwk' })

  it.each<[string, unknown]>([
    ['a KeyObject', publicKey],
    ['a private KeyObject', privateKey],
    ['a PEM', pem(publicKey)],
    ['a PEM of PKCS #1', pem(publicKey, 'pkcs1')],
    ['a PEM with CRLF', pem(publicKey).replaceAll('\n', '\r\n')],
    ['a PEM with text before it', `Bag Attributes\n  friendlyName: issuer\n${pem(publicKey)}`],
    ['a PEM in a Buffer', Buffer.from(pem(publicKey))],
    ['a PEM in a Uint8Array', new Uint8Array(Buffer.from(pem(publicKey)))],
    ['a private PEM', privatePem(privateKey, 'pkcs8')],
    ['a private PEM of PKCS #1', privatePem(privateKey, 'pkcs1')],
    ['DER', der(publicKey)],
    ['DER of PKCS #1', der(publicKey, 'pkcs1')],
    ['a PEM without its first and last line', withoutArmor(pem(publicKey))],
    ['a PEM of PKCS #1 without its first and last line', withoutArmor(pem(publicKey, 'pkcs1'))],
    ['base64 of DER', der(publicKey).toString('base64')],
    ['base64url of DER', der(publicKey).toString('base64url')],
    ['a JWK', publicJwk],
    ['a JWK with a key id', { ...publicJwk, kid: 'first', use: 'sig', key_ops: ['verify'] }],
    ['a private JWK', privateKey.export({ format: 'jwk' })],
    ['the text of a JWK', JSON.stringify(publicJwk, null, 2)],
    ['the text of a JWK in a Buffer', Buffer.from(JSON.stringify(publicJwk))],
  ])('reads %s as the public key that it holds', (_, material) => {
    const { key, ...others } = parseKey(material)
    expect(pem(key)).toBe(pem(publicKey))
    expect(others).toEqual({ algorithms: RSA_ALGORITHMS, description: 'a key of type rsa with 2048 bits' })
  })

  it.each([
    ['a certificate', CERTIFICATE],
    ['a certificate without its first and last line', withoutArmor(CERTIFICATE)],
    ['a certificate as DER', Buffer.from(withoutArmor(CERTIFICATE), 'base64')],
  ])('reads %s as the public key that it holds', (_, material) => {
    const { key, algorithms, description } = parseKey(material)
    expect(key.type).toBe('public')
    expect(algorithms).toEqual(['ES256'])
    expect(description).toBe('an EC key on the curve prime256v1')
  })

  it.each([
    ['text', 'correct horse battery staple, and some more'],
    ['text that is not ASCII', 'schlüssel-schlüssel-schlüssel-schlüssel'],
    ['text that is base64', randomBytes(48).toString('base64')],
    ['text that begins as base64 of DER does', `MII${'B'.repeat(60)}`],
    ['digits', '12345678901234567890123456789012345'],
  ])('reads %s as the secret that it is', (_, text) => {
    for (const material of [text, Buffer.from(text)]) {
      expect(parseKey(material).key.export()).toEqual(Buffer.from(text))
    }
  })

  it.each([
    ['random bytes', randomBytes(64)],
    ['bytes that begin as DER does', Buffer.concat([Buffer.from([0x30, 0x82]), randomBytes(62)])],
  ])('reads %s as the secret that they are', (_, bytes) => {
    const { key, ...others } = parseKey(bytes)
    expect(key.export()).toEqual(bytes)
    expect(others).toEqual({ algorithms: ['HS256', 'HS384', 'HS512'], description: 'a secret of 64 bytes' })
  })

  it('reads the secret of a JWK and of a KeyObject', () => {
    const bytes = randomBytes(32)
    for (const material of [{ kty: 'oct', k: bytes.toString('base64url') }, createSecretKey(bytes)]) {
      const { key, ...others } = parseKey(material)
      expect(key.export()).toEqual(bytes)
      expect(others).toEqual({ algorithms: ['HS256'], description: 'a secret of 32 bytes' })
    }
  })

  const NO_PEM = 'it looks like a PEM, but cannot be read as one'
  const NO_JWK = 'it is an object, but no KeyObject and no JWK'
  const NO_KEY = 'it is none of secret, PEM, KeyObject and JWK'

  it.each<[string, unknown, string]>([
    ['a PEM with its line breaks lost', pem(publicKey).replaceAll('\n', '\\n'), NO_PEM],
    ['a PEM that was cut', pem(publicKey).slice(0, 200), NO_PEM],
    ['an encrypted PEM', encryptedPem(), NO_PEM],
    ['a public key of SSH', `ssh-rsa ${'AAAA'.repeat(20)} alice@example.org`, NO_PEM],
    ['a public EC key of SSH', `ecdsa-sha2-nistp256 ${'AAAA'.repeat(20)}`, NO_PEM],
    ['a public key of SSH2', '---- BEGIN SSH2 PUBLIC KEY ----\nAAAA', NO_PEM],
    ['an empty object', {}, NO_JWK],
    ['a JWK of an unknown type', { kty: 'topsecret', k: 'abc' }, NO_JWK],
    ['a JWK that lacks a part', { ...publicJwk, e: undefined }, NO_JWK],
    ['the text of a JWK set', JSON.stringify({ keys: [publicJwk] }), NO_JWK],
    ['a list', [pem(publicKey)], NO_JWK],
    ['a secret JWK without its secret', { kty: 'oct' }, 'it is a JWK without a secret'],
    ['a number', 5, NO_KEY],
    ['true', true, NO_KEY],
    ['null', null, NO_KEY],
    ['undefined', undefined, NO_KEY],
  ])('refuses %s', (_, material, why) => {
    expect(() => parseKey(material)).toThrow(new TypeError(`jwtCaller cannot use \`key\`: ${why}`))
  })
})

describe('parseKey: what a key is fit for', () => {
  function rsa(modulusLength: number): KeyObject {
    return generateKeyPairSync('rsa', { modulusLength }).publicKey
  }

  function pss(hashAlgorithm?: string, saltLength?: number): KeyObject {
    const bound = hashAlgorithm && {
      hashAlgorithm,
      mgf1HashAlgorithm: hashAlgorithm,
      // The types want a string here, Node.js a number.
      saltLength: saltLength as unknown as string,
    }
    return generateKeyPairSync('rsa-pss', { modulusLength: 2048, ...(bound || {}) }).publicKey
  }

  it.each<[string, KeyObject, string[], string]>([
    ['a weak RSA key', rsa(1024), [], 'a key of type rsa with 1024 bits'],
    ['an RSA key almost large enough', rsa(2040), [], 'a key of type rsa with 2040 bits'],
    ['an RSA-PSS key of any hash', pss(), [], 'a key of type rsa-pss with 2048 bits'],
    ['an RSA-PSS key of SHA-256', pss('sha256', 32), ['PS256'], 'a key of type rsa-pss with 2048 bits'],
    ['an RSA-PSS key of SHA-512', pss('sha512', 64), ['PS512'], 'a key of type rsa-pss with 2048 bits'],
    ['an RSA-PSS key of a longer salt', pss('sha256', 33), [], 'a key of type rsa-pss with 2048 bits'],
    ['a P-256 key', ecKeys.ES256.publicKey, ['ES256'], 'an EC key on the curve prime256v1'],
    ['a P-384 key', ecKeys.ES384.publicKey, ['ES384'], 'an EC key on the curve secp384r1'],
    ['a P-521 key', ecKeys.ES512.publicKey, ['ES512'], 'an EC key on the curve secp521r1'],
    [
      'a key on another curve',
      generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey,
      [],
      'an EC key on the curve secp256k1',
    ],
    ['an Ed25519 key', generateKeyPairSync('ed25519').publicKey, [], 'a key of type ed25519'],
  ])('%s', (_, material, algorithms, description) => {
    expect(parseKey(material)).toEqual({ key: material, algorithms, description })
  })

  it.each([
    [0, []],
    [31, []],
    [32, ['HS256']],
    [47, ['HS256']],
    [48, ['HS256', 'HS384']],
    [63, ['HS256', 'HS384']],
    [64, ['HS256', 'HS384', 'HS512']],
    [1_000, ['HS256', 'HS384', 'HS512']],
  ])('a secret of %d bytes', (size, algorithms) => {
    expect(parseKey(randomBytes(size)).algorithms).toEqual(algorithms)
  })

  it('counts the bytes of a secret, not its characters', () => {
    expect(parseKey('ü'.repeat(16)).algorithms).toEqual(['HS256'])
    expect(parseKey('u'.repeat(16)).algorithms).toEqual([])
  })

  const RSA = 'a key of type rsa with 2048 bits'

  it.each<[object, string[], string]>([
    [{ alg: 'PS256' }, ['PS256'], `${RSA} for PS256 alone`],
    [{ alg: 'ES256' }, [], `${RSA} for ES256 alone`],
    [{ alg: 'RSA-OAEP' }, [], `${RSA} for another algorithm alone`],
    [{ use: 'sig', key_ops: ['verify', 'sign'] }, RSA_ALGORITHMS, RSA],
    [{ use: 'enc' }, [], `${RSA} that is not for verifying`],
    [{ use: 'enc', alg: 'RS256' }, [], `${RSA} that is not for verifying`],
    [{ key_ops: ['encrypt'] }, [], `${RSA} that is not for verifying`],
    [{ key_ops: [] }, [], `${RSA} that is not for verifying`],
    [{ key_ops: 'verify' }, [], `${RSA} that is not for verifying`],
  ])('a JWK with %j', (members, algorithms, description) => {
    const parsed = parseKey({ ...rsaKeys.publicKey.export({ format: 'jwk' }), ...members })
    expect({ algorithms: parsed.algorithms, description: parsed.description }).toEqual({
      algorithms,
      description,
    })
  })
})

function encryptedPem(): string {
  return rsaKeys.privateKey
    .export({ format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase: 'abc' })
    .toString()
}
