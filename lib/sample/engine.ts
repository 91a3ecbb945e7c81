import type { Clock } from '../core/clock'
import { systemClock } from '../core/clock'
import type { Execute } from '../index'
import type { SampleQuery } from './sample-query'
import { evenOutBlanks, verificationFailure } from './sample-query'

/**
 * An engine over a fixed list of queries, for a look around and for contract tests. It goes by the text of the
 * query alone and does not parse ES|QL: any other text fails with a `verification_exception` that tells what is
 * known.
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
