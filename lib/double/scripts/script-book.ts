import type { Matcher as CatalogueMatcher } from '../../catalogue/matching'
import { Matcher, paramsOf, type Question } from '../../catalogue/matching'
import { isQueryError } from '../../core/errors'
import type { Value } from '../../core/result'
import type { Ending } from './plan'
import type { Script } from './script'
import { ScriptLink } from './script'
import type { RowsOrTable } from './table'

/** The values of the placeholders of a query, as a client sends them: `[1, 'a']`, or named ones, `[{ author: 'a' }]`. */
export type Params = readonly Value[]

/** A script as a whole, for queries that are like this. */
export interface Announcement {
  readonly matcher: CatalogueMatcher
  readonly delayMs: number
  readonly keepAliveMs: number | undefined
  /** The rows that a stop keeps. */
  readonly partial: RowsOrTable | undefined
  /** One for each time that the query is asked. The last one stays. */
  readonly endings: readonly Ending[]
  /** Texts for the answer, beside those of tables. */
  readonly warnings: readonly string[]
  /** How many submits the last one is for. `undefined`: any number. */
  readonly times: number | undefined
}

/** The scripts of one query, one after the other. */
interface Chain {
  readonly matcher: CatalogueMatcher
  readonly keepAliveMs?: number | undefined
  readonly links: ScriptLink[]
}

/** The scripts of a test. */
export class ScriptBook {
  #chains: Chain[] = []

  get matchers(): CatalogueMatcher[] {
    return this.#chains.map(({ matcher }) => matcher)
  }

  knows(question: Question): boolean {
    return this.matchers.some((matcher) => matcher.match(question))
  }

  on(query: string | RegExp, params?: Params): Script {
    if (!(query instanceof RegExp) && (typeof query !== 'string' || query.trim() === '')) {
      throw new TypeError('on needs the text of a query, or a regular expression')
    }
    const matcher = new Matcher({ query, params: params ? readParams(params) : 'any', filter: 'any' })
    return this.#begin({ matcher, links: [] })()
  }

  announce({ matcher, delayMs, keepAliveMs, partial, endings, warnings, times }: Announcement): void {
    const links = endings.map((ending, index) => {
      const link: ScriptLink = new ScriptLink(() => link)
      if (partial) link.reports(partial)
      link.runsFor(delayMs)
      link.warnings.push(...warnings)
      link.ending = ending
      link.limit = index < endings.length - 1 ? 1 : times
      return link
    })
    this.#chains.push({ matcher, keepAliveMs, links })
  }

  keepAliveMs(question: Question): number | undefined {
    return this.#chains.findLast(({ matcher }) => matcher.match(question))?.keepAliveMs
  }

  /** The script for a submit: of the last chain that fits and is not used up. */
  take(question: Question): ScriptLink | undefined {
    for (const { matcher, links } of this.#chains.toReversed()) {
      const link =
        matcher.match(question) && links.find(({ used, limit = Number.POSITIVE_INFINITY }) => used < limit)
      if (!link) continue
      link.used += 1
      return link
    }
    return undefined
  }

  /** What a test has announced and no client has done. */
  get unused(): string[] {
    return this.#chains.flatMap(({ matcher, links }) =>
      links
        .filter(({ used, limit = 0 }) => used < limit)
        .map(({ used, limit }) => `the script for ${matcher.usage} was used ${used} of ${limit} times`),
    )
  }

  forget(): void {
    this.#chains = []
  }

  /** Returns what adds a script to a chain. */
  #begin(chain: Chain): () => Script {
    this.#chains.push(chain)
    const addLink = (): Script => {
      const link = new ScriptLink(addLink)
      chain.links.push(link)
      return link
    }
    return addLink
  }
}

function readParams(params: Params) {
  try {
    return paramsOf(params)
  } catch (error) {
    throw isQueryError(error) ? new TypeError(`wrong params: ${error.reason}`) : error
  }
}
