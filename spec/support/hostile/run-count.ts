import type { Parameters } from 'fast-check'

/**
 * How often a property is tried. Longer runs by hand: `HOSTILE_RUNS=20 npx jest spec/system/hostile` tries all of them
 * twenty times as often, with as much more time. A failure prints its seed.
 */
const factor = Number(process.env.HOSTILE_RUNS ?? 1)

/** Milliseconds that a property may take. Far more than it needs. */
export const PATIENCE_MS = 120_000 * Math.max(1, factor)

export function runs(numRuns: number): Parameters<unknown> {
  // Where every try hangs, making the example smaller would take longer than a test may.
  return { numRuns: Math.ceil(numRuns * factor), interruptAfterTimeLimit: PATIENCE_MS / 2 }
}
