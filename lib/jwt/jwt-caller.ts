import type { KeyObject } from 'node:crypto'
import type { VerifyOptions } from 'jsonwebtoken'
import { JsonWebTokenError, verify } from 'jsonwebtoken'
import type { Caller, ResolveCaller } from '../core/caller'
import { ownerOf } from '../core/caller'
import { missingCredentials, refused, unauthenticated } from '../core/unauthenticated'
import { readBearerToken } from './bearer-token'
import { checkClaims, ownerName, userName } from './claims'
import { readHeader } from './header'
import type { JwtCallerOptions } from './options'
import { resolveJwtOptions } from './options'
import type { VerifiedToken } from './verified-tokens'
import { VerifiedTokens } from './verified-tokens'

export type { JwtAlgorithm } from './algorithms'
export type { ClaimTest, JwtClaims } from './claims'
export type { JwtHeader } from './header'
export type { JwksOptions } from './jwks/options'
export type { JwtKey } from './key'
export type { JwtKeySource } from './key-finder'
export type { JwtCallerOptions } from './options'

/**
 * Identifies callers by a signed JWT in the Authorization header. The owner is the issuer with the subject, or
 * with the claim that `ownerClaim` names.
 *
 * A token must be signed by the key with an allowed algorithm, and have `iss`, `aud`, an `exp` to come, and the
 * owner's claim; its `nbf` and `iat`, if any, must have passed. All refusals are the same 401; the reason is the
 * error's `cause`. Keys that cannot be looked up answer 503. A token is checked when its request begins, so a wait
 * may outlive it. A token that comes again is remembered by its digest and not verified again, while it is in time
 * and its key is still the one that is found for it.
 *
 * Throws a `TypeError` for options that are wrong, unknown or do not fit each other.
 */
export function jwtCaller(options: JwtCallerOptions): ResolveCaller {
  const settings = resolveJwtOptions(options)
  const tokens = new VerifiedTokens()

  return async function resolveJwtCaller(request) {
    const token = readBearerToken(request, settings.maxTokenLength)
    if (token === undefined) throw missingCredentials(request.originalUrl)
    const digest = VerifiedTokens.digest(token)
    const known = tokens.find(digest)
    const header = known?.header ?? readHeader(token, settings.algorithms)
    // Also for a known token: its key may have been changed or withdrawn meanwhile.
    const { key } = await settings.findKey(header)
    const nowSeconds = settings.clock.now() / 1000
    if (known?.key === key && isCurrent(known.times, nowSeconds, settings.clockToleranceSeconds)) {
      return toCaller(known)
    }
    tokens.forget(digest)
    const payload = verifyToken(token, key, {
      algorithms: [header.alg],
      issuer: settings.issuers,
      audience: settings.audiences,
      clockTolerance: settings.clockToleranceSeconds,
      // jsonwebtoken takes 0 for "not given", and asks the machine.
      clockTimestamp: nowSeconds || Number.MIN_VALUE,
    })
    const claims = checkClaims(payload, nowSeconds + settings.clockToleranceSeconds)
    const owner = ownerOf(claims.iss, ownerName(claims, settings.ownerClaim))
    const user = userName(claims, settings.userClaim)
    const { exp, nbf, iat } = claims
    const cancelTasks = settings.grantsCancelTasks?.(claims) ?? payloadOf(token)
    const verified: VerifiedToken = { header, key, times: { exp, nbf, iat }, owner, user, cancelTasks }
    tokens.add(digest, verified)
    return toCaller(verified)
  }

  async function toCaller({ owner, user, cancelTasks }: VerifiedToken): Promise<Caller> {
    const canCancelTasks = typeof cancelTasks === 'boolean' ? cancelTasks : await mayCancelTasks(cancelTasks)
    return { owner, canCancelTasks, ...(user !== undefined && { user }) }
  }

  /** Claims of its own for each call, since a function may change them. */
  async function mayCancelTasks(payload: string): Promise<boolean> {
    // Whatever else a function returns, it does not say yes.
    return (await settings.mayCancelTasks?.(JSON.parse(payload))) === true
  }
}

/** The checks that depend on time, of jsonwebtoken and ours. Where they fail, all are made again, for the error. */
function isCurrent(
  { exp, nbf, iat }: VerifiedToken['times'],
  nowSeconds: number,
  toleranceSeconds: number,
): boolean {
  const latestSeconds = nowSeconds + toleranceSeconds
  return (
    nowSeconds < exp + toleranceSeconds &&
    (nbf === undefined || nbf <= latestSeconds) &&
    (iat === undefined || iat <= latestSeconds)
  )
}

/** A copy, so that nothing of the token is held. */
function payloadOf(token: string): string {
  return Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()
}

function verifyToken(token: string, key: KeyObject, options: VerifyOptions): unknown {
  try {
    return verify(token, key, options)
  } catch (error) {
    // Of anything else the text may quote the token: a SyntaxError does.
    if (error instanceof JsonWebTokenError) throw unauthenticated(error)
    throw refused('the payload or the signature of the token is malformed')
  }
}
