/** Answers that keep the event loop busy for some milliseconds. */
const ENDS_PER_TURN = 32

/**
 * Ends waits, of which there may be tens of thousands. Each wait that ends is answered at once, so they are not all
 * ended in one turn of the event loop. Waits that are removed from `waits` meanwhile are left out.
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
