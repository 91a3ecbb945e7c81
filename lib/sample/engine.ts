import type { Clock } from '../core/clock'
import { systemClock } from '../core/clock'
import type { Execute, QueryRequest, QueryResult } from '../index'
import { QueryError } from '../index'

export interface SampleRun {
  request: QueryRequest
  /** Fires when the query is stopped, deleted or expires. */
  signal: AbortSignal
  /** Sets the rows that a stop keeps. */
  report: (result: QueryResult) => void
  clock: Clock
}

/** One query that the sample engine knows, or a family of them. */
export interface SampleQuery {
  /** How a person writes it. */
  usage: string
  shows?: string
  /** Matches the whole text of the query, with its blanks evened out. */
  pattern: RegExp
  /** Answers a query that matched. `groups` are those of the pattern. */
  answer(groups: readonly (string | undefined)[], run: SampleRun): QueryResult | Promise<QueryResult>
}

/**
 * An engine that knows a fixed list of queries, to try the API and for contract tests. It compares the text of a query
 * and does not parse ES|QL. Any other text fails with a `verification_exception` that lists the known queries.
 */
export function sampleEngine(queries: readonly SampleQuery[], clock: Clock = systemClock): Execute {
  return async (request, { signal, report }) => {
    const text = evenOutBlanks(request.query)
    for (const query of queries) {
      const match = query.pattern.exec(text)
      if (match) return query.answer(match.slice(1), { request, signal, report, clock })
    }
    const known = queries.map(({ usage }) => `[${usage}]`).join(', ')
    throw verificationFailure(`the sample engine does not know this query; it knows: ${known}`)
  }
}

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
