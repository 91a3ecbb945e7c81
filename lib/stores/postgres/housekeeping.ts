import { AsyncResource } from 'node:async_hooks'
import type { Clock } from '../../core/clock'
import { describeError } from '../../core/describe-error'
import type { Logger } from '../../core/logger'
import type { Ledger } from './ledger'
import type { TableState } from './rows'

/** How often to sweep, in milliseconds. */
const SWEEP_EVERY_MS = 60_000

/** The queries that run in this process. */
export interface Household {
  keys(): readonly Buffer[]
  /** Gets a query of this process that others have stopped, that is gone, or that is none of these keys. */
  follow(state: TableState): void
  /** Runs what lost processes have left. */
  adopt(): Promise<void>
  /** How often to ask about them, at this moment. */
  pollMs(): number
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
  /** Its timers belong to no request. */
  readonly #context = new AsyncResource('PostgresHousekeeping')
  #first: Promise<void> | undefined
  // Each of these under way. None waits for another: a process whose heart stops loses its queries.
  #beating: Promise<void> | undefined
  #looking: Promise<void> | undefined
  #sweeping: Promise<void> | undefined
  #isLookDue = false
  #cancelBeat: (() => void) | undefined
  #cancelLook: (() => void) | undefined
  #sweptMs = Number.NEGATIVE_INFINITY
  #isClosed = false
  #isFailing = false

  constructor(ledger: Ledger, household: Household, options: HousekeepingOptions) {
    this.#ledger = ledger
    this.#household = household
    this.#options = options
    this.#armBeat()
  }

  /** Resolves when other processes know that this one is there: none may take its first query for lost. */
  async begin(): Promise<void> {
    this.#first ??= this.#beginOnce()
    await this.#first
    this.#armLook()
  }

  /** Looks at once what others want to end here. */
  look(): void {
    this.#isLookDue = true
    this.#looking ??= this.#lookAll()
  }

  /** Catches up after an outage. */
  catchUp(): void {
    const beat = (): void => {
      if (!this.#isClosed) this.#beatOnce()
    }
    void this.#first?.then(beat, () => {})
  }

  /** Resolves when no statement is under way. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#cancelBeat?.()
    this.#cancelLook?.()
    await Promise.all([this.#beating, this.#looking, this.#sweeping])
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

  #armBeat(): void {
    const { clock, heartbeatMs } = this.#options
    const beat = (): void => {
      this.#armBeat()
      this.#beatOnce()
    }
    this.#cancelBeat = clock.setTimer(beat, heartbeatMs, { background: true })
  }

  /** While queries run here, their process asks about them more often than its heart beats. */
  #armLook(): void {
    if (this.#isClosed || this.#cancelLook || this.#household.keys().length === 0) return
    const { clock } = this.#options
    const look = (): void => {
      this.#cancelLook = undefined
      this.look()
    }
    this.#context.runInAsyncScope(() => {
      this.#cancelLook = clock.setTimer(look, this.#household.pollMs(), { background: true })
    })
  }

  #beatOnce(): void {
    this.#beating ??= this.#beat()
  }

  async #beat(): Promise<void> {
    await this.#try(async () => {
      await this.#ledger.beat()
      this.#first ??= Promise.resolve()
    })
    this.#beating = undefined
    if (this.#isClosed) return
    this.look()
    void this.#try(() => this.#household.adopt())
    const nowMs = this.#options.clock.now()
    if (this.#sweeping || nowMs - this.#sweptMs < SWEEP_EVERY_MS) return
    this.#sweptMs = nowMs
    this.#sweeping = this.#sweep()
  }

  async #lookAll(): Promise<void> {
    while (this.#isLookDue && !this.#isClosed) {
      this.#isLookDue = false
      await this.#try(async () => {
        const states = await this.#ledger.amiss(this.#household.keys())
        // Whoever asks wants to know whether this process is there.
        if (states.length > 0) await this.#ledger.beat()
        for (const state of states) this.#household.follow(state)
      })
    }
    this.#looking = undefined
    this.#armLook()
  }

  async #sweep(): Promise<void> {
    await this.#try(async () => {
      while (!this.#isClosed && (await this.#ledger.sweep(this.#options.readGraceMs)));
    })
    this.#sweeping = undefined
  }

  async #try(send: () => Promise<void>): Promise<void> {
    try {
      await send()
      this.#isFailing = false
    } catch (error) {
      // Once for each outage.
      if (!this.#isFailing) {
        this.#options.logger.warn(
          { error: describeError(error) },
          'PostgreSQL cannot be asked now; trying on',
        )
      }
      this.#isFailing = true
    }
  }
}
