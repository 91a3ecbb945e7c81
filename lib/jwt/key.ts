import type { KeyObject } from 'node:crypto'
import { createPublicKey, createSecretKey, X509Certificate } from 'node:crypto'
import { types } from 'node:util'
import { parsedJson } from '../core/is-object'
import type { JwtAlgorithm } from './algorithms'
import { describeKey, fits, isJwtAlgorithm, JWT_ALGORITHMS } from './algorithms'

/**
 * A key as RFC 7517 and RFC 7518 write it. It is declared here, since each major version of the types of Node.js has
 * it in another place.
 */
export interface JsonWebKey {
  kty?: string
  use?: string
  key_ops?: string[]
  alg?: string
  kid?: string
  x5u?: string
  x5c?: string[]
  x5t?: string
  'x5t#S256'?: string
  crv?: string
  x?: string
  y?: string
  n?: string
  e?: string
  k?: string
  d?: string
  p?: string
  q?: string
  dp?: string
  dq?: string
  qi?: string
  oth?: unknown
  ext?: boolean
}

/**
 * What a signature is verified with: the secret of HS256, HS384 and HS512, or the public key of the others.
 *
 * A string or bytes that can be read as a key or certificate (PEM, DER, base64 of DER, JWK) are that key, and a
 * secret otherwise: no published key can become a secret that everybody knows. The text of a secret counts as it
 * stands; decode a base64 secret first. Of a private key, the public half is used.
 */
export type JwtKey = string | Uint8Array | KeyObject | JsonWebKey

/** A key that has been parsed, and the algorithms that may use it. */
export interface VerificationKey {
  key: KeyObject
  algorithms: readonly JwtAlgorithm[]
  description: string
}

/** PEM, and public keys of SSH, which are unreadable here and must not pass for secrets. */
const ARMORED = /---- ?BEGIN |^\s*(ssh|ecdsa|sk)-\S+ AAAA/

/**
 * Reads a key in any form, or throws a `TypeError` whose text shows nothing of it. By hand, since no library tells a
 * published key from a secret: each trusts the form that its caller names.
 */
export function parseKey(material: unknown): VerificationKey {
  if (types.isKeyObject(material)) {
    return verificationKey(material.type === 'private' ? createPublicKey(material) : material)
  }
  if (typeof material === 'string') return parseBytes(Buffer.from(material))
  if (types.isUint8Array(material)) return parseBytes(Buffer.from(material))
  if (isObjectOrList(material)) return parseJwk(material)
  throw unreadable('it is none of secret, PEM, KeyObject and JWK')
}

function parseBytes(bytes: Buffer): VerificationKey {
  const text = bytes.toString('latin1')
  if (ARMORED.test(text))
    return verificationKey(publicKey(bytes, 'it looks like a PEM, but cannot be read as one'))
  const json = parsedJson(text)
  if (isObjectOrList(json)) return parseJwk(json)
  const key = parseDer(bytes) ?? parseDer(Buffer.from(text, 'base64'))
  return verificationKey(key ?? createSecretKey(bytes))
}

function parseDer(key: Buffer): KeyObject | undefined {
  // All forms are an ASN.1 sequence.
  if (key[0] !== 0x30) return undefined
  const readers = [
    () => createPublicKey({ key, format: 'der', type: 'spki' }),
    () => createPublicKey({ key, format: 'der', type: 'pkcs1' }),
    () => new X509Certificate(key).publicKey,
  ]
  for (const read of readers) {
    try {
      return read()
    } catch {
      // It is not of this form.
    }
  }
  return undefined
}

function parseJwk(jwk: Readonly<Record<string, unknown>>): VerificationKey {
  const parsed = verificationKey(
    jwk.kty === 'oct'
      ? jwkSecret(jwk)
      : publicKey({ key: { ...jwk }, format: 'jwk' }, 'it is an object, but no KeyObject and no JWK'),
  )
  const { algorithms, description } = parsed
  const { use, alg, key_ops: operations } = jwk
  const isForVerifying =
    (use === undefined || use === 'sig') &&
    (operations === undefined || (Array.isArray(operations) && operations.includes('verify')))
  if (!isForVerifying) {
    return { ...parsed, algorithms: [], description: `${description} that is not for verifying` }
  }
  if (alg === undefined) return parsed
  return {
    ...parsed,
    algorithms: algorithms.filter((algorithm) => algorithm === alg),
    description: `${description} for ${isJwtAlgorithm(alg) ? alg : 'another algorithm'} alone`,
  }
}

function jwkSecret({ k }: Readonly<Record<string, unknown>>): KeyObject {
  if (typeof k !== 'string') throw unreadable('it is a JWK without a secret')
  return createSecretKey(Buffer.from(k, 'base64url'))
}

/** The message of the platform may quote members of the key. */
function publicKey(material: Parameters<typeof createPublicKey>[0], otherwise: string): KeyObject {
  try {
    return createPublicKey(material)
  } catch {
    throw unreadable(otherwise)
  }
}

function verificationKey(key: KeyObject): VerificationKey {
  return {
    key,
    algorithms: JWT_ALGORITHMS.filter((algorithm) => fits(algorithm, key)),
    description: describeKey(key),
  }
}

/** Lists too: a list of published keys must not pass for a secret. */
function isObjectOrList(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

function unreadable(why: string): TypeError {
  return new TypeError(`jwtCaller cannot use \`key\`: ${why}`)
}
