import type { KeyObject } from 'node:crypto'
import type { VerifyOptions } from 'jsonwebtoken'
import type { Caller, ResolveCaller } from '../core/caller'
import { callerMakers, ownerOf } from '../core/caller'
import { isPromise } from '../core/is-promise'
import { missingCredentials, refused, unauthenticated } from '../core/unauthenticated'
import type { JwtClaims } from './claims'
import { checkClaims, ownerName, userName } from './claims'
import { readHeader } from './header'
import type { JwtCallerOptions, Right } from './options'
import { resolveJwtOptions } from './options'
import { SentTokens } from './sent-tokens'
import type { VerifiedToken } from './verified-tokens'
import { verifiedTokens } from './verified-tokens'

/**
 * Identifies callers by a signed JWT in the Authorization header. The owner is the issuer with the subject, or
 * with the claim that `ownerClaim` names.
 *
 * A token must be signed by the key with an allowed algorithm, and have `iss`, `aud`, an `exp` to come, and the
 * owner's claim; its `nbf` and `iat`, if any, must have passed. All refusals are the same 401; the error's `cause` has
 * the reason. When keys cannot be looked up, the answer is 503. A token is checked when its request begins, so a wait
 * may outlive it. A token that comes again is recognized by its digest, and not verified again while its times and its
 * key still hold.
 *
 * Throws a `TypeError` for options that are wrong, unknown or do not fit each other.
 */
export function jwtCaller(options: JwtCallerOptions): ResolveCaller {
  const settings = resolveJwtOptions(options)
  const sentTokens = new SentTokens(settings.maxTokenLength)
  const tokens = verifiedTokens()
  // Loaded here, since a gateway with another `resolveCaller` needs no library for tokens.
  const library: JsonWebToken = require('jsonwebtoken')

  const resolveJwtCaller: ResolveCaller = async (request, context) => {
    const sent = sentTokens.read(request)
    if (!sent) throw missingCredentials(request.originalUrl)
    const { text: token, digest } = sent
    const known = tokens.get(digest)
    const header = known?.header ?? readHeader(token, settings.algorithms)
    // Also for a known token: its key may have changed or be withdrawn by now.
    const finding = settings.keys.find(header, context?.logger)
    const { key } = isPromise(finding) ? await finding : finding
    const nowSeconds = settings.clock.now() / 1000
    if (known?.key === key && isCurrent(known.times, nowSeconds, settings.clockToleranceSeconds)) {
      return toCaller(known, settings)
    }
    tokens.delete(digest)
    const payload = verifyToken(library, token, key, {
      algorithms: [header.alg],
      issuer: settings.issuers,
      audience: settings.audiences,
      clockTolerance: settings.clockToleranceSeconds,
      // jsonwebtoken takes 0 for a missing time, and uses the machine's.
      clockTimestamp: nowSeconds || Number.MIN_VALUE,
    })
    const claims = checkClaims(payload, nowSeconds + settings.clockToleranceSeconds)
    const owner = ownerOf(claims.iss, ownerName(claims, settings.ownerClaim))
    const user = userName(claims, settings.userClaim)
    const { exp, nbf, iat } = claims
    const verified: VerifiedToken = {
      header,
      key,
      times: { exp, nbf, iat },
      owner,
      user,
      claims: payloadOf(token),
      cancelTasks: decidedOnce(settings.cancelTasks, claims),
      monitorQueries: decidedOnce(settings.monitorQueries, claims),
    }
    tokens.set(digest, verified)
    return toCaller(verified, settings)
  }

  const { check } = settings.keys
  if (check) resolveJwtCaller.check = (_signal, context) => check(context?.logger)
  return resolveJwtCaller
}

callerMakers.add(jwtCaller)

type JsonWebToken = typeof import('jsonwebtoken')

type Settings = ReturnType<typeof resolveJwtOptions>

/** Where a caller keeps its claims, as JSON. Most requests need none, and objects for many that wait would take much memory. */
const CLAIMS = Symbol('claims')

/** Of all callers. A getter of its own for each that waits would take much memory too. */
const READ_CLAIMS = {
  enumerable: true,
  configurable: true,
  get(this: { [CLAIMS]: string }): JwtClaims {
    return JSON.parse(this[CLAIMS])
  },
}

/** The caller that a token stands for, with the rights that it has now. */
function toCaller(verified: VerifiedToken, settings: Settings): Caller | Promise<Caller> {
  const { cancelTasks, monitorQueries } = verified
  if (cancelTasks === undefined || monitorQueries === undefined) return toJudgedCaller(verified, settings)
  return callerOf(verified, cancelTasks, monitorQueries)
}

/** Asks the functions of the host. Anything but `true` grants nothing. */
async function toJudgedCaller(verified: VerifiedToken, settings: Settings): Promise<Caller> {
  const { claims, cancelTasks, monitorQueries } = verified
  return callerOf(
    verified,
    (cancelTasks ?? (await settings.cancelTasks.grants(JSON.parse(claims)))) === true,
    (monitorQueries ?? (await settings.monitorQueries.grants(JSON.parse(claims)))) === true,
  )
}

function callerOf(
  { owner, user, claims }: VerifiedToken,
  canCancelTasks: boolean,
  canMonitorQueries: boolean,
): Caller {
  const caller: Caller = { owner, canCancelTasks, canMonitorQueries }
  if (user !== undefined) caller.user = user
  Object.defineProperty(caller, CLAIMS, { value: claims })
  return Object.defineProperty(caller, 'claims', READ_CLAIMS)
}

/** The checks that depend on time, of jsonwebtoken and ours. Where they fail, the token is verified again, for the error. */
function isCurrent(times: VerifiedToken['times'], nowSeconds: number, toleranceSeconds: number): boolean {
  const { exp, nbf = Number.NEGATIVE_INFINITY, iat = Number.NEGATIVE_INFINITY } = times
  return nowSeconds < exp + toleranceSeconds && Math.max(nbf, iat) <= nowSeconds + toleranceSeconds
}

function decidedOnce({ decides, grants }: Right, claims: JwtClaims): boolean | undefined {
  return decides === 'once' ? grants(claims) === true : undefined
}

/** A copy, so that the cache and the caller hold nothing of the token. */
function payloadOf(token: string): string {
  return Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()
}

function verifyToken(
  { verify, JsonWebTokenError }: JsonWebToken,
  token: string,
  key: KeyObject,
  options: VerifyOptions,
): unknown {
  try {
    return verify(token, key, options)
  } catch (error) {
    // The text of another error may quote the token: that of a SyntaxError does.
    if (error instanceof JsonWebTokenError) throw unauthenticated(error)
    throw refused('the payload or the signature of the token is malformed')
  }
}
