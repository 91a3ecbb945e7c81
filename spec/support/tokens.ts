import type { KeyObject } from 'node:crypto'
import {
  constants,
  createHmac,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  generateKeyPairSync,
  randomBytes,
  sign,
} from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { JwtAlgorithm } from '../../lib/jwt/algorithms'
import type { JwtCallerOptions } from '../../lib/jwt/options'
import { madeOnce } from './made-once'

export const issuer = 'https://issuer.example'
export const audience = 'queries'

/** Fits HS256, HS384 and HS512. */
export const secret = createSecretKey(randomBytes(64))
/** Fits RS256, RS384, RS512, PS256, PS384 and PS512. To make one takes long, so all specs have the same. */
export const rsaKeys = readKeys()
/** Made when a spec first asks: hardly any does. */
export const ecKeys = {
  get ES256() {
    return ecKeysOn('P-256')
  },
  get ES384() {
    return ecKeysOn('P-384')
  },
  get ES512() {
    return ecKeysOn('P-521')
  },
}

const madeEcKeys = new Map<string, SigningKeys>()

function ecKeysOn(namedCurve: string): SigningKeys {
  const keys = madeEcKeys.get(namedCurve) ?? generateKeyPairSync('ec', { namedCurve })
  madeEcKeys.set(namedCurve, keys)
  return keys
}

function readKeys(): SigningKeys {
  const made = madeOnce('rsa-key', [], (folder) => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    writeFileSync(path.join(folder, 'key.pem'), privateKey.export({ type: 'pkcs8', format: 'pem' }))
  })
  const pem = readFileSync(path.join(made, 'key.pem'))
  return { privateKey: createPrivateKey(pem), publicKey: createPublicKey(pem) }
}

interface SigningKeys {
  /** The key that signs a token. */
  privateKey: KeyObject
  /** The key that verifies it. */
  publicKey: KeyObject
}

/** Our keys for an algorithm. */
export function keysFor(algorithm: JwtAlgorithm): SigningKeys {
  if (algorithm.startsWith('HS')) return { privateKey: secret, publicKey: secret }
  return algorithm.startsWith('ES') ? ecKeys[algorithm as keyof typeof ecKeys] : rsaKeys
}

/** Options of a `jwtCaller` that accepts what {@link token} makes. */
export const jwtOptions: JwtCallerOptions = {
  key: rsaKeys.publicKey,
  algorithms: ['RS256'],
  issuer,
  audience,
}

/** A token that {@link jwtOptions} accept. Pass the claims that the test needs; `undefined` leaves one out. */
export function token(claims: Record<string, unknown> = {}): string {
  const exp = Math.floor(Date.now() / 1000) + 300
  return signToken({ iss: issuer, aud: audience, sub: 'alice', exp, ...claims })
}

export interface SignOptions {
  /** @default 'RS256' */
  algorithm?: JwtAlgorithm
  /** @default the private key of {@link keysFor} */
  key?: KeyObject
  /** Merged into `{ alg, typ: 'JWT' }`; `undefined` leaves one out. */
  header?: Record<string, unknown>
}

/**
 * Signs anything, even what no library signs: claims of any type, or any text as payload. It does not use the library
 * that verifies.
 */
export function signToken(
  claims: Record<string, unknown> | string,
  { algorithm = 'RS256', key = keysFor(algorithm).privateKey, header = {} }: SignOptions = {},
): string {
  const payload = typeof claims === 'string' ? claims : JSON.stringify(claims)
  const signed = `${base64url(JSON.stringify({ alg: algorithm, typ: 'JWT', ...header }))}.${base64url(payload)}`
  return `${signed}.${signature(algorithm, signed, key).toString('base64url')}`
}

export function base64url(text: string): string {
  return Buffer.from(text).toString('base64url')
}

function signature(algorithm: JwtAlgorithm, text: string, key: KeyObject): Buffer {
  const hash = `sha${algorithm.slice(2)}`
  const data = Buffer.from(text)
  switch (algorithm.slice(0, 2)) {
    case 'HS':
      return createHmac(hash, key).update(data).digest()
    case 'PS':
      return sign(hash, data, {
        key,
        padding: constants.RSA_PKCS1_PSS_PADDING,
        saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
      })
    case 'ES':
      return sign(hash, data, { key, dsaEncoding: 'ieee-p1363' })
    default:
      return sign(hash, data, key)
  }
}
