import { AsyncResource } from 'node:async_hooks'
import type { Clock } from '../../core/clock'

interface Entry<Item> {
  readonly item: Item
  /** In milliseconds since the epoch. */
  dueMs: number
  /** Its place in the heap. */
  at: number
}

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
  readonly #entries = new Map<Item, Entry<Item>>()
  /** A binary heap, because clients choose when each item is due: to look at all of them each time would add up. */
  readonly #heap: Entry<Item>[] = []
  #timer: { dueMs: number; cancel: () => void } | undefined

  constructor(clock: Clock, onExpired: (item: Item) => void) {
    this.#clock = clock
    this.#onExpired = onExpired
  }

  /** Sets or moves the time of an item, in milliseconds since the epoch. */
  set(item: Item, dueMs: number): void {
    const entry = this.#entries.get(item) ?? this.#append(item)
    entry.dueMs = dueMs
    this.#restore(entry)
    // To look once too early costs less than to move the timer with each item.
    if (!this.#timer || dueMs < this.#timer.dueMs) this.#arm(dueMs)
  }

  delete(item: Item): void {
    this.#remove(item)
    if (this.#heap.length === 0) this.#disarm()
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

  #expire(): void {
    this.#timer = undefined
    const nowMs = this.#clock.now()
    const expired: Item[] = []
    let [next] = this.#heap
    for (; next && next.dueMs <= nowMs; [next] = this.#heap) {
      expired.push(next.item)
      this.#remove(next.item)
    }
    if (next) this.#arm(next.dueMs)
    for (const item of expired) this.#onExpired(item)
  }

  #append(item: Item): Entry<Item> {
    const entry = { item, dueMs: Number.POSITIVE_INFINITY, at: this.#heap.length }
    this.#heap.push(entry)
    this.#entries.set(item, entry)
    return entry
  }

  #remove(item: Item): void {
    const entry = this.#entries.get(item)
    const last = entry && this.#heap.pop()
    if (!last) return
    this.#entries.delete(item)
    if (last === entry) return
    this.#put(last, entry.at)
    this.#restore(last)
  }

  /** Moves an entry to where it belongs: no entry is due before its parent, the one at half its place. */
  #restore(entry: Entry<Item>): void {
    for (
      let parent = this.#parent(entry);
      parent && parent.dueMs > entry.dueMs;
      parent = this.#parent(entry)
    ) {
      this.#swap(entry, parent)
    }
    for (let child = this.#child(entry); child && child.dueMs < entry.dueMs; child = this.#child(entry)) {
      this.#swap(entry, child)
    }
  }

  #parent({ at }: Entry<Item>): Entry<Item> | undefined {
    return this.#heap[(at - 1) >> 1]
  }

  /** The one of its two children that is due first. */
  #child({ at }: Entry<Item>): Entry<Item> | undefined {
    const left = this.#heap[2 * at + 1]
    const right = this.#heap[2 * at + 2]
    return left && right && right.dueMs < left.dueMs ? right : left
  }

  #swap(entry: Entry<Item>, other: Entry<Item>): void {
    const { at } = entry
    this.#put(entry, other.at)
    this.#put(other, at)
  }

  #put(entry: Entry<Item>, at: number): void {
    entry.at = at
    this.#heap[at] = entry
  }
}
