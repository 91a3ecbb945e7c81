import { nearest } from '../core/did-you-mean'
import { abbreviated, QueryError } from '../core/errors'
import type { Facet, Matcher, Question } from './matching'
import { fits } from './matching'

/** More of them help nobody. */
const MAX_EXPECTED = 3

/**
 * The refusal of a request that no entry is for: which entry is the closest, or what else the entries of this text expect. Its
 * status is 400, so official clients do not send the request again. `who` does not know the query: `the double`.
 */
export function unknownQuery(who: string, matchers: readonly Matcher[], question: Question): QueryError {
  const sameText = matchers.filter((matcher) => matcher.matchText(question))
  const why = sameText.length > 0 ? otherFacets(sameText, question) : closestOf(matchers, question)
  return new QueryError('verification_exception', `${who} does not know this query; ${why}`)
}

function otherFacets(matchers: readonly Matcher[], { params, filter }: Question): string {
  const sameParams = matchers.filter((matcher) => fits(matcher.params, params))
  if (sameParams.some((matcher) => fits(matcher.filter, filter))) {
    return 'this text is known with another locale or time zone'
  }
  return sameParams.length > 0
    ? otherFacet(
        'another filter',
        sameParams.map((matcher) => matcher.filter),
        filter,
      )
    : otherFacet(
        'other params',
        matchers.map((matcher) => matcher.params),
        params,
      )
}

function otherFacet(what: string, expected: readonly (Facet | 'any')[], { written }: Facet): string {
  const all = new Set(expected.map((facet) => (facet === 'any' ? facet : abbreviated(facet.written))))
  const texts = [...all].slice(0, MAX_EXPECTED).join(' or ')
  return `this text is known with ${what}: expected ${texts}, got ${abbreviated(written)}`
}

function closestOf(matchers: readonly Matcher[], { text: { normal } }: Question): string {
  const asked = abbreviated(normal)
  const known = nearest(
    asked,
    matchers.map(({ usage }) => abbreviated(usage)),
  )
  if (known === undefined) return 'it knows none'
  return `the closest of ${matchers.length} is\n  known: ${known}\n  asked: ${asked}`
}
