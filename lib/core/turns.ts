/** To answer this many waits takes some milliseconds. */
const ENDS_PER_TURN = 32

/**
 * Ends waits in several turns of the event loop: there may be tens of thousands, and each is answered as soon as it
 * ends. Skips waits that are removed from `waits` meanwhile.
 */
export function endInTurns<T>(waits: Iterable<T>, end: (wait: T) => void): void {
  const left = waits[Symbol.iterator]()
  const endSome = (): void => {
    for (let ended = 0; ended < ENDS_PER_TURN; ended += 1) {
      const next = left.next()
      if (next.done) return
      end(next.value)
    }
    setImmediate(endSome)
  }
  endSome()
}
