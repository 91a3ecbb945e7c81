const SAMPLE_MS = 5

let idle = 0
let peak = 0

/** Commands that tell how far a process rises above the memory that it takes when there is nothing to do. */
export const peakMemory = {
  /** What there is now, once everything that can go has gone, is idle. */
  async idle() {
    for (let pass = 0; pass < 3; pass++) {
      globalThis.gc()
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    idle = process.memoryUsage.rss()
    setInterval(sample, SAMPLE_MS).unref()
  },
  /** The highest since the last question, in bytes above idle. What has stayed from before then counts as well. */
  peak() {
    sample()
    const highest = peak - idle
    peak = 0
    return highest
  },
}

function sample() {
  peak = Math.max(peak, process.memoryUsage.rss())
}
