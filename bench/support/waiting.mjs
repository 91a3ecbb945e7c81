import assert from 'node:assert/strict'
import { Contestant } from './contestant.mjs'

/** A connection holds one wait, and a process may open so many files, besides some of its own. */
const OTHER_FILES = 100
export const MOST_WAITS = openFiles() - OTHER_FILES

const PATIENCE_MS = 300_000

/** Starts processes that put `waits` waits on a server in all. */
export function startWaiting({ port }, request, waits, processes = 2) {
  return Array.from({ length: processes }, (_, index) =>
    Contestant.start('waiting-clients', {
      port,
      localAddress: `127.0.0.${index + 2}`,
      waits: waits / processes,
      request,
    }),
  )
}

/** Resolves when so many requests wait at a server. */
export async function untilWaiting(server, count) {
  const deadline = performance.now() + PATIENCE_MS
  while ((await server.ask('waiting')) < count) {
    assert.ok(performance.now() < deadline, 'not all requests wait after some minutes')
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

function openFiles() {
  process.report.excludeNetwork = true
  const { soft } = process.report.getReport().userLimits.open_files
  return soft === 'unlimited' ? Number.POSITIVE_INFINITY : soft
}
