import type { Clock } from '../core/clock'
import { QueryError } from '../core/errors'
import type { QueryResult } from '../core/result'
import type { CatalogueEntry } from './entry'

/** What an entry is played with. */
export interface Stage {
  /** Fires when the query is stopped, deleted or expires. */
  signal: AbortSignal
  /** Sets the rows that a stop keeps. */
  report: (result: QueryResult) => void
  clock: Clock
}

/** Does what an entry says, for a query that is asked again after so many `times` before. */
export async function play(
  { partial, delayMs, outcomes }: CatalogueEntry,
  times: number,
  stage: Stage,
): Promise<QueryResult> {
  if (partial) stage.report(partial)
  if (delayMs > 0) await pause(delayMs, stage)
  const outcome = outcomes[times] ?? outcomes.at(-1)
  if (outcome === undefined) throw new TypeError('an entry of a catalogue must have an outcome')
  if (outcome instanceof QueryError) throw outcome
  return outcome
}

/** Resolves after `ms` milliseconds. Rejects with the signal's reason as soon as the signal fires. */
export function pause(ms: number, { signal, clock }: Pick<Stage, 'signal' | 'clock'>): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason)
    const onAbort = (): void => {
      cancelTimer()
      reject(signal.reason)
    }
    const cancelTimer = clock.setTimer(() => {
      signal.removeEventListener('abort', onAbort)
      resolve()
    }, ms)
    signal.addEventListener('abort', onAbort, { once: true })
  })
}
