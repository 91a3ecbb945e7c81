import type { Clock } from '../../core/clock'
import { describeError } from '../../core/describe-error'
import type { Logger } from '../../core/logger'
import type { Ledger, TableState } from './ledger'

/** How often to sweep, in milliseconds. */
const SWEEP_EVERY_MS = 60_000

/** The queries that run in this process. */
export interface Household {
  keys(): readonly Buffer[]
  /** Gets a query of this process that others have stopped, that is gone, or that is none of these keys. */
  follow(state: TableState): void
  /** Runs what lost processes have left. */
  adopt(): Promise<void>
}

export interface HousekeepingOptions {
  heartbeatMs: number
  readGraceMs: number
  clock: Clock
  logger: Logger
}

/**
 * Says again and again that this process is there, finds out what others want to end here, and sweeps away what is long
 * over.
 */
export class Housekeeping {
  readonly #ledger: Ledger
  readonly #household: Household
  readonly #options: HousekeepingOptions
  #first: Promise<void> | undefined
  #running: Promise<void> = Promise.resolve()
  #cancelTimer: (() => void) | undefined
  #sweptMs = Number.NEGATIVE_INFINITY
  #isClosed = false
  #isFailing = false

  constructor(ledger: Ledger, household: Household, options: HousekeepingOptions) {
    this.#ledger = ledger
    this.#household = household
    this.#options = options
    this.#arm()
  }

  /** Resolves when other processes know that this one is there: none may take its first query for lost. */
  begin(): Promise<void> {
    this.#first ??= this.#beginOnce()
    return this.#first
  }

  /** Resolves when no statement is under way. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    await this.#running
    // A process that cannot say that it leaves is lost soon.
    if (this.#first) await this.#ledger.leave().catch(() => {})
  }

  async #beginOnce(): Promise<void> {
    try {
      await this.#ledger.beat()
    } catch (error) {
      this.#first = undefined
      throw error
    }
  }

  #arm(): void {
    if (this.#isClosed) return
    const { clock, heartbeatMs } = this.#options
    const tick = (): void => {
      this.#running = this.#tick()
    }
    this.#cancelTimer = clock.setTimer(tick, heartbeatMs, { background: true })
  }

  async #tick(): Promise<void> {
    const { clock, logger, readGraceMs } = this.#options
    try {
      await this.#ledger.beat()
      this.#first ??= Promise.resolve()
      const states = await this.#ledger.amiss(this.#household.keys())
      for (const state of states) this.#household.follow(state)
      await this.#household.adopt()
      if (clock.now() - this.#sweptMs >= SWEEP_EVERY_MS) {
        this.#sweptMs = clock.now()
        while (!this.#isClosed && (await this.#ledger.sweep(readGraceMs)));
      }
      this.#isFailing = false
    } catch (error) {
      // Once for each outage.
      if (!this.#isFailing) {
        logger.warn({ error: describeError(error) }, 'PostgreSQL cannot be asked now; trying on')
      }
      this.#isFailing = true
    }
    this.#arm()
  }
}
