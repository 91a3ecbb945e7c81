import type { Clock } from '../../core/clock'
import { isQueryError } from '../../core/errors'
import type { QueryState } from '../../core/store'
import type { Asker, ClusterQueries } from './cluster/requests'
import type { QueryIds } from './cluster/upstream-error'
import type { SealedContent } from './ids/sealed-content'

/** Expiries that are this close, in milliseconds, are the same: the clocks of gateway and cluster differ. */
const TOLERANCE_MS = 1_000

/**
 * Lets queries end that nobody asks about: the cluster is told to keep a running one only for a short time, which
 * every poll begins anew. What its caller asked for is remembered in the id, and holds once it is finished.
 */
export class Abandonment {
  readonly #queries: ClusterQueries
  readonly #clock: Clock
  readonly #afterMs: number | undefined

  /** @param afterMs `undefined`: queries are kept as long as their callers say */
  constructor(queries: ClusterQueries, clock: Clock, afterMs: number | undefined) {
    this.#queries = queries
    this.#clock = clock
    this.#afterMs = afterMs
  }

  /** What a submit tells the cluster, and what its id is to remember. */
  begin(keepAliveMs: number): { keepAliveMs: number; remembered: Pick<SealedContent, 'expirationTimeMs'> } {
    if (this.#afterMs === undefined) return { keepAliveMs, remembered: {} }
    const expirationTimeMs = this.#clock.now() + Math.max(0, keepAliveMs)
    return { keepAliveMs: Math.min(keepAliveMs, this.#afterMs), remembered: { expirationTimeMs } }
  }

  /** The keep-alive that a poll has to send with each request. None where somebody has asked for more. */
  async renewal(query: QueryIds, asker: Asker): Promise<number | undefined> {
    if (this.#afterMs === undefined) return undefined
    const state = await this.#stateOf(query, asker)
    const renewedMs = this.#clock.now() + this.#afterMs
    const isWanted = state?.isRunning && (state.expirationTimeMs ?? 0) <= renewedMs + TOLERANCE_MS
    return isWanted ? this.#afterMs : undefined
  }

  /** Gives a query that is finished the time that its caller asked for. */
  async keep(query: QueryIds, { expirationTimeMs }: SealedContent, asker: Asker): Promise<void> {
    if (this.#afterMs === undefined || expirationTimeMs === undefined) return
    const keepAliveMs = expirationTimeMs - this.#clock.now()
    const state = await this.#stateOf(query, asker)
    const isKept = (state?.expirationTimeMs ?? 0) >= expirationTimeMs - TOLERANCE_MS
    if (!isKept && keepAliveMs > 0) await this.#stateOf(query, asker, keepAliveMs)
  }

  /** The state, unless the query has failed or is unknown: then the answer to the caller will tell. */
  async #stateOf(query: QueryIds, asker: Asker, keepAliveMs?: number): Promise<QueryState | undefined> {
    try {
      return await this.#queries.state(query, { waitMs: 0, keepAliveMs }, asker)
    } catch (error) {
      if (isQueryError(error)) return undefined
      throw error
    }
  }
}
