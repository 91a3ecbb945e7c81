const SAMPLE_MS = 5

let idle = 0
let peak = 0

/** Commands that tell how far the memory of a process rises above that of an idle one. */
export const peakMemory = {
  /** Takes the memory after garbage collection for idle. */
  async idle() {
    for (let pass = 0; pass < 3; pass++) {
      globalThis.gc()
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    idle = process.memoryUsage.rss()
    setInterval(sample, SAMPLE_MS).unref()
  },
  /** The highest since the last question, in bytes above idle. Memory from before that question counts too. */
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
