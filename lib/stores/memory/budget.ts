import type { Owner } from '../../core/caller'
import { QueryError } from '../../core/errors'
import type { Adding, Meter } from '../../core/meter'

/** What a store may hold, in all and of one owner. */
export interface Limits {
  maxQueries: number
  maxQueriesPerOwner: number
  maxBytes: number
  maxBytesPerOwner: number
}

interface Usage {
  queries: number
  bytes: number
}

/** Counts what a store holds and refuses what would be too much, so that its memory stays bounded. */
export class MemoryBudget {
  readonly #limits: Limits
  readonly #total: Usage = { queries: 0, bytes: 0 }
  readonly #owners = new Map<Owner, Usage>()
  readonly #queries: Adding | undefined
  readonly #bytes: Adding | undefined

  constructor(limits: Limits, meter?: Meter) {
    this.#limits = limits
    this.#queries = meter?.createUpDownCounter('esql_async.store.queries', {
      description: 'Queries that the store holds, running and finished.',
      unit: '{query}',
    })
    this.#bytes = meter?.createUpDownCounter('esql_async.store.size', {
      description: 'About what requests and results take in the store.',
      unit: 'By',
    })
  }

  /** Takes a place for one more query. Throws `es_rejected_execution_exception`, 429, when there is none. */
  addQuery(owner: Owner): void {
    const { maxQueries, maxQueriesPerOwner } = this.#limits
    const used = this.#usageOf(owner)
    if (used.queries >= maxQueriesPerOwner) throw tooMany('you have', used.queries, maxQueriesPerOwner)
    if (this.#total.queries >= maxQueries) throw tooMany('the server has', this.#total.queries, maxQueries)
    this.#change(owner, 1, 0)
  }

  /** Takes room for bytes that are kept. Throws `circuit_breaking_exception`, 429, when there is none. */
  addBytes(owner: Owner, bytes: number): void {
    this.assertRoom(owner, bytes)
    this.#change(owner, 0, bytes)
  }

  /** Throws as {@link addBytes} would. */
  assertRoom(owner: Owner, bytes: number): void {
    const { maxBytes, maxBytesPerOwner } = this.#limits
    const wanted = this.#usageOf(owner).bytes + bytes
    if (wanted > maxBytesPerOwner) throw tooLarge('your async queries', wanted, maxBytesPerOwner)
    const wantedInAll = this.#total.bytes + bytes
    if (wantedInAll > maxBytes) throw tooLarge('all async queries', wantedInAll, maxBytes)
  }

  removeQuery(owner: Owner): void {
    this.#change(owner, -1, 0)
  }

  removeBytes(owner: Owner, bytes: number): void {
    this.#change(owner, 0, -bytes)
  }

  #usageOf(owner: Owner): Usage {
    return this.#owners.get(owner) ?? { queries: 0, bytes: 0 }
  }

  #change(owner: Owner, queries: number, bytes: number): void {
    const used = this.#usageOf(owner)
    used.queries += queries
    used.bytes += bytes
    // Owners who hold nothing leave no trace, or the map would grow with everybody who ever came by.
    if (used.queries === 0 && used.bytes === 0) this.#owners.delete(owner)
    else this.#owners.set(owner, used)
    this.#total.queries += queries
    this.#total.bytes += bytes
    if (queries !== 0) this.#queries?.add(queries)
    if (bytes !== 0) this.#bytes?.add(bytes)
  }
}

function tooMany(who: string, queries: number, limit: number): QueryError {
  return new QueryError(
    'es_rejected_execution_exception',
    `rejected execution of async query: ${who} [${queries}] async queries already, the limit is [${limit}]; ` +
      'delete those that are no longer needed or try again later',
  )
}

function tooLarge(what: string, bytesWanted: number, bytesLimit: number): QueryError {
  return new QueryError(
    'circuit_breaking_exception',
    `[async_query] Data too large, data for ${what} would be [${bytesWanted}b], ` +
      `which is larger than the limit of [${bytesLimit}b]`,
    { metadata: { bytes_wanted: bytesWanted, bytes_limit: bytesLimit, durability: 'TRANSIENT' } },
  )
}
