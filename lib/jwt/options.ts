import { checkOptions, rules } from '../core/check-options'
import type { Clock } from '../core/clock'
import { systemClock } from '../core/clock'
import type { JwtAlgorithm } from './algorithms'
import { isJwtAlgorithm, JWT_ALGORITHMS } from './algorithms'
import type { ClaimTest, JwtClaims } from './claims'
import { passes } from './claims'
import type { JwksOptions, KeySetUse } from './jwks/options'
import { resolveJwksOptions } from './jwks/options'
import { remoteKey } from './jwks/remote-keys'
import type { JwtKey } from './key'
import type { FindKey, JwtKeySource } from './key-finder'
import { givenKey, sourcedKey } from './key-finder'

export interface JwtCallerOptions {
  /**
   * What tokens are verified with, or a function that finds it by the header of a token. Read once. Either this or
   * `jwks`.
   */
  key?: JwtKey | JwtKeySource
  /**
   * Tokens are verified with the keys that the issuer publishes and changes: `{}` finds them by the issuer's
   * discovery document. With it, `issuer` is exactly one, and `algorithms` are none of HS*.
   *
   * A token must name its key (`kid`), unless only one of the published keys fits its algorithm.
   */
  jwks?: JwksOptions
  /**
   * The algorithms that are allowed. With a given key, each must fit it: an RSA key of 2048 bits or more for RS*
   * and PS*, the algorithm's own curve for ES*, a secret at least as long as the hash for HS*. Keys that a function
   * finds or that the issuer publishes are held to the same, token by token.
   */
  algorithms: readonly JwtAlgorithm[]
  /** Every token must be from this issuer, or from one of these: its `iss`, letter by letter. */
  issuer: string | readonly string[]
  /** Every token must be for this audience, or for one of these: one entry of its `aud`, letter by letter. */
  audience: string | readonly string[]
  /**
   * How far the clocks of the issuer and this machine may be apart, in seconds, from 0 to 600. Applies to `exp`,
   * `nbf` and `iat`. The default lets a token pass that was issued a moment ago by a clock slightly ahead, and
   * hardly prolongs any.
   *
   * @default 5
   */
  clockToleranceSeconds?: number
  /**
   * The claim that names the owner, together with the issuer. Its value must be a text that the issuer never gives
   * to anybody else: an e-mail address or a login name may be reassigned, and the next holder then reads the
   * results of the last. A change of this option makes stored queries unreachable for their owners.
   *
   * @default 'sub'
   */
  ownerClaim?: string
  /**
   * Who may delete other owners' queries, and nothing more: callers whose claim contains a value (an entry of a
   * list, or one of the blank-separated words of a text, such as `scope`), or for whose verified claims a function
   * returns `true`. A function that throws answers 503.
   *
   * @default nobody
   */
  cancelTasks?: ClaimTest | ((claims: JwtClaims) => boolean | Promise<boolean>)
  /**
   * The claim that holds the caller's name in the system behind the store, for `runAs` of `ElasticsearchStore`. A
   * token without it, or with another value than a non-empty text, is accepted, and its caller has no `user`.
   *
   * @default no caller has a `user`
   */
  userClaim?: string
  /** Longest token that is looked at, in characters. Node.js itself limits all headers to 16 KiB. @default 16_384 */
  maxTokenLength?: number
  /** The time that tokens are checked against. Replace it in tests. @default the time of the machine */
  clock?: Pick<Clock, 'now'>
}

type NonEmptyList = [string, ...string[]]

/** The options, checked, copied and completed. */
export interface ResolvedJwtOptions {
  findKey: FindKey
  algorithms: readonly JwtAlgorithm[]
  issuers: NonEmptyList
  audiences: NonEmptyList
  clockToleranceSeconds: number
  ownerClaim: string
  userClaim: string | undefined
  /** A test of the claims alone, unless a function decides each time. */
  grantsCancelTasks: ((claims: JwtClaims) => boolean) | undefined
  mayCancelTasks: ((claims: JwtClaims) => boolean | Promise<boolean>) | undefined
  maxTokenLength: number
  clock: Pick<Clock, 'now'>
}

/** A tolerance of more than this is milliseconds taken for seconds, or makes `exp` meaningless. */
const MOST_TOLERANCE_SECONDS = 600

const nonEmptyString = {
  expected: 'a non-empty string',
  fits: (value: unknown) => typeof value === 'string' && value !== '',
}

