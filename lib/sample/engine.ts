import type { Groups, Matcher } from '../catalogue/matching'
import { findEntry, Question } from '../catalogue/matching'
import type { Stage } from '../catalogue/play'
import { unknownQuery } from '../catalogue/unknown-query'
import type { Clock } from '../core/clock'
import { systemClock } from '../core/clock'
import type { Execute, QueryRequest, QueryResult } from '../index'

/** Who does not know a query, and why it runs none. */
export const SAMPLE_ENGINE = 'the sample engine plays recordings, and'

export interface SampleRun extends Stage {
  request: QueryRequest
}

/** One query that the sample engine knows, or a family of them. */
export interface SampleQuery {
  /** How a person writes it. */
  usage: string
  shows?: string | undefined
  /** Params to try it with, as JSON. */
  params?: string | undefined
  matcher: Matcher
  /** The longest time that it is kept, in milliseconds. */
  keepAliveMs?: number | undefined
  /** Answers a query that matched. `groups` are those of the pattern. */
  answer(groups: Groups, run: SampleRun): QueryResult | Promise<QueryResult>
}

/**
 * An engine that knows a list of queries, to try the API and for contract tests. It compares the text of a query, its params
 * and its filter, and does not parse ES|QL. Any other query fails with a `verification_exception` that has the closest known one.
 */
export function sampleEngine(queries: () => readonly SampleQuery[], clock: Clock = systemClock): Execute {
  return async (request, { signal, report }) => {
    const question = new Question(request)
    const known = queries()
    const found = findEntry(known, question)
    if (found) return found.entry.answer(found.groups, { request, signal, report, clock })
    const matchers = known.map(({ matcher }) => matcher)
    throw unknownQuery(SAMPLE_ENGINE, matchers, question)
  }
}

/** How long a query of the list is kept at most, for `limitKeepAlive` of a store. */
export function keepAliveLimit(
  queries: () => readonly SampleQuery[],
): (request: QueryRequest) => number | undefined {
  return (request) => findEntry(queries(), new Question(request))?.entry.keepAliveMs
}
