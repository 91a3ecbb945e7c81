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

/** The time of the machine. */
export const systemClock: Clock = {
  now: () => performance.timeOrigin + performance.now(),

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
