import { untouchedClock } from '../core/clock'
import { printOnConsole } from '../core/logger'
import { nextTurn } from '../core/turns'
import type { Visit } from './visit'

/** How long a test may be still before the console says why, in milliseconds. */
const PATIENCE_MS = 2_000

interface Waiter {
  requests: number
  resolve: () => void
  reject: (reason: Error) => void
  cancelHint: () => void
}

/** Tells a test when as many requests wait as it expects, and tells people why a test stands still. */
export class Barrier {
  readonly #open: ReadonlySet<Visit>
  readonly #waiters = new Set<Waiter>()
  readonly #standsStill: boolean
  #isTold = false
  #cancelHint: (() => void) | undefined

  /** `standsStill`: time passes only when the test says so. */
  constructor(open: ReadonlySet<Visit>, standsStill: boolean) {
    this.#open = open
    this.#standsStill = standsStill
  }

  get counts(): { open: number; waiting: number } {
    return { open: this.#open.size, waiting: this.#waiting().length }
  }

  /** Resolves when just so many requests wait, and every other one is answered. Rejects with the reason of the signal. */
  waiting(requests: number, signal?: AbortSignal): Promise<void> {
    const reached = new Promise<void>((resolve, reject) => {
      const cancelHint = untouchedClock.setTimer(() => this.#tellMissing(requests), PATIENCE_MS, {
        background: true,
      })
      const waiter = { requests, resolve, reject, cancelHint }
      this.#waiters.add(waiter)
      signal?.addEventListener('abort', () => this.#end(waiter, () => reject(signal.reason)))
    })
    // A test that has failed meanwhile looks at it no more.
    reached.catch(() => {})
    // What is due now comes first.
    void nextTurn().then(() => this.look())
    return reached
  }

  /** Looks whether somebody need not wait any longer. */
  look(): void {
    const waiting = this.#waiting()
    this.#watch(waiting.length > 0)
    if (waiting.length < this.#open.size) return
    for (const waiter of this.#waiters) {
      if (waiter.requests === waiting.length) this.#end(waiter, waiter.resolve)
    }
  }

  /** Ends every wait of a test. */
  close(why: string): void {
    this.#cancelHint?.()
    this.#cancelHint = undefined
    for (const waiter of this.#waiters) {
      this.#end(waiter, () => waiter.reject(new Error(`waiting(${waiter.requests}): ${why}`)))
    }
  }

  #end(waiter: Waiter, settle: () => void): void {
    this.#waiters.delete(waiter)
    waiter.cancelHint()
    settle()
  }

  #waiting(): Visit[] {
    return [...this.#open].filter(({ isWaiting }) => isWaiting)
  }

  #tellMissing(requests: number): void {
    const waiting = this.#waiting()
    const list = waiting.length > 0 ? `: ${waiting.map(nameOf).join(', ')}` : ''
    printOnConsole(
      'warn',
      `express-esql-async-query: waiting(${requests}) goes on, since of ${this.#open.size} open requests ` +
        `${waiting.length} wait${list}`,
    )
  }

  /** Once, since a test that knows lets requests wait on purpose. */
  #watch(isAnyWaiting: boolean): void {
    if (!this.#standsStill || this.#isTold || isAnyWaiting === (this.#cancelHint !== undefined)) return
    if (!isAnyWaiting) {
      this.#cancelHint?.()
      this.#cancelHint = undefined
      return
    }
    const tell = (): void => {
      const [first] = this.#waiting()
      if (!first) return
      this.#isTold = true
      printOnConsole(
        'warn',
        `express-esql-async-query: ${nameOf(first)} has waited for ${PATIENCE_MS / 1_000} s, and the clock of the double ` +
          "stands still: `double.advance('1s')` lets time pass, `running(query)` ends a query by hand",
      )
    }
    this.#cancelHint = untouchedClock.setTimer(tell, PATIENCE_MS, { background: true })
  }
}

function nameOf({ entry: { method, url } }: Visit): string {
  return `${method} ${url}`
}
