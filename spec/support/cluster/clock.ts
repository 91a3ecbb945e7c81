/** The time of the stand-in. `ManualClock` of the test-kit fits. */
export interface ClusterClock {
  now(): number
  setTimer(callback: () => void, ms: number, options?: { background?: boolean }): () => void
}

/** The longest delay of a Node.js timer. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1

export const systemClock: ClusterClock = {
  now: () => Date.now(),
  setTimer(callback, ms) {
    const timer = setTimeout(callback, Math.min(ms, LONGEST_TIMER_MS)).unref()
    return () => clearTimeout(timer)
  },
}
