import type { Clock } from '../clock'
import { systemClock } from '../clock'
import type { Execute } from '../stores/memory'
import { BUILT_IN_QUERIES } from './built-in'
import type { SampleQuery } from './sample-query'
import { evenOutBlanks, verificationFailure } from './sample-query'

export interface SampleEngineOptions {
  /** What the engine answers. @default books, types, many rows, slow and failing queries, `ROW x = ?` */
  queries?: readonly SampleQuery[]
  clock?: Clock
}

/**
 * An engine over a fixed list of queries, for a look around and for contract tests. It goes by the text of the
 * query alone and does not parse ES|QL: any other text fails with a `verification_exception` that tells what is
 * known.
 */
export function sampleEngine({
  queries = BUILT_IN_QUERIES,
  clock = systemClock,
}: SampleEngineOptions = {}): Execute {
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

/** {@link sampleEngine} with its own queries, in real time. */
export const sampleExecute: Execute = sampleEngine()
