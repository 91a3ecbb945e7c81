import type { Clock } from '../../core/clock'
import type { QueryState } from '../../core/pass-through'
import type { ClusterQueries, Sender } from './cluster/requests'
import type { KnownQuery, Remembered } from './ids/sealed-content'

/** Expiries that differ by less count as equal, in milliseconds: the clocks of gateway and cluster differ. */
const TOLERANCE_MS = 1_000

/**
 * Ends queries that nobody polls: the cluster keeps a running query only for a short time, and every poll starts that
 * time anew. The id remembers the keep-alive that the caller asked for, which applies once the query is finished.
 */
export class Abandonment {
  readonly #queries: ClusterQueries
  readonly #clock: Clock
  readonly #afterMs: number | undefined

  /** @param afterMs `undefined`: the cluster keeps queries as long as their callers say */
  constructor(queries: ClusterQueries, clock: Clock, afterMs: number | undefined) {
    this.#queries = queries
    this.#clock = clock
    this.#afterMs = afterMs
  }

  /** The keep-alive that a submit sends to the cluster, and what the id of the query has to remember. */
  begin(keepAliveMs: number): { keepAliveMs: number; remembered: Remembered } {
    if (this.#afterMs === undefined) return { keepAliveMs, remembered: {} }
    const expirationTimeMs = this.#clock.now() + Math.max(0, keepAliveMs)
    return { keepAliveMs: Math.min(keepAliveMs, this.#afterMs), remembered: { expirationTimeMs } }
  }

  /** The keep-alive that a poll sends with each request. `undefined` where somebody has asked for a longer one. */
  async renewal(query: KnownQuery, sender: Sender): Promise<number | undefined> {
    if (this.#afterMs === undefined) return undefined
    const state = await this.#stateOf(query, sender)
    const renewedMs = this.#clock.now() + this.#afterMs
    const isWanted = state?.isRunning && (state.expirationTimeMs ?? 0) <= renewedMs + TOLERANCE_MS
    return isWanted ? this.#afterMs : undefined
  }

  /** Gives a finished query the keep-alive that its caller asked for. */
  async keep(query: KnownQuery, sender: Sender): Promise<void> {
    const { expirationTimeMs } = query
    if (this.#afterMs === undefined || expirationTimeMs === undefined) return
    const keepAliveMs = expirationTimeMs - this.#clock.now()
    const state = await this.#stateOf(query, sender)
    if (!state) return
    const isKept = (state.expirationTimeMs ?? 0) >= expirationTimeMs - TOLERANCE_MS
    if (!isKept && keepAliveMs > 0) await this.#stateOf(query, sender, keepAliveMs)
  }

  /**
   * `undefined` where the cluster does not give it, for whatever reason. What the caller asked for decides about the
   * answer, and the next poll comes here again.
   */
  #stateOf(query: KnownQuery, sender: Sender, keepAliveMs?: number): Promise<QueryState | undefined> {
    return this.#queries.state(query, '', { waitMs: 0, keepAliveMs }, sender).catch(() => undefined)
  }
}
