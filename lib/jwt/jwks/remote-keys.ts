import { describeError } from '../../core/describe-error'
import { errorKind } from '../../core/error-kind'
import type { Logger } from '../../core/logger'
import { consoleLogger } from '../../core/logger'
import { refused } from '../../core/unauthenticated'
import type { JwtHeader } from '../header'
import type { VerificationKey } from '../key'
import type { FindKey, KeyFinder, KnownKey } from '../key-finder'
import { keysUnavailable } from '../key-finder'
import type { GetDocument } from './json-document'
import { getDocument, KeySourceError, withinTime } from './json-document'
import { KeySet } from './key-set'
import type { MeasureFetch } from './metrics'
import { keyMetrics } from './metrics'
import type { RemoteKeysOptions } from './options'

/**
 * Finds keys in the key set that the issuer publishes. Fetches it when a request needs it, so that nothing runs without
 * requests.
 *
 * Not with `createRemoteJWKSet` of jose: it keeps no interval after a failure, drops the keys in an outage, makes
 * requests wait whenever keys have aged, and limits no size. Not with jwks-rsa: invented `kid`s use up its limit for
 * honest callers, and it is built on jose.
 */
export class RemoteKeys implements KeyFinder {
  readonly #options: RemoteKeysOptions
  #keys: KeySet | undefined
  /** When the fetch of these keys began. */
  #fetchedAt = Number.NEGATIVE_INFINITY
  /** When the last fetch ended, with or without success. */
  #fetchEndedAt = Number.NEGATIVE_INFINITY
  #failure: unknown
  #fetching: Promise<void> | undefined
  #measure: MeasureFetch | undefined

  constructor(options: RemoteKeysOptions) {
    this.#options = options
  }

  readonly find: FindKey = (header, ofRouter = consoleLogger) => {
    const { logger = ofRouter } = this.#options
    const [known, ...others] = this.#usableNow(logger)?.fitting(header) ?? []
    return known && others.length === 0 ? known : this.#fetched(header, logger)
  }

  /** Fetches keys where no request has, because a process that waits for its first request has none. */
  readonly check = async (ofRouter = consoleLogger): Promise<void> => {
    if (this.#usable) return
    await this.#refresh(this.#options.logger ?? ofRouter)
    if (!this.#usable) throw keysUnavailable(this.#failure)
  }

  readonly known = (): readonly KnownKey[] => this.#usable?.keys ?? []

  /** The keys, unless there has been no answer of the issuer for too long. */
  get #usable(): KeySet | undefined {
    return this.#since(this.#fetchedAt) < this.#options.maxOutageMs ? this.#keys : undefined
  }

  /** The keys, if they may be used without waiting for a fetch. */
  #usableNow(logger: Logger): KeySet | undefined {
    const { maxAgeMs, maxOutageMs, minIntervalMs } = this.#options
    const age = this.#since(this.#fetchedAt)
    if (age >= maxAgeMs / 2) void this.#refresh(logger)
    // In an outage that a fetch has just shown again, nobody waits for the next attempt.
    const isDown = this.#failure !== undefined && this.#since(this.#fetchEndedAt) < 2 * minIntervalMs
    return age < maxAgeMs || (age < maxOutageMs && isDown) ? this.#keys : undefined
  }

  /** After a clock has been set back, a time that seems to come counts as long ago. */
  #since(time: number): number {
    const passed = this.#options.clock.now() - time
    return passed < 0 ? Number.POSITIVE_INFINITY : passed
  }

  /** Resolves when the one fetch that is under way has ended, or at once while it is too early for another. */
  #refresh(logger: Logger): Promise<void> {
    const { minIntervalMs } = this.#options
    if (!this.#fetching && this.#since(this.#fetchEndedAt) >= minIntervalMs) {
      this.#fetching = this.#fetch(logger).finally(() => {
        this.#fetching = undefined
      })
    }
    return this.#fetching ?? Promise.resolve()
  }

  async #fetch(logger: Logger): Promise<void> {
    const { clock, timeoutMs, meterProvider, server } = this.#options
    // Not before, because the host may start OpenTelemetry after it has made the token check.
    this.#measure ??= keyMetrics(meterProvider, server, () => this.#ageMs())
    const startedAt = clock.now()
    try {
      this.#keys = await withinTime(timeoutMs, (signal) => this.#read(signal))
      this.#fetchedAt = startedAt
      this.#failure = undefined
    } catch (error) {
      this.#failure = error ?? new KeySourceError('nothing was thrown')
      this.#report(logger)
    }
    this.#fetchEndedAt = clock.now()
    const kind = this.#failure === undefined ? undefined : errorKind(this.#failure)
    this.#measure(this.#fetchEndedAt - startedAt, kind)
  }

  /** The key of a token for which the known keys are not enough. */
  async #fetched(header: JwtHeader, logger: Logger): Promise<VerificationKey> {
    await this.#refresh(logger)
    const keys = this.#usable
    if (!keys) throw keysUnavailable(this.#failure)
    const [key, another] = keys.fitting(header)
    if (another) throw refused('more than one key of the key set fits the token')
    if (key) return key
    // It may be a new key that could not be fetched yet, and the token a good one.
    if (this.#failure !== undefined) throw keysUnavailable(this.#failure)
    throw refused('the key set has no key for the token')
  }

  #ageMs(): number | undefined {
    return this.#keys && this.#options.clock.now() - this.#fetchedAt
  }

  async #read(signal: AbortSignal): Promise<KeySet> {
    const { fetch, locate } = this.#options
    const get: GetDocument = (what, url) => getDocument(what, url, { fetch, signal })
    const url = await locate(get)
    return new KeySet(await get('the key set', url), this.#keys)
  }

  #report(logger: Logger): void {
    try {
      const err = describeError(this.#failure)
      logger.warn({ err }, 'the keys of the issuer cannot be fetched')
    } catch {
      // A logger that fails is no reason to fail.
    }
  }
}
