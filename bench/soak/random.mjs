/** Choices that are the same for the same seed. */
export class Random {
  #state

  /** The seed is any text. */
  constructor(seed) {
    let hash = 0x811c9dc5
    for (const character of seed) hash = Math.imul(hash ^ character.codePointAt(0), 0x01000193)
    this.#state = hash
  }

  /** From 0 to 1, mulberry32. */
  next() {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }

  chance(share) {
    return this.next() < share
  }

  /** A whole number from `low` to `high`, both included. */
  integer(low, high) {
    return low + Math.floor(this.next() * (high - low + 1))
  }

  pick(list) {
    return list[this.integer(0, list.length - 1)]
  }

  /** A name of an object whose values are weights. */
  weighted(weights) {
    const entries = Object.entries(weights)
    let left = this.next() * entries.reduce((sum, [, weight]) => sum + weight, 0)
    for (const [name, weight] of entries) {
      left -= weight
      if (left < 0) return name
    }
    return entries[0][0]
  }

  /** The time until the next event, for events at random. */
  pauseMs(meanMs) {
    return -Math.log(1 - this.next()) * meanMs
  }
}
