import type { Clock } from '../../core/clock'
import { ExpiryQueue } from '../execution/expiry-queue'
import type { Ledger } from './ledger'
import type { PostgresQuery } from './postgres-query'

/** How soon to ask again about an expiry when the database does not answer, in milliseconds. */
const RETRY_MS = 1_000

/** The queries of this process that have not ended, by their keys, and when the time of each is over. */
export class LocalQueries {
  readonly #byKey = new Map<string, PostgresQuery>()
  readonly #ledger: Ledger
  readonly #clock: Clock
  readonly #expiries: ExpiryQueue<PostgresQuery>
  readonly #onExpired: (query: PostgresQuery) => void

  constructor(ledger: Ledger, clock: Clock, onExpired: (query: PostgresQuery) => void) {
    this.#ledger = ledger
    this.#clock = clock
    this.#onExpired = onExpired
    this.#expiries = new ExpiryQueue(clock, (query) => void this.askExpiry(query))
  }

  find(key: Buffer): PostgresQuery | undefined {
    return this.#byKey.get(key.toString('latin1'))
  }

  has(query: PostgresQuery): boolean {
    return this.find(query.key) === query
  }

  add(query: PostgresQuery): void {
    this.#byKey.set(query.key.toString('latin1'), query)
  }

  /** Whether it was there. */
  delete(query: PostgresQuery): boolean {
    this.#expiries.delete(query)
    return this.#byKey.delete(query.key.toString('latin1'))
  }

  list(): PostgresQuery[] {
    return [...this.#byKey.values()]
  }

  /** Moves the expiry of a query to so many milliseconds from now. */
  extend(query: PostgresQuery, leftMs: number): void {
    if (this.has(query)) this.#expiries.set(query, this.#clock.now() + leftMs)
  }

  /** The tables know whether the expiry was moved, maybe by another process. */
  async askExpiry(query: PostgresQuery): Promise<void> {
    const asked = query.registration && this.#ledger.left(query.key).catch(() => RETRY_MS)
    const leftMs = await asked
    if (!this.has(query)) return
    if (leftMs !== undefined && leftMs > 0) this.extend(query, leftMs)
    else this.#onExpired(query)
  }
}
