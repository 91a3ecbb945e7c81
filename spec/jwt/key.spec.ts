import type { KeyObject } from 'node:crypto'
import { createPublicKey, createSecretKey, generateKeyPairSync, randomBytes } from 'node:crypto'
import { parseKey } from '../../lib/jwt/key'
import { CERTIFICATE } from '../support/certificate'
import { ecKeys, rsaKeys } from '../support/tokens'

const RSA_ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512']

function pem(key: KeyObject, type: 'spki' | 'pkcs1' = 'spki'): string {
  return key.export({ format: 'pem', type }).toString()
}

function der(key: KeyObject, type: 'spki' | 'pkcs1' = 'spki'): Buffer {
  return key.export({ format: 'der', type })
}

function privatePem(key: KeyObject, type: 'pkcs1' | 'pkcs8' | 'sec1'): string {
  return key.export({ format: 'pem', type }).toString()
}

/** An uncompressed point of an elliptic curve. */
function pointOf(key: KeyObject): Buffer {
  const { x = '', y = '' } = key.export({ format: 'jwk' })
  return Buffer.concat([Buffer.of(4), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')])
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

  /** What environments, files and consoles make of a key. */
  const WRAPPINGS: Readonly<Record<string, (text: string) => string | Buffer>> = {
    'with line breaks as two characters': (text) => text.replaceAll('\n', '\\n'),
    'with escaped escapes of CRLF': (text) => text.replaceAll('\n', '\\\\r\\\\n'),
    'with a byte order mark': (text) => `\ufeff${text}`,
    'as a JSON string': (text) => JSON.stringify(text),
    'as a JSON string of a JSON string': (text) => JSON.stringify(JSON.stringify(text)),
    'in single quotes': (text) => `'${text}'`,
    'in double quotes': (text) => `"${text}"`,
    'in base64': (text) => Buffer.from(text).toString('base64'),
    'in base64url': (text) => Buffer.from(text).toString('base64url'),
    'in lines of base64': (text) => Buffer.from(text).toString('base64').replace(/.{64}/g, '$&\n'),
    'in base64 of base64': (text) => Buffer.from(Buffer.from(text).toString('base64')).toString('base64'),
    'in base64 of a JSON string': (text) => Buffer.from(JSON.stringify(text)).toString('base64'),
    'in a data URL': (text) => `data:text/plain;base64,${Buffer.from(text).toString('base64')}`,
    'in hexadecimal digits': (text) => Buffer.from(text).toString('hex'),
    'with percent signs': (text) => encodeURIComponent(text),
    'in UTF-16': (text) => Buffer.from(`\ufeff${text}`, 'utf16le'),
    'in UTF-16, big-endian': (text) => Buffer.from(`\ufeff${text}`, 'utf16le').swap16(),
    'between blanks': (text) => `\u00a0\n  ${text}\n\n`,
  }

  it.each(Object.entries(WRAPPINGS))('reads a public key %s as that key, never as a secret', (_, wrap) => {
    const forms = [
      pem(publicKey),
      withoutArmor(pem(publicKey)),
      pem(publicKey, 'pkcs1'),
      privatePem(privateKey, 'pkcs8'),
      JSON.stringify(publicJwk),
      JSON.stringify(publicJwk, null, 2),
    ]
    for (const text of forms) {
      const bytes = Buffer.from(wrap(text))
      const jwk = { kty: 'oct', k: bytes.toString('base64url') }
      for (const material of [wrap(text), bytes, new Uint8Array(bytes), createSecretKey(bytes), jwk]) {
        expect(pem(parseKey(material).key)).toBe(pem(publicKey))
      }
    }
  })

  it.each([
    ['a certificate in base64', Buffer.from(CERTIFICATE).toString('base64')],
    ['a certificate in metadata', `<X509Certificate>\n${withoutArmor(CERTIFICATE)}</X509Certificate>`],
    [
      'an EC key after its parameters',
      `-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n${privatePem(ecKeys.ES256.privateKey, 'sec1')}`,
    ],
    ['the digits of a point', pointOf(ecKeys.ES256.publicKey).toString('hex')],
    [
      'the digits of a point, as openssl prints them',
      pointOf(ecKeys.ES256.publicKey)
        .toString('hex')
        .replace(/..(?=.)/g, '$&:'),
    ],
    ['a point of another curve', pointOf(ecKeys.ES512.publicKey)],
    ['DER of a private key', ecKeys.ES384.privateKey.export({ format: 'der', type: 'sec1' })],
    ['DER with a line break after it', Buffer.concat([der(publicKey), Buffer.from('\n')])],
  ])('reads %s as a public key', (_, material) => {
    expect(parseKey(material).key.type).toBe('public')
  })

  it.each([
    ['blanks', ' '.repeat(40)],
    ['tabs and line breaks', '\t\r\n '.repeat(20)],
    ['blanks of another width', '\u00a0\u3000\u200b\ufeff'.repeat(10)],
    ['zero bytes', Buffer.alloc(64)],
    ['a secret KeyObject of blanks', createSecretKey(Buffer.from(' '.repeat(40)))],
    ['a JWK of blanks', { kty: 'oct', k: Buffer.from(' '.repeat(40)).toString('base64url') }],
  ])('refuses %s, which are no secret', (_, material) => {
    expect(() => parseKey(material)).toThrow('jwtCaller cannot use `key`: it is blank, and so no secret')
  })

  it('takes random secrets for nothing else', () => {
    for (let size = 32; size < 200; size += 1) {
      const bytes = randomBytes(size)
      for (const text of ['base64', 'base64url', 'hex', 'latin1'] as const) {
        const material = bytes.toString(text)
        expect(parseKey(material).key.export()).toEqual(Buffer.from(material))
      }
      expect(parseKey(bytes).key.export()).toEqual(bytes)
    }
  })

  const NO_PEM = 'it looks like a PEM, but cannot be read as one'
  const NO_JWK = 'it is an object, but no KeyObject and no JWK'
  const NO_KEY = 'it is none of secret, PEM, KeyObject and JWK'

  it.each<[string, unknown, string]>([
    ['a PEM that was cut', pem(publicKey).slice(0, 200), NO_PEM],
    ['an encrypted PEM', encryptedPem(), NO_PEM],
    ['a public key of SSH', `ssh-rsa ${'AAAA'.repeat(20)} alice@example.org`, NO_PEM],
    ['a public EC key of SSH', `ecdsa-sha2-nistp256 ${'AAAA'.repeat(20)}`, NO_PEM],
    ['the bytes of a public key of SSH', Buffer.from(`AAAAB3NzaC1yc2E${'A'.repeat(64)}`, 'base64'), NO_PEM],
    ['the base64 of a public key of SSH', `AAAAB3NzaC1yc2E${'A'.repeat(65)}`, NO_PEM],
    ['a public key of SSH with options', `no-pty ssh-ed25519 ${'AAAA'.repeat(20)}`, NO_PEM],
    ['a key of .NET', `<RSAKeyValue><Modulus>${publicJwk.n}</Modulus></RSAKeyValue>`, NO_PEM],
    ['a PEM whose hyphens have become dashes', pem(publicKey).replaceAll('-----', '\u2014\u2014'), NO_PEM],
    ['an encrypted PEM in base64', Buffer.from(encryptedPem()).toString('base64'), NO_PEM],
    ['DER of an encrypted key', Buffer.from(withoutArmor(encryptedPem()), 'base64'), NO_PEM],
    ['a JWK set in base64', Buffer.from(JSON.stringify({ keys: [publicJwk] })).toString('base64'), NO_JWK],
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
  const RSA = 'a key of type rsa with 2048 bits'

  function rsaWith(e: string): KeyObject {
    return createPublicKey({ key: { ...rsaKeys.publicKey.export({ format: 'jwk' }), e }, format: 'jwk' })
  }

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
    ...['AA', 'AQ', 'Ag', 'BA', 'AQAA'].map((e): [string, KeyObject, string[], string] => [
      `an RSA key with the exponent ${e}`,
      rsaWith(e),
      [],
      `a key of type rsa with 2048 bits and the exponent ${BigInt(`0x${Buffer.from(e, 'base64').toString('hex')}`)}`,
    ]),
    ['an RSA key with a small exponent', rsaWith('Aw'), RSA_ALGORITHMS, `${RSA} and the exponent 3`],
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
