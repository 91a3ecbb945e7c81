import type { Clock } from '../core/clock'
import type { QueryRequest, QueryResult } from '../index'
import { QueryError } from '../index'

/** What the answer to a sample query can draw on. */
export interface SampleRun {
  request: QueryRequest
  /** Fires when the query is stopped, deleted or expires. */
  signal: AbortSignal
  /** Tells which rows a stop keeps. */
  report: (result: QueryResult) => void
  clock: Clock
}

/** One query that the sample engine knows, or a family of them. */
export interface SampleQuery {
  /** How a person writes it. */
  usage: string
  /** What there is to see, for the list of queries. */
  shows?: string
  /** Matches the whole text of the query, in which blanks have been evened out. */
  pattern: RegExp
  /** Answers a query that matched, given the groups of the pattern. */
  answer(groups: readonly (string | undefined)[], run: SampleRun): QueryResult | Promise<QueryResult>
}

/** The text of a query as patterns see it. */
export function evenOutBlanks(query: string): string {
  return query.trim().replace(/\s+/g, ' ')
}

/** Resolves after `ms` milliseconds. Rejects with the signal's reason as soon as the signal fires. */
export function pause(ms: number, { signal, clock }: Pick<SampleRun, 'signal' | 'clock'>): Promise<void> {
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

export function verificationFailure(problem: string): QueryError {
  return new QueryError('verification_exception', `Found 1 problem\nline 1:1: ${problem}`)
}
