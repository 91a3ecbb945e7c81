import type { Clock } from '../../core/clock'
import type { MemoryQuery } from './query'

/** The executors that run. One that ignores its signal outlives its query. */
export class Executions {
  readonly #clock: Clock
  readonly #graceMs: number
  /** Each promise resolves when its executor has ended. */
  readonly #running = new Map<MemoryQuery, Promise<void>>()

  /** `graceMs`: how long {@link ended} waits. */
  constructor(clock: Clock, graceMs: number) {
    this.#clock = clock
    this.#graceMs = graceMs
  }

  has(query: MemoryQuery): boolean {
    return this.#running.has(query)
  }

  add(query: MemoryQuery, execution: Promise<void>): void {
    this.#running.set(query, execution)
  }

  delete(query: MemoryQuery): void {
    this.#running.delete(query)
  }

  /** Resolves when the executor of the query has ended, or after the grace period. */
  ended(query: MemoryQuery): Promise<void> {
    const execution = this.#running.get(query)
    if (!execution) return Promise.resolve()
    return new Promise((resolve) => {
      const cancelTimer = this.#clock.setTimer(resolve, this.#graceMs)
      void execution.then(() => {
        cancelTimer()
        resolve()
      })
    })
  }
}
