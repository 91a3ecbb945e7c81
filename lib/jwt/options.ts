import type { OptionRule, OptionTable } from '../core/check-options'
import { checkOption, checkOptions, rules } from '../core/check-options'
import type { Clock } from '../core/clock'
import { systemClock } from '../core/clock'
import type { JwtAlgorithm } from './algorithms'
import { isJwtAlgorithm, JWT_ALGORITHMS } from './algorithms'
import type { ClaimFunction, ClaimTest, JwtClaims } from './claims'
import { passes } from './claims'
import type { JwksOptions, KeySetUse } from './jwks/options'
import { resolveJwksOptions } from './jwks/options'
import { RemoteKeys } from './jwks/remote-keys'
import type { JwtKey } from './key'
import type { JwtKeySource, KeyFinder } from './key-finder'
import { givenKey, sourcedKey } from './key-finder'

/** The options of {@link jwtCaller}. It needs `algorithms`, `issuer`, `audience`, and either `key` or `jwks`. */
export interface JwtCallerOptions {
  /**
   * What tokens are verified with, or a function that finds it by the header of a token. Read once. This or `jwks`.
   */
  key?: JwtKey | JwtKeySource
  /**
   * Verifies tokens with the keys that the issuer publishes and changes: `{}` finds them by the issuer's discovery
   * document. It takes exactly one `issuer`, and none of HS* among `algorithms`. This or `key`.
   *
   * A token must name its key (`kid`), unless only one of the published keys fits its algorithm.
   */
  jwks?: JwksOptions
  /**
   * The allowed algorithms. With a given key, each must fit it: an RSA key of 2048 bits or more for RS* and PS*, the
   * algorithm's own curve for ES*, a secret at least as long as the hash for HS*. The same is checked for each token
   * where a function finds the key or the issuer publishes it.
   */
  algorithms: readonly JwtAlgorithm[]
  /** Every token must be from this issuer, or from one of these: its `iss`, letter by letter. */
  issuer: string | readonly string[]
  /** Every token must be for this audience, or for one of these: one entry of its `aud`, letter by letter. */
  audience: string | readonly string[]
  /**
   * How far the clocks of the issuer and this machine may be apart, in seconds, from 0 to 600. Applies to `exp`,
   * `nbf` and `iat`. The default accepts a token that was issued a moment ago by a clock slightly ahead, and hardly
   * prolongs any.
   *
   * @default 5
   */
  clockToleranceSeconds?: number
  /**
   * The claim that names the owner, together with the issuer. Its value must be a text that the issuer never gives
   * to anybody else: an e-mail address or a login name may be reassigned, and its next holder then reads the results
   * of the one before. After a change of this option, owners no longer reach their stored queries.
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
  cancelTasks?: ClaimTest | ClaimFunction
  /**
   * Who may see the running queries of all owners and their texts, and nothing more: given as `cancelTasks` is.
   *
   * @default nobody
   */
  monitorQueries?: ClaimTest | ClaimFunction
  /**
   * The claim that holds the caller's name in the system behind the store, for `runAs` of `ElasticsearchStore`. A
   * token without it, or with another value than a non-empty text, is accepted, and its caller has no `user`.
   *
   * @default none, so that no caller has a `user`
   */
  userClaim?: string
  /**
   * Longest accepted token, in characters. Node.js answers a head of more than 16 KiB with a 431 that no log shows, so
   * the default leaves room for other headers. For longer tokens, raise `maxHeaderSize` of the HTTP server too.
   *
   * @default 12_288 (12 KiB)
   */
  maxTokenLength?: number
  /** Time that tokens are checked against. Replace it in tests. @default the time of the machine */
  clock?: Pick<Clock, 'now'>
}

const NAME = 'jwtCaller'

/** A tolerance of more than this is milliseconds taken for seconds, or makes `exp` meaningless. */
const MOST_TOLERANCE_SECONDS = 600

const nonEmptyString = {
  expected: 'a non-empty string',
  fits: (value: unknown) => typeof value === 'string' && value !== '',
}

const requiredText = { ...nonEmptyString, required: true as const }