// jsonwebtoken does not compare what is configured as empty, so empty is refused.
const oneOrMore = {
  expected: 'a non-empty string or a non-empty list of such strings',
  fits: (value: unknown) => nonEmptyString.fits(value) || isNonEmptyList(value),
  required: true,
}

const algorithm = {
  expected: `one of ${JWT_ALGORITHMS.join(', ')}`,
  fits: isJwtAlgorithm,
  required: true,
}

const OPTIONS = {
  key: {
    expected: 'a secret, a PEM, a KeyObject, a JWK, or a function that finds one of these',
    fits: (value: unknown) =>
      typeof value === 'string' || typeof value === 'function' || rules.object.fits(value),
    printable: false,
  },
  jwks: { ...rules.object, printable: false },
  algorithms: {
    expected: `a non-empty list of ${JWT_ALGORITHMS.join(', ')}`,
    fits: isNonEmptyList,
    required: true,
  },
  issuer: oneOrMore,
  audience: oneOrMore,
  clockToleranceSeconds: {
    expected: `a number of seconds from 0 to ${MOST_TOLERANCE_SECONDS}`,
    fits: (value: unknown) => typeof value === 'number' && value >= 0 && value <= MOST_TOLERANCE_SECONDS,
  },
  ownerClaim: nonEmptyString,
  userClaim: nonEmptyString,
  cancelTasks: {
    expected: 'a function of the claims, or an object with `claim` and `value`',
    fits: (value: unknown) => typeof value === 'function' || rules.object.fits(value),
  },
  maxTokenLength: {
    expected: 'an integer > 0',
    fits: (value: unknown) => Number.isSafeInteger(value) && Number(value) > 0,
  },
  clock: {
    expected: 'an object with a `now` method',
    fits: (value: unknown) =>
      typeof value === 'object' && value !== null && 'now' in value && typeof value.now === 'function',
  },
}

const CLAIM_TEST = {
  claim: { ...nonEmptyString, required: true },
  value: { ...nonEmptyString, required: true },
}

/** Checks, copies and completes the options of `jwtCaller`. Throws a `TypeError` that says what is wrong. */
export function resolveJwtOptions(options: JwtCallerOptions): ResolvedJwtOptions {
  checkOptions('jwtCaller', options, OPTIONS)
  const algorithms = [...options.algorithms]
  for (const [index, entry] of algorithms.entries()) checkEntry(`algorithms[${index}]`, entry, algorithm)
  const { cancelTasks, clock = systemClock } = options
  const issuers = listOf('issuer', options.issuer)
  return {
    findKey: findKeyOf(options, { algorithms, issuers, clock }),
    algorithms,
    issuers,
    audiences: listOf('audience', options.audience),
    clockToleranceSeconds: options.clockToleranceSeconds ?? 5,
    ownerClaim: options.ownerClaim ?? 'sub',
    userClaim: options.userClaim,
    grantsCancelTasks: typeof cancelTasks === 'function' ? undefined : claimTest(cancelTasks),
    mayCancelTasks: typeof cancelTasks === 'function' ? cancelTasks : undefined,
    maxTokenLength: options.maxTokenLength ?? 16_384,
    clock,
  }
}

function findKeyOf({ key, jwks }: JwtCallerOptions, use: KeySetUse): FindKey {
  if (jwks !== undefined) {
    if (key !== undefined) throw new TypeError('jwtCaller takes `key` or `jwks`, not both; remove one')
    return remoteKey(resolveJwksOptions(jwks, use))
  }
  if (key !== undefined) return typeof key === 'function' ? sourcedKey(key) : givenKey(key, use.algorithms)
  throw new TypeError(
    `jwtCaller needs the option \`key\`: ${OPTIONS.key.expected}; or \`jwks\`: {} for the keys that the issuer publishes`,
  )
}

function listOf(name: string, option: string | readonly string[]): NonEmptyList {
  const list = typeof option === 'string' ? [option] : [...option]
  for (const [index, entry] of list.entries()) {
    checkEntry(`${name}[${index}]`, entry, { ...nonEmptyString, required: true })
  }
  return list as NonEmptyList
}

function checkEntry(name: string, entry: unknown, rule: typeof algorithm | typeof oneOrMore): void {
  checkOptions('jwtCaller', { [name]: entry }, { [name]: rule })
}

function claimTest(test: ClaimTest | undefined): (claims: JwtClaims) => boolean {
  if (!test) return () => false
  checkOptions('`cancelTasks` of jwtCaller', test, CLAIM_TEST)
  const { claim, value } = test
  return (claims) => passes(claims, { claim, value })
}

function isNonEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0
}
