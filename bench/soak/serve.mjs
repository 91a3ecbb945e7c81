import { readdirSync } from 'node:fs'
import { createServer } from 'node:http'

/** Longer than clients keep idle connections, as in the standalone gateway. */
const KEEP_ALIVE_MS = 75_000

export async function serve(app, port) {
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, app)
  await new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ port, host: '127.0.0.1', backlog: 4096 }, resolve)
  })
}

/** What this process holds after garbage collection. */
export async function resources() {
  // Node.js opens each of them when something is written for the first time.
  const _ = [process.stdout, process.stderr]
  for (let pass = 0; pass < 2; pass++) {
    globalThis.gc()
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  const { heapUsed, external, rss } = process.memoryUsage()
  const handles = {}
  for (const kind of process.getActiveResourcesInfo()) handles[kind] = (handles[kind] ?? 0) + 1
  // The process opens the folder itself to read it.
  return { heapUsed, external, rss, handles, descriptors: readdirSync('/proc/self/fd').length - 1 }
}
