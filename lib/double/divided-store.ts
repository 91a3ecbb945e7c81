import type { Owner } from '../core/caller'
import type { DeleteOptions, GetOptions, ListOptions, SubmitOptions } from '../core/operations'
import type { StoredResult } from '../core/result'
import type { AsyncQuery, AsyncQueryStore, CompletedQuery, ListedQuery, QueryRequest } from '../core/store'
import { unpadded } from '../core/unpadded'
import type { RecordingStore } from '../record/recording-store'
import type { DoubleStore } from './double-store'

/** The store of a double that records: what it knows it answers itself, and everything else it asks the cluster. */
export class DividedStore implements AsyncQueryStore {
  readonly idempotentSubmit = true
  readonly #double: DoubleStore
  readonly #recorder: RecordingStore
  readonly #knows: (request: QueryRequest) => boolean
  /** Ids that only the recorder knows. */
  readonly #recorded = new Set<string>()

  constructor(double: DoubleStore, recorder: RecordingStore, knows: (request: QueryRequest) => boolean) {
    this.#double = double
    this.#recorder = recorder
    this.#knows = knows
  }

  async submit(request: QueryRequest, owner: Owner, options: SubmitOptions): Promise<AsyncQuery> {
    if (this.#knows(request)) return this.#double.submit(request, owner, options)
    // A cluster takes no notice of such keys.
    const { idempotency: _, ...others } = options
    const query = await this.#recorder.submit(request, owner, others)
    if (query.id !== undefined) this.#recorded.add(unpadded(query.id))
    return query
  }

  get(id: string, owner: Owner, options: GetOptions): Promise<AsyncQuery | undefined> {
    return this.#storeOf(id).get(id, owner, options)
  }

  stop(id: string, owner: Owner): Promise<CompletedQuery | undefined> {
    return this.#storeOf(id).stop(id, owner)
  }

  delete(id: string, owner: Owner, options?: DeleteOptions): Promise<boolean> {
    return this.#storeOf(id).delete(id, owner, options)
  }

  async list(owner: Owner, options: ListOptions = {}): Promise<readonly ListedQuery[]> {
    const { id } = options
    const stores = id === undefined ? [this.#double, this.#recorder] : [this.#storeOf(id)]
    const lists = await Promise.all(stores.map((store) => store.list(owner, options)))
    return lists.flat()
  }

  hold(result: StoredResult): () => void {
    return this.#double.hold(result)
  }

  #storeOf(id: string): DoubleStore | RecordingStore {
    return this.#recorded.has(unpadded(id)) ? this.#recorder : this.#double
  }
}
