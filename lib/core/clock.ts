/** Time as the package sees it. Replace it in tests; `ManualClock` of the test-kit fits. */
export interface Clock {
  /** Milliseconds since the epoch. Fractions are welcome. */
  now(): number
  /**
   * Calls `callback` once, when `ms` milliseconds have passed. Returns a function that calls it off.
   *
   * A `background` timer does not keep the process alive.
   */
  setTimer(callback: () => void, ms: number, options?: { background?: boolean }): () => void
}

/** Longest delay that Node.js timers keep; a longer one would fire at once. */
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
      // Node.js keeps a list for the delay of a timer that is cleared unreferenced until that delay has passed.
      timer.ref()
      clearTimeout(timer)
    }
  },
}
