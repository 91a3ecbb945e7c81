import type { Owner } from '../../core/caller'
import type { MemoryQuery } from './query'

/** The queries that can be found, by id. */
export class QueryIndex {
  readonly #all = new Map<string, MemoryQuery>()
  /** The same by owner: here, the search for a foreign id takes as long as that for an unknown one. */
  readonly #own = new Map<Owner, Map<string, MemoryQuery>>()

  /** `owner`: among whose queries, or `undefined` for those of all. */
  find(id: string, owner: Owner | undefined): MemoryQuery | undefined {
    const queries = owner === undefined ? this.#all : this.#own.get(owner)
    return queries?.get(id)
  }

  has({ id }: MemoryQuery): boolean {
    return this.#all.has(id)
  }

  /** All queries, as they are now. */
  list(): MemoryQuery[] {
    return [...this.#all.values()]
  }

  add(query: MemoryQuery): void {
    const { id, owner } = query
    const own = this.#own.get(owner) ?? new Map<string, MemoryQuery>()
    this.#all.set(id, query)
    this.#own.set(owner, own.set(id, query))
  }

  /** Whether the query was there. */
  delete({ id, owner }: MemoryQuery): boolean {
    if (!this.#all.delete(id)) return false
    const own = this.#own.get(owner)
    own?.delete(id)
    if (own?.size === 0) this.#own.delete(owner)
    return true
  }
}
