import type { OptionTable } from '../../core/check-options'
import { checkOption, checkOptions, rules } from '../../core/check-options'
import type { Clock } from '../../core/clock'
import type { Logger } from '../../core/logger'
import type { MeterProvider } from '../../core/meter'
import type { JwtAlgorithm } from '../algorithms'
import { discoveredKeySet, discoveryUrl } from './discovery'
import type { Fetch, GetDocument } from './json-document'
import { isFetchable } from './json-document'

/** How {@link jwtCaller} finds the keys that an issuer publishes. */
export interface JwksOptions {
  /**
   * Where the issuer publishes its key set (RFC 7517).
   *
   * @default discovery: the issuer's document `<issuer>/.well-known/openid-configuration` names it
   */
  url?: string | URL
  /**
   * A key that the issuer has removed stops working within this time, in milliseconds, as long as the issuer
   * answers. Keys in use are fetched again when half of it has passed, while requests go on. At most `maxOutageMs`.
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
   * How long known keys go on working while the issuer does not answer, in milliseconds since its last answer. At
   * least `maxAgeMs`. The default outlasts the tokens of most issuers. After that, callers get a 503.
   *
   * @default 86_400_000 (24 hours)
   */
  maxOutageMs?: number
  /** Longest time that one fetch may take, discovery included, in milliseconds. @default 5_000 */
  timeoutMs?: number
  /**
   * Whether plain `http:` is allowed, on this machine too. Anybody between the gateway and the issuer can then add a
   * key, and make tokens for everybody.
   *
   * @default false
   */
  allowHttp?: boolean
  /**
   * Replaces the global `fetch`, for a proxy or a private certificate authority: `(url, init) =>
   * fetch(url, { ...init, dispatcher })` with the `fetch` and an agent of undici.
   *
   * @default the global one
   */
  fetch?: Fetch
  /** Receives failed fetches, at most one for each `minIntervalMs`. @default that of the router */
  logger?: Logger
  /** Receives measurements of fetches. @default the global one of `@opentelemetry/api` */
  meterProvider?: MeterProvider
}

const url = {
  expected: 'an https URL without credentials, or an http URL with `allowHttp: true`',
  // It may hold credentials.
  printable: false,
}

export const JWKS_OPTIONS = {
  url: {
    ...url,
    fits: (value) => value instanceof URL || (typeof value === 'string' && URL.canParse(value)),
    defaultInWords: 'discovery',
  },
  maxAgeMs: { ...rules.positiveNumber, default: 600_000 },
  minIntervalMs: { ...rules.positiveNumber, default: 30_000 },
  maxOutageMs: { ...rules.positiveNumber, default: 86_400_000 },
  timeoutMs: { ...rules.positiveNumber, default: 5_000 },
  allowHttp: { ...rules.boolean, default: false },
  fetch: { ...rules.function, defaultInWords: 'the global one' },
  logger: { ...rules.object, defaultInWords: 'that of the router' },
  meterProvider: rules.meterProvider,
} as const satisfies OptionTable<JwksOptions>

const OWNER = '`jwks` of jwtCaller'

/** The options of `jwtCaller` that decide how the key set is used. */
export interface KeySetUse {
  algorithms: readonly JwtAlgorithm[]
  issuers: readonly [string, ...string[]]
  clock: Pick<Clock, 'now'>
}

export function resolveJwksOptions(options: JwksOptions, use: KeySetUse) {
  const completed = checkOptions(OWNER, options, JWKS_OPTIONS)
  // A default gives way to a time that was given.
  const maxAgeMs =
    options.maxAgeMs ?? Math.min(completed.maxAgeMs, options.maxOutageMs ?? Number.POSITIVE_INFINITY)
  const minIntervalMs = options.minIntervalMs ?? Math.min(completed.minIntervalMs, maxAgeMs)
  const maxOutageMs = options.maxOutageMs ?? Math.max(completed.maxOutageMs, maxAgeMs)
  assertAtMost('minIntervalMs', minIntervalMs, 'maxAgeMs', maxAgeMs)
  assertAtMost('maxAgeMs', maxAgeMs, 'maxOutageMs', maxOutageMs)
  refuseSecrets(use.algorithms)
  const issuer = onlyIssuer(use.issuers)
  return {
    ...completed,
    maxAgeMs,
    minIntervalMs,
    maxOutageMs,
    /** Finds the key set. Called for each fetch, since it may move. */
    locate: locatorOf(issuer, completed.url, completed.allowHttp),
    /** Who publishes the keys, for measurements. */
    server: new URL(completed.url ?? issuer).hostname,
    fetch: completed.fetch ?? globalThis.fetch,
    clock: use.clock,
  }
}

export type RemoteKeysOptions = ReturnType<typeof resolveJwksOptions>

type Locate = (get: GetDocument) => Promise<URL>

function locatorOf(issuer: string, given: string | URL | undefined, allowHttp: boolean): Locate {
  if (given !== undefined) {
    const location = new URL(given)
    checkOption(OWNER, 'url', location, { ...url, fits: () => isFetchable(location, { allowHttp }) })
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

/** A token names its key before its issuer is verified, so the keys of two issuers could not be told apart. */
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

function assertAtMost(name: string, value: number, limit: string, most: number): void {
  if (value <= most) return
  throw new TypeError(`${OWNER} expects \`${name}\` (${value}) to be at most \`${limit}\` (${most})`)
}
