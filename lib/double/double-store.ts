import type { Owner } from '../core/caller'
import type { DeleteOptions, GetOptions, ListOptions, SubmitOptions } from '../core/operations'
import type { StoredResult } from '../core/result'
import type { AsyncQuery, AsyncQueryStore, CompletedQuery, ListedQuery, QueryRequest } from '../core/store'
import type { MemoryStore } from '../stores/memory/memory-store'
import type { Journal } from './journal'
import type { Queries } from './queries/queries'
import type { StandingClock } from './standing-clock'
import type { Visit } from './visit'

/** What a {@link DoubleStore} works with. */
export interface StoreParts {
  readonly create: () => MemoryStore
  readonly journal: Journal
  readonly queries: Queries
  /** `undefined`: time passes by itself. */
  readonly standing: StandingClock | undefined
  /** Whether answers tell when a query began and expires, and have the counters of newer releases. */
  readonly tellsTimes: boolean
}

/** The `MemoryStore` of a double, which notes what requests wait for, and answers when its clock stands. */
export class DoubleStore implements Required<Omit<AsyncQueryStore, 'passThrough' | 'check'>> {
  readonly idempotentSubmit = true
  readonly #parts: StoreParts
  readonly #keyed = new Map<string, NonNullable<Visit['query']>>()
  #store: MemoryStore

  constructor(parts: StoreParts) {
    this.#parts = parts
    this.#store = parts.create()
  }

  /** The store behind this one. */
  get inner(): MemoryStore {
    return this.#store
  }

  submit(request: QueryRequest, owner: Owner, options: SubmitOptions): Promise<AsyncQuery> {
    return this.#ask(undefined, owner, async () => {
      const submitted = this.#store.submit(request, owner, options)
      if (options.idempotency) this.#noteKey(owner, options.idempotency.key)
      return this.#toldBy(await submitted)
    })
  }

  get(id: string, owner: Owner, options: GetOptions): Promise<AsyncQuery | undefined> {
    return this.#ask(id, owner, async () => {
      const query = await this.#store.get(id, owner, options)
      return query && this.#toldBy(query)
    })
  }

  stop(id: string, owner: Owner): Promise<CompletedQuery | undefined> {
    return this.#ask(id, owner, async () => {
      const query = await this.#store.stop(id, owner)
      return query && this.#toldBy(query)
    })
  }

  delete(id: string, owner: Owner, options?: DeleteOptions): Promise<boolean> {
    return this.#ask(id, owner, () => this.#store.delete(id, owner, options))
  }

  list(owner: Owner, options?: ListOptions): Promise<readonly ListedQuery[]> {
    return this.#ask(options?.id, owner, () => this.#store.list(owner, options))
  }

  hold(result: StoredResult): () => void {
    return this.#store.hold(result)
  }

  /** Forgets everything. What waits gets the error of a store that closes. */
  reset(): void {
    void this.#store.close()
    this.#keyed.clear()
    this.#store = this.#parts.create()
  }

  close(): Promise<void> {
    return this.#store.close()
  }

  async #ask<T>(id: string | undefined, owner: Owner, answer: () => Promise<T>): Promise<T> {
    const { journal, queries, standing } = this.#parts
    const visit = journal.current
    const query = id === undefined ? undefined : queries.find(id)
    if (query?.owner === owner) visit?.concern(query)
    try {
      return await (visit ? visit.ask(answer) : answer())
    } finally {
      await standing?.stands()
    }
  }

  /** A submit that repeats another one begins no query, but waits for that one. */
  #noteKey(owner: Owner, key: string): void {
    const visit = this.#parts.journal.current
    const name = JSON.stringify([owner, key])
    const known = this.#keyed.get(name)
    if (visit?.query) this.#keyed.set(name, visit.query)
    else if (known) visit?.concern(known)
  }

  #toldBy<Query extends AsyncQuery>(query: Query): Query {
    if (this.#parts.tellsTimes) return query
    const { startTimeMs: _, expirationTimeMs: __, ...others } = query
    return others as Query
  }
}
