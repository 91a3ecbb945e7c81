import { AsyncResource } from 'node:async_hooks'
import type { Clock } from '../../core/clock'

/**
 * Calls back for each item at its time, with one timer for all items.
 *
 * A timer keeps the async context alive in which it was created. One timer for each item would keep what the host
 * application ties to a request (its body, its response) alive as long as the item: for days.
 */
export class ExpiryQueue<Item> {
  readonly #clock: Clock
  readonly #onExpired: (item: Item) => void
  readonly #context = new AsyncResource('AsyncQueryExpiry')
  readonly #dueTimes = new Map<Item, number>()
  #timer: { dueMs: number; cancel: () => void } | undefined

  constructor(clock: Clock, onExpired: (item: Item) => void) {
    this.#clock = clock
    this.#onExpired = onExpired
  }

  /** Sets or moves the time of an item, in milliseconds since the epoch. */
  set(item: Item, dueMs: number): void {
    this.#dueTimes.set(item, dueMs)
    // To look at all items once too early costs less than to move the timer with each item.
    if (!this.#timer || dueMs < this.#timer.dueMs) this.#arm(dueMs)
  }

  delete(item: Item): void {
    this.#dueTimes.delete(item)
    if (this.#dueTimes.size === 0) this.#disarm()
  }

  #arm(dueMs: number): void {
    this.#disarm()
    const remainingMs = dueMs - this.#clock.now()
    const cancel = this.#context.runInAsyncScope(() =>
      this.#clock.setTimer(() => this.#expire(), remainingMs, { background: true }),
    )
    this.#timer = { dueMs, cancel }
  }

  #disarm(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }

  /** Looks at every item. Ten thousand items take a fraction of a millisecond, so a heap is not needed. */
  #expire(): void {
    this.#timer = undefined
    const nowMs = this.#clock.now()
    const expired: Item[] = []
    let nearestMs = Number.POSITIVE_INFINITY
    for (const [item, dueMs] of this.#dueTimes) {
      if (dueMs <= nowMs) expired.push(item)
      else nearestMs = Math.min(nearestMs, dueMs)
    }
    for (const item of expired) this.#dueTimes.delete(item)
    if (this.#dueTimes.size > 0) this.#arm(nearestMs)
    for (const item of expired) this.#onExpired(item)
  }
}
