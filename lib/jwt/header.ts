import { isObject, parsedJson } from '../core/is-object'
import { refused } from '../core/unauthenticated'
import type { JwtAlgorithm } from './algorithms'
import { isJwtAlgorithm } from './algorithms'

/** The parts of a token's header that identify its key. Nothing of it is verified. */
export interface JwtHeader {
  /** One of the algorithms that `jwtCaller` allows. */
  alg: JwtAlgorithm
  /** The id of the key. */
  kid?: string
  /** The base64url SHA-1 thumbprint of the key's certificate. */
  x5t?: string
  /** The base64url SHA-256 thumbprint of the key's certificate. */
  'x5t#S256'?: string
}

/** RFC 7519, section 7.2: three parts in base64url, of a signed token. */
const COMPACT = /^[\w-]+\.[\w-]+\.[\w-]+$/

/** The media type of an access token, RFC 7519, section 5.1 and RFC 9068, section 2.1. */
const TOKEN_TYPE = /^(application\/)?(at\+)?jwt$/i

/**
 * Reads the header of a token that is not verified yet, or throws the 401 of refused credentials. jsonwebtoken decodes a
 * header without a check, and ignores `crit` and `typ`.
 *
 * Leaves out keys that the header embeds or points to (`jwk`, `x5c`, `jku`, `x5u`), so that no key source can follow
 * them. Refuses a `typ` other than that of a JWT or an access token: an issuer's other tokens (logout tokens, security
 * events) may carry the same claims.
 */
export function readHeader(token: string, allowed: readonly JwtAlgorithm[]): JwtHeader {
  if (!COMPACT.test(token)) throw refused('the bearer token is not a signed JWT')
  const [encoded = ''] = token.split('.', 1)
  const header = parsedJson(Buffer.from(encoded, 'base64url').toString())
  if (!isObject(header)) throw refused('the header of the token is not a JSON object')
  const { alg, typ } = header
  if (!isJwtAlgorithm(alg)) throw refused('the token names no known algorithm')
  if (!allowed.includes(alg)) throw refused(`the token is signed with ${alg}, which is not allowed`)
  // They announce extensions that change the meaning of the token. We know none.
  for (const name of ['crit', 'b64']) {
    if (Object.hasOwn(header, name)) throw refused(`the header of the token has \`${name}\``)
  }
  if (typ !== undefined && !(typeof typ === 'string' && TOKEN_TYPE.test(typ))) {
    throw refused('the header of the token has a `typ` that is not the type of a JWT or access token')
  }
  return { alg, ...keyReferences(header) }
}

function keyReferences(header: Readonly<Record<string, unknown>>): Omit<JwtHeader, 'alg'> {
  const references: Omit<JwtHeader, 'alg'> = {}
  for (const name of ['kid', 'x5t', 'x5t#S256'] as const) {
    const value = header[name]
    if (value === undefined) continue
    if (typeof value !== 'string')
      throw refused(`the header of the token has a \`${name}\` that is no string`)
    references[name] = value
  }
  return references
}
