import { setImmediate } from 'node:timers'

/** Taken at import, so that fake timers of a test runner do not touch it. */
const setRealImmediate = setImmediate

/** Resolves in the next turn of the event loop. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => void setRealImmediate(resolve))
}

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
    setRealImmediate(endSome)
  }
  endSome()
}

/** Work that may be long. It pauses whenever other requests should get their turn: after some milliseconds at most. */
export type Work<T> = Generator<undefined, T, undefined>

/** Tells work from its outcome, which must not have a function `next`. */
export function isWork<T>(value: T | Work<T>): value is Work<T> {
  return typeof (value as Work<T> | undefined | null)?.next === 'function'
}

/** Works of one kind that pause: one of them goes on in each turn of the event loop. */
export class Line {
  #last = Promise.resolve()

  /** Resolves when who asks may go on. */
  next(): Promise<void> {
    this.#last = this.#last.then(() => nextTurn())
    return this.#last
  }
}

/** Of all works that have no other line. */
const COMMON = new Line()

/**
 * Does work in several turns of the event loop, and resolves with its outcome. Of all works in a line that pause, one goes on in
 * each turn. Work without a pause is done at once, without a promise.
 *
 * Rejects when `assertWanted`, called in each of these turns, throws: then nobody needs the outcome any more.
 */
export function inTurns<T>(
  work: Work<T>,
  assertWanted: () => void = () => {},
  line = COMMON,
): T | Promise<T> {
  const step = work.next()
  return step.done ? step.value : goOn(work, assertWanted, line)
}

async function goOn<T>(work: Work<T>, assertWanted: () => void, line = COMMON): Promise<T> {
  for (;;) {
    await line.next()
    assertWanted()
    const step = work.next()
    if (step.done) return step.value
  }
}

let lastInOrder: Promise<unknown> = Promise.resolve()

/**
 * As {@link inTurns}, but asks for the work when all other work that was given here is done, so that the memory for it does
 * not add up. `begin` must wait for nobody but this process.
 */
export function inOrder<T>(begin: () => Work<T> | Promise<Work<T>>, assertWanted: () => void): Promise<T> {
  const outcome = lastInOrder.then(async () => {
    assertWanted()
    return goOn(await begin(), assertWanted)
  })
  // Without the outcome, which may be large.
  const forget = (): void => {}
  lastInOrder = outcome.then(forget, forget)
  return outcome
}

/** Does work without a pause. */
export function atOnce<T>(work: Work<T>): T {
  for (;;) {
    const step = work.next()
    if (step.done) return step.value
  }
}

/** Counts what work has done since its last pause. */
export class Pace {
  readonly #perTurn: number
  #done = 0

  /** `perTurn`: how much takes some milliseconds, whatever it is that is counted. */
  constructor(perTurn: number) {
    this.#perTurn = perTurn
  }

  /** Counts more, and says whether to pause. */
  isPauseDue(done: number): boolean {
    this.#done += done
    if (this.#done < this.#perTurn) return false
    this.#done = 0
    return true
  }
}
