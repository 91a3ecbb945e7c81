import type { Clock } from '../../core/clock'
import type { EarlyEnd, EarlyEndListener } from '../../core/early-end'
import { earlyEndOf } from '../../core/early-end'
import type { WaitOptions } from '../../core/operations'
import { endInTurns } from '../../core/turns'

/** The requests that wait for one event. */
export class Waits {
  readonly #clock: Clock
  readonly #waits = new Set<Waiting>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get isEmpty(): boolean {
    return this.#waits.size === 0
  }

  /** Resolves when {@link end} is called, the time has passed, or the signal has fired. */
  wait(options: WaitOptions): Promise<void> {
    return new Promise((resolve) => this.whenOver(options, resolve))
  }

  /** Calls back when {@link wait} would resolve. It takes less memory than a promise that another one follows. */
  whenOver(options: WaitOptions, callback: () => void): void {
    const { waitForCompletionTimeoutMs } = options
    // Read last: who reads a signal may have to make it.
    const earlyEnd = waitForCompletionTimeoutMs > 0 ? earlyEndOf(options) : undefined
    if (!(waitForCompletionTimeoutMs > 0) || earlyEnd?.aborted) {
      callback()
      return
    }
    const waiting = new Waiting(this.#waits, earlyEnd, callback)
    this.#waits.add(waiting)
    earlyEnd?.addEventListener('abort', waiting)
    if (waitForCompletionTimeoutMs !== Number.POSITIVE_INFINITY) {
      waiting.cancelTimer = this.#clock.setTimer(() => waiting.end(), waitForCompletionTimeoutMs)
    }
  }

  end(): void {
    endInTurns(this.#waits, (waiting) => waiting.end())
  }
}

/** A request that waits. One object without closures, since there may be tens of thousands. */
class Waiting implements EarlyEndListener {
  readonly #all: Set<Waiting>
  readonly #earlyEnd: EarlyEnd | undefined
  readonly #callback: () => void
  cancelTimer: (() => void) | undefined

  constructor(all: Set<Waiting>, earlyEnd: EarlyEnd | undefined, callback: () => void) {
    this.#all = all
    this.#earlyEnd = earlyEnd
    this.#callback = callback
  }

  handleEvent(): void {
    this.end()
  }

  end(): void {
    if (!this.#all.delete(this)) return
    this.cancelTimer?.()
    this.#earlyEnd?.removeEventListener('abort', this)
    this.#callback()
  }
}
