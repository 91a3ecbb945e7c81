import { answerCommands, workedMs } from '../support/commands.mjs'
import { makeRows } from '../support/table.mjs'
import { ours, WRITERS } from '../support/writer-contestants.mjs'
import { assertWritten } from '../support/written.mjs'

// All who write one format, in one process. Formats get a process each, so that none is slowed by what another
// taught the compiler.

const CHECKED_ROWS = 1_000

const inputs = new Map()
let contestants

answerCommands({
  async start({ format, rows, before }) {
    contestants = [...WRITERS[format]]
    if (before !== undefined) {
      const { writerFor } = await import(`${before}/dist/formats/formats.js`)
      contestants.push(ours(format, 'this package before', writerFor))
    }
    const table = makeRows(rows)
    for (const contestant of contestants) {
      const { name, format: dialect = format, rows: ownRows = rows, prepare, write } = contestant
      const checked = table.slice(0, CHECKED_ROWS)
      const pieces = [...(await write(await prepare(checked)))].map(bytesOf)
      assertWritten[dialect](Buffer.concat(pieces), checked)
      inputs.set(name, { rows: ownRows, write, input: await prepare(table.slice(0, ownRows)) })
    }
    return contestants.map(({ name }) => name)
  },
  /**
   * Rows per second of one of them, once: of the time in which this thread had a core, and of CPU time, which counts the threads
   * of the garbage collector too. Other processes take no time of either.
   */
  async write(name) {
    const { rows, write, input } = inputs.get(name)
    globalThis.gc()
    const began = { cpu: process.cpuUsage(), workedMs: workedMs() }
    let bytes = 0
    for (const piece of await write(input)) bytes += bytesOf(piece).length
    const seconds = (workedMs() - began.workedMs) / 1e3
    const { user, system } = process.cpuUsage(began.cpu)
    return { rowsPerSecond: rows / seconds, rowsPerCpuSecond: (rows / (user + system)) * 1e6, bytes }
  },
})

/** What can be sent. A text of many parts is put together only here. */
function bytesOf(piece) {
  return typeof piece === 'string' ? Buffer.from(piece) : piece
}