// jsonwebtoken skips the comparison with an empty text.
const oneOrMore = {
  expected: 'a non-empty string or a non-empty list of such strings',
  fits: (value: unknown) => nonEmptyString.fits(value) || isNonEmptyList(value),
  required: true,
} as const

const algorithm = {
  expected: `one of ${JWT_ALGORITHMS.join(', ')}`,
  fits: isJwtAlgorithm,
  required: true as const,
}

const right = {
  expected: 'a function of the claims, or an object with `claim` and `value`',
  fits: (value: unknown) => typeof value === 'function' || rules.object.fits(value),
  defaultInWords: 'nobody',
}

export const JWT_CALLER_OPTIONS = {
  key: {
    expected: 'a secret, a PEM, a KeyObject, a JWK, or a function that finds one of these',
    fits: (value) => typeof value === 'string' || typeof value === 'function' || rules.object.fits(value),
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
    fits: (value) => typeof value === 'number' && value >= 0 && value <= MOST_TOLERANCE_SECONDS,
    default: 5,
  },
  ownerClaim: { ...nonEmptyString, default: 'sub' },
  userClaim: { ...nonEmptyString, defaultInWords: 'none' },
  cancelTasks: right,
  monitorQueries: right,
  maxTokenLength: {
    expected: 'an integer > 0',
    fits: (value) => Number.isSafeInteger(value) && Number(value) > 0,
    default: 12_288,
  },
  clock: {
    expected: 'an object with a `now` method',
    fits: (value) =>
      typeof value === 'object' && value !== null && 'now' in value && typeof value.now === 'function',
    default: systemClock,
    defaultInWords: 'the time of the machine',
  },
} as const satisfies OptionTable<JwtCallerOptions>

const CLAIM_TEST: OptionTable<ClaimTest> = { claim: requiredText, value: requiredText }

export function resolveJwtOptions(options: JwtCallerOptions) {
  const { cancelTasks, monitorQueries, ...completed } = checkOptions(NAME, options, JWT_CALLER_OPTIONS)
  const algorithms = listOf('algorithms', completed.algorithms, algorithm)
  const issuers = listOf('issuer', completed.issuer, requiredText)
  return {
    ...completed,
    keys: keyFinderOf(options, { algorithms, issuers, clock: completed.clock }),
    algorithms,
    issuers,
    audiences: listOf('audience', completed.audience, requiredText),
    cancelTasks: rightOf('cancelTasks', cancelTasks),
    monitorQueries: rightOf('monitorQueries', monitorQueries),
  }
}

function keyFinderOf({ key, jwks }: JwtCallerOptions, use: KeySetUse): KeyFinder {
  if (jwks !== undefined) {
    if (key !== undefined) throw new TypeError('jwtCaller takes `key` or `jwks`, not both; remove one')
    return new RemoteKeys(resolveJwksOptions(jwks, use))
  }
  if (key !== undefined) {
    if (typeof key !== 'function') return givenKey(key, use.algorithms)
    return { find: sourcedKey(key), known: () => [] }
  }
  throw new TypeError(
    `jwtCaller needs the option \`key\`: ${JWT_CALLER_OPTIONS.key.expected}; or \`jwks\`: {} for the keys that the issuer publishes`,
  )
}

function listOf<T extends string>(
  name: string,
  option: T | readonly T[],
  rule: OptionRule & { required: true },
): [T, ...T[]] {
  const list = typeof option === 'string' ? [option] : [...option]
  for (const [index, entry] of list.entries()) checkOption(NAME, `${name}[${index}]`, entry, rule)
  return list as [T, ...T[]]
}

/** Decides about a right: a function decides each time, and a test of the claims alone decides once for a token. */
export type Right =
  | { decides: 'each time'; grants: ClaimFunction }
  | { decides: 'once'; grants: (claims: JwtClaims) => boolean }

function rightOf(name: string, test: ClaimTest | ClaimFunction | undefined): Right {
  if (typeof test === 'function') return { decides: 'each time', grants: test }
  if (!test) return { decides: 'once', grants: () => false }
  checkOptions(`\`${name}\` of jwtCaller`, test, CLAIM_TEST)
  const { claim, value } = test
  return { decides: 'once', grants: (claims) => passes(claims, { claim, value }) }
}

function isNonEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0
}
