import type { Clock } from '../../core/clock'
import type { WaitOptions } from '../../core/operations'
import { endInTurns } from '../../core/turns'

/** The requests that wait for one event. */
export class Waits {
  readonly #clock: Clock
  readonly #waits = new Set<() => void>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get isEmpty(): boolean {
    return this.#waits.size === 0
  }

  /** Resolves when {@link end} is called, the time has passed, or the signal has fired. */
  wait(options: WaitOptions): Promise<void> {
    const { waitForCompletionTimeoutMs } = options
    if (!(waitForCompletionTimeoutMs > 0)) return Promise.resolve()
    // Read last: a router makes it for whoever reads it.
    const { signal } = options
    if (signal?.aborted) return Promise.resolve()
    return new Promise((resolve) => {
      let cancelTimer: (() => void) | undefined
      const endWait = (): void => {
        this.#waits.delete(endWait)
        cancelTimer?.()
        signal?.removeEventListener('abort', endWait)
        resolve()
      }
      this.#waits.add(endWait)
      signal?.addEventListener('abort', endWait)
      if (waitForCompletionTimeoutMs !== Number.POSITIVE_INFINITY) {
        cancelTimer = this.#clock.setTimer(endWait, waitForCompletionTimeoutMs)
      }
    })
  }

  end(): void {
    endInTurns(this.#waits, (endWait) => endWait())
  }
}
