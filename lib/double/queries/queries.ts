import type { Matcher as CatalogueMatcher } from '../../catalogue/matching'
import { Matcher, Question } from '../../catalogue/matching'
import { unpadded } from '../../core/unpadded'
import type { DoubleQuery } from './double-query'

interface Search {
  readonly matcher: CatalogueMatcher
  readonly resolve: (query: DoubleQuery) => void
  readonly reject: (reason: Error) => void
}

/** The queries that a double has begun, and tests that wait for one. */
export class Queries {
  #begun: DoubleQuery[] = []
  readonly #searches = new Set<Search>()

  /** Those that run. */
  get running(): readonly DoubleQuery[] {
    this.#begun = this.#begun.filter(({ id, isOver }) => !isOver || id !== undefined)
    return this.#begun.filter(({ isOver }) => !isOver)
  }

  /** The query of an id, which may have lost the padding at its end. */
  find(id: string): DoubleQuery | undefined {
    return this.#begun.find((query) => query.id !== undefined && unpadded(query.id) === unpadded(id))
  }

  begin(query: DoubleQuery): void {
    this.#begun.push(query)
    for (const search of this.#searches) {
      if (!search.matcher.matchText(new Question({ query: query.text }))) continue
      this.#searches.delete(search)
      search.resolve(query)
    }
  }

  /** The last one of this text that runs. Waits until there is one. Rejects with the reason of the signal. */
  search(text: string, signal?: AbortSignal): Promise<DoubleQuery> {
    if (typeof text !== 'string' || text.trim() === '')
      throw new TypeError('running needs the text of a query')
    const matcher = new Matcher({ query: text, params: 'any', filter: 'any' })
    const known = this.running.findLast((query) => matcher.matchText(new Question({ query: query.text })))
    if (known) return Promise.resolve(known)
    const found = new Promise<DoubleQuery>((resolve, reject) => {
      const search = { matcher, resolve, reject }
      this.#searches.add(search)
      signal?.addEventListener('abort', () => {
        this.#searches.delete(search)
        reject(signal.reason)
      })
    })
    // A test that has failed meanwhile looks at it no more.
    found.catch(() => {})
    return found
  }

  /** Whether a test waits for such a query, to drive it by hand. */
  isSought(question: Question): boolean {
    return [...this.#searches].some(({ matcher }) => matcher.matchText(question))
  }

  /** Forgets all queries, and ends every search. */
  forget(why: string): void {
    this.#begun = []
    for (const { matcher, reject } of this.#searches) reject(new Error(`running('${matcher.usage}'): ${why}`))
    this.#searches.clear()
  }
}
