import type { OptionRules } from '../../core/check-options'
import { checkOptions, rules } from '../../core/check-options'
import type { Clock } from '../../core/clock'
import type { Logger } from '../../core/logger'
import { consoleLogger } from '../../core/logger'
import type { JwtAlgorithm } from '../algorithms'
import { discoveredKeySet, discoveryUrl } from './discovery'
import type { Fetch } from './json-document'
import { isFetchable } from './json-document'
import type { RemoteKeysOptions } from './remote-keys'

export interface JwksOptions {
  /**
   * Where the issuer publishes its key set (RFC 7517).
   *
   * @default where the issuer's discovery document says: `<issuer>/.well-known/openid-configuration`
   */
  url?: string | URL
  /**
   * A key that the issuer has removed stops working within this time, in milliseconds, as long as the issuer
   * answers. Keys that are in use are fetched again when half of it has passed, while requests go on.
   *
   * @default 600_000 (10 minutes)
   */
  maxAgeMs?: number
  /**
   * Least time from the end of one fetch to the next one, also after a failure, in milliseconds. A token with an
   * unknown key causes a fetch, unless one has ended so recently: then it is refused at once. At most `maxAgeMs`.
   *
   * @default 30_000 (30 seconds)
   */
  minIntervalMs?: number
  /**
   * How long known keys go on working while the issuer does not answer, in milliseconds since it last did. At least
   * `maxAgeMs`. The default outlasts the tokens that most issuers give out. After that, callers get a 503.
   *
   * @default 86_400_000 (24 hours)
   */
  maxOutageMs?: number
  /** Longest time that one fetch may take, discovery included, in milliseconds. @default 5_000 */
  timeoutMs?: number
  /**
   * Whether plain `http:` is allowed, on this machine too. Whoever is between the gateway and the issuer can then
   * put in a key, and make tokens for everybody.
   *
   * @default false
   */
  allowHttp?: boolean
  /**
   * Called in place of the global `fetch`, for a proxy or a private certificate authority: `(url, init) =>
   * fetch(url, { ...init, dispatcher })` with the `fetch` and an agent of undici.
   */
  fetch?: Fetch
  /** Where failed fetches are reported to, at most one for each `minIntervalMs`. @default the console */
  logger?: Logger
}

const url = {
  expected: 'an https URL without credentials, or an http URL with `allowHttp: true`',
  // It may hold credentials.
  printable: false,
}

const OPTIONS = {
  url: {
    ...url,
    fits: (value) => value instanceof URL || (typeof value === 'string' && URL.canParse(value)),
  },
  maxAgeMs: rules.positiveNumber,
  minIntervalMs: rules.positiveNumber,
  maxOutageMs: rules.positiveNumber,
  timeoutMs: rules.positiveNumber,
  allowHttp: rules.boolean,
  fetch: rules.function,
  logger: rules.object,
} as const satisfies OptionRules

const OWNER = '`jwks` of jwtCaller'

/** What the key set is used for, of the options of `jwtCaller`. */
export interface KeySetUse {
  algorithms: readonly JwtAlgorithm[]
  issuers: readonly [string, ...string[]]
  clock: Pick<Clock, 'now'>
}

/** Checks, copies and completes the options. Throws a `TypeError` that says what is wrong. */
export function resolveJwksOptions(options: JwksOptions, use: KeySetUse): RemoteKeysOptions {
  checkOptions(OWNER, options, OPTIONS)
  const { maxAgeMs = Math.min(600_000, options.maxOutageMs ?? 600_000), allowHttp = false } = options
  const { minIntervalMs = Math.min(30_000, maxAgeMs), maxOutageMs = Math.max(86_400_000, maxAgeMs) } = options
  atMost('minIntervalMs', minIntervalMs, 'maxAgeMs', maxAgeMs)
  atMost('maxAgeMs', maxAgeMs, 'maxOutageMs', maxOutageMs)
  refuseSecrets(use.algorithms)
  return {
    maxAgeMs,
    minIntervalMs,
    maxOutageMs,
    timeoutMs: options.timeoutMs ?? 5_000,
    locate: locatorOf(onlyIssuer(use.issuers), options.url, allowHttp),
    fetch: options.fetch ?? globalThis.fetch,
    logger: options.logger ?? consoleLogger,
    clock: use.clock,
  }
}

function locatorOf(
  issuer: string,
  given: string | URL | undefined,
  allowHttp: boolean,
): RemoteKeysOptions['locate'] {
  if (given !== undefined) {
    const location = new URL(given)
    checkOptions(
      OWNER,
      { url: location },
      { url: { ...url, fits: () => isFetchable(location, { allowHttp }) } },
    )
    return async () => location
  }
  const document = discoveryUrl(issuer)
  if (!document || !isFetchable(document, { allowHttp })) {
    throw new TypeError(
      `jwtCaller cannot discover the keys of this \`issuer\`, which is not ${url.expected}; give their \`url\` in \`jwks\``,
    )
  }
  return (get) => discoveredKeySet(issuer, document, { get, allowHttp })
}

/** A token names its key before it is known whose it is, so the keys of two issuers could not be told apart. */
function onlyIssuer(issuers: KeySetUse['issuers']): string {
  const [issuer, ...others] = issuers
  if (others.length === 0) return issuer
  throw new TypeError(
    'jwtCaller takes exactly one `issuer` with `jwks`, so that keys of one never verify tokens of another; ' +
      'make one jwtCaller for each',
  )
}

function refuseSecrets(algorithms: readonly JwtAlgorithm[]): void {
  const algorithm = algorithms.find((name) => name.startsWith('HS'))
  if (algorithm === undefined) return
  throw new TypeError(
    `jwtCaller cannot use \`${algorithm}\` of \`algorithms\` with \`jwks\`: it needs a secret, and what is ` +
      'published is none',
  )
}

function atMost(name: string, value: number, limit: string, most: number): void {
  if (value <= most) return
  throw new TypeError(`${OWNER} expects \`${name}\` (${value}) to be at most \`${limit}\` (${most})`)
}
