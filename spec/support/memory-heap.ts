import { setImmediate as nextTurn } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const collect: () => void = runInNewContext('gc')

/** Collects what nothing refers to in this turn. */
export async function collectOnce(): Promise<void> {
  await nextTurn()
  collect()
}

/** Collects everything that nothing refers to. */
export async function collectGarbage(): Promise<void> {
  // The object of a WeakRef that was read lives until the turn ends, and promises settle in turns.
  await nextTurn()
  await collectOnce()
  await collectOnce()
}

/** How many more bytes of heap are in use than before. */
export async function heapGrowth(work: () => void | Promise<void>): Promise<number> {
  await collectGarbage()
  // What is left now would hide as much growth.
  await collectOnce()
  const before = process.memoryUsage().heapUsed
  await work()
  await collectGarbage()
  return process.memoryUsage().heapUsed - before
}
