import { isObject } from '../core/is-object'
import { refused } from '../core/unauthenticated'

/** The claims of a token that passed every check, times in seconds since the epoch. */
export interface JwtClaims {
  iss: string
  aud: string | string[]
  exp: number
  nbf?: number
  iat?: number
  [name: string]: unknown
}

/** Passes a token whose claim contains a value: an entry of a list, or a word of a text such as `scope`. */
export interface ClaimTest {
  claim: string
  value: string
}

/** Decides by the verified claims of a token. */
export type ClaimFunction = (claims: JwtClaims) => boolean | Promise<boolean>

/** Longer than any issuer's identifiers; OpenID Connect allows 255. */
const LONGEST_OWNER_NAME = 1_024

/**
 * Checks what jsonwebtoken leaves open when it has verified a token, and throws the 401 of refused credentials: it takes
 * any payload, does not require `exp`, and never looks at `iat`. It has compared `iss` and `aud` with the expected ones.
 */
export function checkClaims(payload: unknown, latestIssueSeconds: number): JwtClaims {
  if (!isObject(payload)) throw refused('the payload of the token is not a JSON object')
  const { aud, exp, nbf, iat } = payload
  if (!isTime(exp)) throw refused('the token has no `exp` that is a finite number')
  if (nbf !== undefined && !isTime(nbf)) throw refused('the token has an `nbf` that is not a finite number')
  if (iat !== undefined && !isTime(iat)) throw refused('the token has an `iat` that is not a finite number')
  if (!isAudience(aud)) throw refused('the token has no `aud` that is a string or a list of strings')
  if (iat !== undefined && iat > latestIssueSeconds) throw refused('the token was issued in the future')
  return payload as JwtClaims
}

/** The claim that, together with the issuer, names the owner. */
export function ownerName(claims: JwtClaims, claim: string): string {
  const name = ownClaim(claims, claim)
  if (typeof name !== 'string' || name === '') {
    throw refused(`the token has no \`${claim}\` that is a non-empty string`)
  }
  if (name.length > LONGEST_OWNER_NAME) {
    throw refused(`the token has a \`${claim}\` of more than ${LONGEST_OWNER_NAME} characters`)
  }
  return name
}

/** The claim that names a user elsewhere, where the token has it. */
export function userName(claims: JwtClaims, claim: string | undefined): string | undefined {
  const name = claim === undefined ? undefined : ownClaim(claims, claim)
  return typeof name === 'string' && name !== '' ? name : undefined
}

export function passes(claims: JwtClaims, { claim, value }: ClaimTest): boolean {
  const found = ownClaim(claims, claim)
  if (typeof found === 'string') return found.split(' ').includes(value)
  return Array.isArray(found) && found.includes(value)
}

/** A claim may have the name of something that every object inherits. */
function ownClaim(claims: JwtClaims, name: string): unknown {
  return Object.hasOwn(claims, name) ? claims[name] : undefined
}

/** `1e999` is a number to JSON too, and would never pass. */
function isTime(value: unknown): value is number {
  return Number.isFinite(value)
}

function isAudience(value: unknown): value is string | string[] {
  return (
    typeof value === 'string' || (Array.isArray(value) && value.every((item) => typeof item === 'string'))
  )
}
