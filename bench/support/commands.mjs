import { readFileSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'

/** The other end of a `Contestant`: answers its commands until the benchmark lets go of it. */
export function answerCommands(commands) {
  const all = { cpu, memory, watch, watched, ...commands }
  process.on('message', async ({ id, command, argument }) => {
    try {
      process.send({ id, value: await all[command](argument) })
    } catch (error) {
      process.send({ id, error: String(error?.stack ?? error) })
    }
  })
  process.on('disconnect', () => process.exit())
}

/** CPU time of this process, all threads, in microseconds. */
function cpu() {
  const { user, system } = process.cpuUsage()
  return user + system
}

/** Memory in use after garbage collection, in bytes. */
async function memory() {
  for (let pass = 0; pass < 3; pass++) {
    globalThis.gc()
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return process.memoryUsage()
}

const RESOLUTION_MS = 1
const SAMPLE_MS = 10

let watching

/** Begins to look for stalls of the event loop and for the highest memory. */
async function watch() {
  globalThis.gc()
  await new Promise((resolve) => setTimeout(resolve, 50))
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  const before = process.memoryUsage.rss()
  const seen = { delay, before, peak: before }
  seen.timer = setInterval(() => {
    seen.peak = Math.max(seen.peak, process.memoryUsage.rss())
  }, SAMPLE_MS)
  seen.ownMs = 0
  let last = { clockMs: performance.now(), workedMs: workedMs() }
  seen.ownTimer = setInterval(() => {
    const now = { clockMs: performance.now(), workedMs: workedMs() }
    const lateMs = now.clockMs - last.clockMs - RESOLUTION_MS
    seen.ownMs = Math.max(seen.ownMs, Math.min(lateMs, now.workedMs - last.workedMs))
    last = now
  }, RESOLUTION_MS)
  delay.enable()
  watching = seen
  // The monitor counts from its first tick on.
  await settle()
}

/** How long this thread has had a core so far, in milliseconds. Where the system does not tell, as if always. */
export function workedMs() {
  try {
    return readFileSync('/proc/thread-self/schedstat', 'utf8').split(' ')[0] / 1e6
  } catch {
    return performance.now()
  }
}

async function settle() {
  for (let pass = 0; pass < 3; pass++) await new Promise((resolve) => setTimeout(resolve, 5))
}

/**
 * Since `watch`: the longest stall in milliseconds, the same without the time in which this thread had no core, and by how many bytes
 * memory grew at most.
 */
async function watched() {
  const { delay, before, peak, timer, ownMs, ownTimer } = watching
  // The monitor notices a stall after its end, and this question may have arrived during one.
  await settle()
  clearInterval(timer)
  clearInterval(ownTimer)
  delay.disable()
  const longestMs = delay.count > 0 ? delay.max / 1e6 : 0
  return { stallMs: Math.max(0, longestMs - RESOLUTION_MS), ownStallMs: ownMs, growth: peak - before }
}
