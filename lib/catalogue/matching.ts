import type { Value, ValueObject } from '../core/result'
import type { QueryParam, QueryRequest } from '../core/store'
import { atOnce } from '../core/turns'
import { locate } from '../json/parse'
import { exactJson } from '../json/write'
import { fingerprintOf } from '../request/fingerprint'
import { readParams } from '../request/submit-params'
import type { QueryText } from './query-text'
import { readQueryText } from './query-text'

/** Which requests an entry of a catalogue answers. */
export interface Expectation {
  /** The text of the query, or a pattern for it. */
  query: string | RegExp
  params: readonly QueryParam[] | 'any'
  /** `undefined`: requests without a filter. */
  filter: ValueObject | 'any' | undefined
  /** @default any */
  locale?: string | undefined
  /** @default any */
  timeZone?: string | undefined
  /** How people know the pattern. @default the pattern */
  usage?: string
}

/** What a pattern has found in brackets. */
export type Groups = readonly (string | undefined)[]

/** The part of a request that says which query it is. */
export type Asked = Pick<QueryRequest, 'query' | 'params' | 'filter' | 'locale' | 'timeZone'>

/** What a request asks, in the forms that are compared. */
export class Question {
  readonly text: QueryText
  readonly params: Facet
  readonly filter: Facet
  /** The request itself. */
  readonly asked: Asked

  constructor(asked: Asked) {
    const { query, params = [], filter } = asked
    this.asked = asked
    this.text = readQueryText(query)
    this.params = facetOfParams(params)
    this.filter = facetOfFilter(filter)
  }
}

/** A part of a request beside its text. */
export interface Facet {
  /** Equal for parts that are the same. */
  fingerprint: string
  /** How it is written in a request. */
  written: string
}

/** Tells whether a request is the one that an entry is for. */
export class Matcher {
  /** The normal text, if it is no pattern. */
  readonly text: string | undefined
  /** How the entry is written, for people. */
  readonly usage: string
  readonly params: Facet | 'any'
  readonly filter: Facet | 'any'
  readonly locale: string | undefined
  readonly timeZone: string | undefined
  readonly #pattern: RegExp | undefined

  constructor({ query, params, filter, locale, timeZone, usage = String(query) }: Expectation) {
    this.locale = locale
    this.timeZone = timeZone
    this.text = typeof query === 'string' ? readQueryText(query).normal : undefined
    // A flag that remembers where it was would make each second match fail.
    this.#pattern = query instanceof RegExp ? new RegExp(query, query.flags.replace(/[gy]/g, '')) : undefined
    this.usage = this.text ?? usage
    this.params = params === 'any' ? params : facetOfParams(params)
    this.filter = filter === 'any' ? filter : facetOfFilter(filter)
  }

  /** The groups of the pattern, or `undefined` if the request is another one. */
  match(question: Question): Groups | undefined {
    if (!fits(this.params, question.params) || !fits(this.filter, question.filter)) return undefined
    const { locale, timeZone } = question.asked
    const isElsewhere = !takes(this.locale, locale) || !takes(this.timeZone, timeZone)
    return isElsewhere ? undefined : this.matchText(question)
  }

  /** Whether no request is left for another entry that stands behind this one. Of patterns only equal ones are compared. */
  takesAllOf({ usage, text, params, filter, locale, timeZone }: Matcher): boolean {
    if (!takes(this.locale, locale) || !takes(this.timeZone, timeZone)) return false
    const isSameText = this.usage === usage && (this.text === undefined) === (text === undefined)
    return isSameText && isWithin(params, this.params) && isWithin(filter, this.filter)
  }

  matchText({ text: { normal, forms } }: Question): Groups | undefined {
    if (this.text !== undefined) return this.text === normal ? [] : undefined
    for (const form of forms) {
      const found = this.#pattern?.exec(form)
      if (found) return found.slice(1)
    }
    return undefined
  }
}

/** Whether a request may have this locale or time zone. */
function takes(expected: string | undefined, given: string | undefined): boolean {
  return expected === undefined || expected === given
}

export function fits(expected: Facet | 'any', { fingerprint }: Facet): boolean {
  return expected === 'any' || expected.fingerprint === fingerprint
}

function isWithin(one: Facet | 'any', other: Facet | 'any'): boolean {
  return other === 'any' || (one !== 'any' && fits(other, one))
}

/** The first entry that is for a request, and what its pattern has found. */
export function findEntry<Entry extends { readonly matcher: Matcher }>(
  entries: Iterable<Entry>,
  question: Question,
): { entry: Entry; groups: Groups } | undefined {
  for (const entry of entries) {
    const groups = entry.matcher.match(question)
    if (groups) return { entry, groups }
  }
  return undefined
}

/**
 * Params as a client sends them: values, or an object with one name each. Throws `x_content_parse_exception`, as for a
 * request with such params.
 */
export function paramsOf(params: readonly Value[]): QueryParam[] {
  const node = atOnce(locate(params))
  return node ? atOnce(readParams(node)) : []
}

/** Params as a client sends them. */
export function sentParams(params: readonly QueryParam[]): Value[] {
  return params.map(({ name, kind = 'value', value }) => {
    if (name === undefined) return value
    return { [name]: kind === 'value' ? value : { [kind]: value } }
  })
}

/** The order of named params does not count. */
function facetOfParams(params: readonly QueryParam[]): Facet {
  const sent = sentParams(params)
  const names = params.map(({ name }) => name)
  const isNamed = names.every((name) => name !== undefined)
  const facts = params.map(({ name = null, kind = 'value', value }) => [name, kind, value])
  const sorted = isNamed ? facts.sort(([one], [other]) => (String(one) < String(other) ? -1 : 1)) : facts
  return facetOf(sorted, sent)
}

function facetOfFilter(filter: ValueObject | undefined): Facet {
  return filter ? facetOf(filter, filter) : { fingerprint: '', written: 'none' }
}

function facetOf(compared: Value, sent: Value): Facet {
  const normal = atOnce(locate(compared))?.value ?? null
  return { fingerprint: atOnce(fingerprintOf(normal)), written: atOnce(exactJson(sent)) }
}
