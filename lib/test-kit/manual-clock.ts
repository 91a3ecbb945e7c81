import type { Clock } from '../core/clock'
import { nextTurn } from '../core/turns'

interface Timer {
  callback: () => void
  dueMs: number
}

/** Turns of the event loop in which promises can settle. One is enough for a chain that waits for no other. */
const TURNS_TO_SETTLE = 3

/**
 * A clock that stands still until {@link ManualClock.advance}, for tests without sleeps.
 *
 * ```ts
 * const clock = new ManualClock()
 * const store = new MemoryStore({ execute, clock })
 * await clock.advance(60_000)
 * ```
 */
export class ManualClock implements Clock {
  readonly #timers = new Set<Timer>()
  #nowMs: number

  /** @param startMs milliseconds since the epoch. Left out, it is the first second of 2025. */
  constructor(startMs = Date.UTC(2025, 0, 1)) {
    this.#nowMs = startMs
  }

  /** How many timers have neither fired nor been called off. */
  get pendingTimers(): number {
    return this.#timers.size
  }

  now(): number {
    return this.#nowMs
  }

  setTimer(callback: () => void, ms: number): () => void {
    const timer: Timer = { callback, dueMs: this.#nowMs + Math.max(0, ms) }
    this.#timers.add(timer)
    return () => {
      this.#timers.delete(timer)
    }
  }

  /**
   * Lets time pass, in milliseconds. Timers that fall due fire in the order of their time, including those set
   * meanwhile, and the clock shows that time when they fire. Promises settle before it goes on and before this resolves.
   */
  async advance(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms
    await settle()
    for (let timer = this.#nextDue(endMs); timer; timer = this.#nextDue(endMs)) {
      this.#timers.delete(timer)
      this.#nowMs = Math.max(this.#nowMs, timer.dueMs)
      timer.callback()
      await settle()
    }
    this.#nowMs = endMs
  }

  #nextDue(endMs: number): Timer | undefined {
    let next: Timer | undefined
    // Of timers with the same time, the one that was set first fires first.
    for (const timer of this.#timers) {
      if (timer.dueMs <= endMs && (!next || timer.dueMs < next.dueMs)) next = timer
    }
    return next
  }
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < TURNS_TO_SETTLE; turn += 1) await nextTurn()
}
