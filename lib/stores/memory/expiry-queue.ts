import { AsyncResource } from 'node:async_hooks'
import type { Clock } from '../../core/clock'

/**
 * Calls back for each item when its time has come, with one timer for all.
 *
 * A timer holds on to the async context that it was made in. Made for each item, it would keep alive what the host
 * ties to a request (its body, its response) for as long as the item is kept: days.
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
    // A timer that is early costs one look at the items, a timer that is moved with each item costs more.
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

  /** Looks at every item: with ten thousand of them that is a fraction of a millisecond, and needs no heap. */
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
