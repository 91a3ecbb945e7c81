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
  delay.enable()
  watching = seen
  // The monitor counts from its first tick on.
  await settle()
}

async function settle() {
  for (let pass = 0; pass < 3; pass++) await new Promise((resolve) => setTimeout(resolve, 5))
}

/** The longest stall in milliseconds, and by how many bytes memory grew at most, since `watch`. */
async function watched() {
  const { delay, before, peak, timer } = watching
  // The monitor notices a stall after its end, and this question may have arrived during one.
  await settle()
  clearInterval(timer)
  delay.disable()
  const longestMs = delay.count > 0 ? delay.max / 1e6 : 0
  return { stallMs: Math.max(0, longestMs - RESOLUTION_MS), growth: peak - before }
}
