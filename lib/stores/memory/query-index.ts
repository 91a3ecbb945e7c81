import type { Owner } from '../../core/caller'
import type { LocalQuery } from '../execution/query'

/** The queries that can be found, by id. */
export class QueryIndex {
  readonly #all = new Map<string, LocalQuery>()
  /** The same by owner: here, the search for a foreign id takes as long as that for an unknown one. */
  readonly #own = new Map<Owner, Map<string, LocalQuery>>()

  /** `owner`: among whose queries, or `undefined` for those of all. */
  find(id: string, owner: Owner | undefined): LocalQuery | undefined {
    return this.#of(owner)?.get(id)
  }

  has({ id }: LocalQuery): boolean {
    return this.#all.has(id)
  }

  /** The queries of an owner, or of all, as they are now. */
  list(owner?: Owner): LocalQuery[] {
    return [...(this.#of(owner)?.values() ?? [])]
  }

  add(query: LocalQuery): void {
    const { id, owner } = query
    const own = this.#own.get(owner) ?? new Map<string, LocalQuery>()
    this.#all.set(id, query)
    this.#own.set(owner, own.set(id, query))
  }

  /** Whether the query was there. */
  delete({ id, owner }: LocalQuery): boolean {
    if (!this.#all.delete(id)) return false
    const own = this.#own.get(owner)
    own?.delete(id)
    if (own?.size === 0) this.#own.delete(owner)
    return true
  }

  #of(owner: Owner | undefined): ReadonlyMap<string, LocalQuery> | undefined {
    return owner === undefined ? this.#all : this.#own.get(owner)
  }
}
