import type { KeyObject } from 'node:crypto'
import { createPublicKey, createSecretKey } from 'node:crypto'
import { types } from 'node:util'
import { parsedJson } from '../core/is-object'
import type { JwtAlgorithm } from './algorithms'
import { describeKey, fits, isJwtAlgorithm, JWT_ALGORITHMS } from './algorithms'
import { looksLikeKey, pastedForms, readPublicKey } from './pasted-key'

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
 * A string or bytes that can be read as a key or certificate (PEM, DER, JWK, also in quotes, escaped, in hexadecimal
 * digits or base64) are that key, and a secret otherwise: no published key can become a secret that everybody knows. The
 * text of a secret counts as it stands; decode a base64 secret first. Of a private key, the public half is used.
 */
export type JwtKey = string | Uint8Array | KeyObject | JsonWebKey

/** A key that has been parsed, and the algorithms that may use it. */
export interface VerificationKey {
  key: KeyObject
  algorithms: readonly JwtAlgorithm[]
  description: string
}

/** Zero bytes and characters without a width included. */
const BLANK = /^[\p{White_Space}\p{Cf}\0]+$/u

/**
 * Reads a key in any form, or throws a `TypeError` whose text shows nothing of it. By hand, since no library tells a
 * published key from a secret: each trusts the form that its caller names.
 */
export function parseKey(material: unknown): VerificationKey {
  if (types.isKeyObject(material)) {
    if (material.type === 'secret') return parseBytes(material.export())
    return verificationKey(material.type === 'private' ? createPublicKey(material) : material)
  }
  if (typeof material === 'string') return parseBytes(Buffer.from(material))
  if (types.isUint8Array(material)) return parseBytes(Buffer.from(material))
  if (isObjectOrList(material)) return parseJwk(material)
  throw unreadable('it is none of secret, PEM, KeyObject and JWK')
}

function parseBytes(bytes: Buffer): VerificationKey {
  let isUnreadable = false
  for (const form of pastedForms(bytes)) {
    const json = parsedJson(form.toString())
    if (isObjectOrList(json)) return parseJwk(json)
    const key = readPublicKey(form)
    if (key) return verificationKey(key)
    isUnreadable ||= looksLikeKey(form)
  }
  if (isUnreadable) throw unreadable('it looks like a PEM, but cannot be read as one')
  if (BLANK.test(bytes.toString())) throw unreadable('it is blank, and so no secret')
  return verificationKey(createSecretKey(bytes))
}

function parseJwk(jwk: Readonly<Record<string, unknown>>): VerificationKey {
  const { kty, k, use, alg, key_ops: operations } = jwk
  if (kty === 'oct' && typeof k !== 'string') throw unreadable('it is a JWK without a secret')
  const parsed =
    kty === 'oct' ? parseBytes(Buffer.from(`${k}`, 'base64url')) : verificationKey(publicKeyOf(jwk))
  const { algorithms, description } = parsed
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

/** The message of the platform may quote members of the key. */
function publicKeyOf(jwk: Readonly<Record<string, unknown>>): KeyObject {
  try {
    return createPublicKey({ key: { ...jwk }, format: 'jwk' })
  } catch {
    throw unreadable('it is an object, but no KeyObject and no JWK')
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
