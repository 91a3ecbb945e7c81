import type { AsyncQuery, AsyncQueryStore, Owner } from 'express-esql-async-query'
import { MemoryStore, ownerOf } from 'express-esql-async-query'
import type { ManualClock } from 'express-esql-async-query/test-kit'
import { issuer } from '../tokens'
import type { EchoEngine } from './engine'
import type { Ids } from './targets'

/** A `MemoryStore` that counts its calls, and that can forget all its queries. */
export class CountingStore implements AsyncQueryStore {
  readonly reached = { submit: 0, get: 0, stop: 0, delete: 0 }
  readonly #store: MemoryStore
  readonly #kept: [id: string, owner: Owner][] = []

  constructor(engine: EchoEngine, clock: ManualClock) {
    this.#store = new MemoryStore({ execute: engine.execute, clock })
  }

  submit: NonNullable<AsyncQueryStore['submit']> = async (request, owner, options) => {
    this.reached.submit += 1
    const query: AsyncQuery = await this.#store.submit(request, owner, options)
    if (query.id !== undefined) this.#kept.push([query.id, owner])
    return query
  }

  get: AsyncQueryStore['get'] = (id, owner, options) => {
    this.reached.get += 1
    return this.#store.get(id, owner, options)
  }

  stop: NonNullable<AsyncQueryStore['stop']> = (id, owner) => {
    this.reached.stop += 1
    return this.#store.stop(id, owner)
  }

  delete: NonNullable<AsyncQueryStore['delete']> = (id, owner, options) => {
    this.reached.delete += 1
    return this.#store.delete(id, owner, options)
  }

  /** Submits new queries of each kind. */
  async makeIds(): Promise<Ids> {
    return {
      finished: await this.#make('ROW n = 1'),
      failed: await this.#make('FAIL'),
      foreign: await this.#make('ROW n = 1', 'mallory'),
      running: await this.#make('RUN'),
      unknown: 'FkpMRkJGS1gzVDRlM3g4ZzMyRGlLbkEaTXlJZHdNT09TU2VTZVBoNDM3cFZMUToxMDM=',
    }
  }

  /** Deletes every query. */
  async forgetAll(): Promise<void> {
    for (const [id, owner] of this.#kept.splice(0)) await this.#store.delete(id, owner)
  }

  close(): Promise<void> {
    return this.#store.close()
  }

  async #make(query: string, user = 'alice'): Promise<string> {
    const owner = ownerOf(issuer, user)
    const options = { waitForCompletionTimeoutMs: 0, keepAliveMs: 60_000, keepOnCompletion: true }
    const { id = '' } = await this.#store.submit({ query }, owner, options)
    this.#kept.push([id, owner])
    return id
  }
}
