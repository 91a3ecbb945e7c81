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
    const { waitForCompletionTimeoutMs } = options
    if (!(waitForCompletionTimeoutMs > 0)) return Promise.resolve()
    const earlyEnd = earlyEndOf(options)
    if (earlyEnd?.aborted) return Promise.resolve()
    return new Promise((resolve) => {
      const waiting = new Waiting(this.#waits, earlyEnd, resolve)
      this.#waits.add(waiting)
      earlyEnd?.addEventListener('abort', waiting)
      if (waitForCompletionTimeoutMs !== Number.POSITIVE_INFINITY) {
        waiting.cancelTimer = this.#clock.setTimer(() => waiting.end(), waitForCompletionTimeoutMs)
      }
    })
  }

  end(): void {
    endInTurns(this.#waits, (waiting) => waiting.end())
  }
}

/** A request that waits. One object without closures, since there may be tens of thousands. */
class Waiting implements EarlyEndListener {
  readonly #all: Set<Waiting>
  readonly #earlyEnd: EarlyEnd | undefined
  readonly #resolve: () => void
  cancelTimer: (() => void) | undefined

  constructor(all: Set<Waiting>, earlyEnd: EarlyEnd | undefined, resolve: () => void) {
    this.#all = all
    this.#earlyEnd = earlyEnd
    this.#resolve = resolve
  }

  handleEvent(): void {
    this.end()
  }

  end(): void {
    this.#all.delete(this)
    this.cancelTimer?.()
    this.#earlyEnd?.removeEventListener('abort', this)
    this.#resolve()
  }
}
