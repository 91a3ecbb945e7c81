import { setImmediate as nextTurn } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const collect: () => void = runInNewContext('gc')

/** Lets go of everything that nothing holds. */
export async function collectGarbage(): Promise<void> {
  // What a WeakRef has shown is held until the turn ends, and promises settle in turns.
  for (let times = 0; times < 3; times += 1) {
    await nextTurn()
    collect()
  }
}

/** How many bytes of heap are in use that were not before. */
export async function heapGrowth(work: () => void | Promise<void>): Promise<number> {
  await collectGarbage()
  const before = process.memoryUsage().heapUsed
  await work()
  await collectGarbage()
  return process.memoryUsage().heapUsed - before
}
