import type { Owner } from '../../core/caller'
import type { Idempotency } from '../../core/idempotency'
import { idempotencyKeyReused } from '../../core/idempotency'
import type { LocalQuery } from '../execution/query'

/** The queries that can be found: by id, and by the key of their submit. */
export class QueryIndex {
  readonly #all = new Map<string, LocalQuery>()
  /** The same by owner: here, the search for a foreign id takes as long as that for an unknown one. */
  readonly #own: ByOwner = new Map()
  readonly #keyed: ByOwner = new Map()

  /** `owner`: among whose queries, or `undefined` for those of all. */
  find(id: string, owner: Owner | undefined): LocalQuery | undefined {
    return this.#of(owner)?.get(id)
  }

  /** The query that a submit repeats. Throws a 422 if it has the key of another one. */
  findRepeated(owner: Owner, idempotency: Idempotency | undefined): LocalQuery | undefined {
    if (!idempotency) return undefined
    const query = this.#keyed.get(owner)?.get(idempotency.key)
    if (query && query.idempotency?.fingerprint !== idempotency.fingerprint) {
      throw idempotencyKeyReused(idempotency.key)
    }
    return query
  }

  has({ id }: LocalQuery): boolean {
    return this.#all.has(id)
  }

  /** The queries of an owner, or of all, as they are now. */
  list(owner?: Owner): LocalQuery[] {
    return [...(this.#of(owner)?.values() ?? [])]
  }

  add(query: LocalQuery): void {
    const { id, owner, idempotency } = query
    this.#all.set(id, query)
    put(this.#own, owner, id, query)
    if (idempotency) put(this.#keyed, owner, idempotency.key, query)
  }

  /** Whether the query was there. */
  delete({ id, owner, idempotency }: LocalQuery): boolean {
    if (!this.#all.delete(id)) return false
    take(this.#own, owner, id)
    if (idempotency) take(this.#keyed, owner, idempotency.key)
    return true
  }

  #of(owner: Owner | undefined): ReadonlyMap<string, LocalQuery> | undefined {
    return owner === undefined ? this.#all : this.#own.get(owner)
  }
}

type ByOwner = Map<Owner, Map<string, LocalQuery>>

function put(queries: ByOwner, owner: Owner, name: string, query: LocalQuery): void {
  const own = queries.get(owner) ?? new Map<string, LocalQuery>()
  queries.set(owner, own.set(name, query))
}

function take(queries: ByOwner, owner: Owner, name: string): void {
  const own = queries.get(owner)
  own?.delete(name)
  if (own?.size === 0) queries.delete(owner)
}
