import { setImmediate as nextTurn } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const collect: () => void = runInNewContext('gc')

/** Collects everything that nothing refers to. */
export async function collectGarbage(): Promise<void> {
  // The object of a WeakRef that was read lives until the turn ends, and promises settle in turns.
  for (let times = 0; times < 3; times += 1) {
    await nextTurn()
    collect()
  }
}

/** How many more bytes of heap are in use than before. */
export async function heapGrowth(work: () => void | Promise<void>): Promise<number> {
  await collectGarbage()
  const before = process.memoryUsage().heapUsed
  await work()
  await collectGarbage()
  return process.memoryUsage().heapUsed - before
}
