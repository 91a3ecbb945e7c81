import type { Parameters } from 'fast-check'

/**
 * How often a property is tried. For longer runs, `HOSTILE_RUNS=20 npx jest spec/system/hostile` tries all of them
 * twenty times as often, and allows twenty times as much time. A failure prints its seed.
 */
const factor = Number(process.env.HOSTILE_RUNS ?? 1)

/** The time limit of a property, in milliseconds. It is much more than a property needs. */
export const PATIENCE_MS = 120_000 * Math.max(1, factor)

export function runs(numRuns: number): Parameters<unknown> {
  // If every try hangs, shrinking the example takes longer than the time limit of a test.
  return { numRuns: Math.ceil(numRuns * factor), interruptAfterTimeLimit: PATIENCE_MS / 2 }
}

/** The same tries in every run. What a property says about how many of them succeed must not depend on chance. */
export function sameRuns(numRuns: number): Parameters<unknown> {
  return { numRuns, seed: 1, interruptAfterTimeLimit: PATIENCE_MS / 2 }
}
