import type { Owner } from '../../core/caller'
import type { MemoryQuery } from './query'

/** The queries that can be found, by id. */
export class QueryIndex {
  readonly #all = new Map<string, MemoryQuery>()
  /** The same by owner: here, the search for a foreign id takes as long as that for an unknown one. */
  readonly #own = new Map<Owner, Map<string, MemoryQuery>>()

  /** `owner`: among whose queries, or `undefined` for those of all. */
  find(id: string, owner: Owner | undefined): MemoryQuery | undefined {
    return this.#of(owner)?.get(id)
  }

  has({ id }: MemoryQuery): boolean {
    return this.#all.has(id)
  }

  /** The queries of an owner, or of all, as they are now. */
  list(owner?: Owner): MemoryQuery[] {
    return [...(this.#of(owner)?.values() ?? [])]
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

  #of(owner: Owner | undefined): ReadonlyMap<string, MemoryQuery> | undefined {
    return owner === undefined ? this.#all : this.#own.get(owner)
  }
}
