import type { Clock } from '../../core/clock'
import type { WaitOptions } from '../../core/operations'
import { Waits } from '../execution/waits'

/** A query that runs in another process, and the requests that wait for its end here. */
interface Watched {
  key: Buffer
  waits: Waits
}

/**
 * Waits for queries of other processes. Asks the tables again and again, in one statement for all of them, as long as
 * anybody waits.
 */
export class Watch {
  readonly #ended: (keys: readonly Buffer[]) => Promise<readonly Buffer[]>
  readonly #clock: Clock
  readonly #pollMs: number
  readonly #watched = new Map<string, Watched>()
  #cancelTimer: (() => void) | undefined
  #isPolling = false

  /** `ended` tells which of these queries run no more. */
  constructor(
    ended: (keys: readonly Buffer[]) => Promise<readonly Buffer[]>,
    { clock, pollMs }: { clock: Clock; pollMs: number },
  ) {
    this.#ended = ended
    this.#clock = clock
    this.#pollMs = pollMs
  }

  /** Resolves when the query runs no more, the time has passed, the signal has fired, or the watch is closed. */
  async wait(key: Buffer, options: WaitOptions): Promise<void> {
    const name = key.toString('latin1')
    const watched = this.#watched.get(name) ?? { key, waits: new Waits(this.#clock) }
    this.#watched.set(name, watched)
    this.#arm()
    await watched.waits.wait(options)
    if (watched.waits.isEmpty) this.#forget(name)
  }

  close(): void {
    for (const { waits } of this.#watched.values()) waits.end()
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
  }

  #arm(): void {
    if (this.#cancelTimer || this.#isPolling || this.#watched.size === 0) return
    this.#cancelTimer = this.#clock.setTimer(() => void this.#poll(), this.#pollMs)
  }

  async #poll(): Promise<void> {
    this.#cancelTimer = undefined
    this.#isPolling = true
    try {
      const keys = [...this.#watched.values()].map(({ key }) => key)
      for (const key of await this.#ended(keys)) {
        this.#watched.get(key.toString('latin1'))?.waits.end()
      }
    } catch {
      // An outage. The waits outlive it, and the next poll tells.
    } finally {
      this.#isPolling = false
      this.#arm()
    }
  }

  #forget(name: string): void {
    this.#watched.delete(name)
    if (this.#watched.size > 0) return
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
  }
}
