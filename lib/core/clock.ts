import * as timers from 'node:timers'

/** The package's only source of time. In tests, replace it with `ManualClock` of the test-kit. */
export interface Clock {
  /** Milliseconds since the epoch. May have fractions. */
  now(): number
  /**
   * Calls `callback` once, after `ms` milliseconds. Returns a function that cancels the call.
   *
   * A `background` timer does not keep the process alive.
   */
  setTimer(callback: () => void, ms: number, options?: { background?: boolean }): () => void
}

/** The longest delay of Node.js timers. A timer with a longer one would fire at once. */
const LONGEST_DELAY_MS = 2 ** 31 - 1

/** What a clock of real time is made of. */
interface TimeSource {
  /** Milliseconds since the epoch. */
  now(): number
  setTimeout(callback: () => void, ms: number): NodeJS.Timeout
  clearTimeout(timer: NodeJS.Timeout): void
}

function realClock({ now, setTimeout, clearTimeout }: TimeSource): Clock {
  return {
    now,

    setTimer(callback, ms, { background = false } = {}) {
      let timer: NodeJS.Timeout
      const arm = (remainingMs: number): void => {
        const delayMs = Math.min(remainingMs, LONGEST_DELAY_MS)
        timer = setTimeout(() => {
          if (remainingMs > delayMs) arm(remainingMs - delayMs)
          else callback()
        }, delayMs)
        if (background) timer.unref()
      }
      arm(ms)
      return () => {
        // If a timer is cleared while unreferenced, Node.js keeps its list of timers until the delay has passed.
        timer.ref()
        clearTimeout(timer)
      }
    },
  }
}

/** The time of the machine. */
export const systemClock = realClock({
  now: () => performance.timeOrigin + performance.now(),
  setTimeout: (callback, ms) => setTimeout(callback, ms),
  clearTimeout: (timer) => clearTimeout(timer),
})

/** The same, taken at import, so that fake timers of a test runner do not touch it. */
export const untouchedClock = realClock({
  now: realNow(performance.timeOrigin, performance.now.bind(performance)),
  setTimeout: timers.setTimeout,
  clearTimeout: timers.clearTimeout,
})

function realNow(originMs: number, elapsedMs: () => number): () => number {
  return () => originMs + elapsedMs()
}
