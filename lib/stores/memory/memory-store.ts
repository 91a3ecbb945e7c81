import type { Owner } from '../../core/caller'
import { checkOptions } from '../../core/check-options'
import type { Clock } from '../../core/clock'
import { unavailable } from '../../core/errors'
import type { DeleteOptions, GetOptions, ListOptions, SubmitOptions } from '../../core/operations'
import type { StoredResult } from '../../core/result'
import type { AsyncQuery, AsyncQueryStore, CompletedQuery, ListedQuery, QueryRequest } from '../../core/store'
import { inTurns } from '../../core/turns'
import { ExpiryQueue } from '../execution/expiry-queue'
import { ownText } from '../execution/own-text'
import type { QueryRules } from '../execution/query'
import { LocalQuery } from '../execution/query'
import { assertQueryId, QueryIdGenerator, withPadding } from '../execution/query-id'
import { Runner } from '../execution/runner'
import { weighInTurns } from '../execution/weight'
import type { MemoryStoreOptions } from './options'
import { MEMORY_STORE_OPTIONS } from './options'
import { QueryIndex } from './query-index'

/**
 * Keeps queries in the memory of this process and runs them with your executor. They are lost when the process ends, and
 * other processes do not see them.
 *
 * A query can be found until it is deleted or expires, or until a submit answers with its end and does not keep it. Its
 * executor may run longer, and clients may still read its result. The budget counts the query until all that is over.
 */
export class MemoryStore implements AsyncQueryStore {
  readonly idempotentSubmit = true
  readonly #idempotencyWindowMs: number
  readonly #rules: QueryRules
  readonly #clock: Clock
  readonly #runner: Runner
  readonly #ids = new QueryIdGenerator()
  readonly #queries = new QueryIndex()
  readonly #expiries: ExpiryQueue<LocalQuery>
  /** Which query a result belongs to, as long as anybody has the result. */
  readonly #sources = new WeakMap<StoredResult, LocalQuery>()
  #closed = false

  constructor(options: MemoryStoreOptions) {
    const resolved = checkOptions('MemoryStore', options, MEMORY_STORE_OPTIONS)
    this.#clock = resolved.clock
    this.#idempotencyWindowMs = resolved.idempotencyWindowMs
    this.#rules = resolved
    this.#runner = new Runner(resolved, {
      needs: (query) => query.readers > 0 || this.#queries.has(query),
      keepResult: (query, result) => void this.#sources.set(result, query),
      keepFailure() {},
    })
    this.#expiries = new ExpiryQueue(this.#clock, (query) => this.#expire(query))
  }

  async submit(request: QueryRequest, owner: Owner, options: SubmitOptions): Promise<AsyncQuery> {
    this.#assertOpen()
    const weighing = inTurns(weighInTurns(request))
    const bytes = typeof weighing === 'number' ? weighing : await weighing
    this.#assertOpen()
    const repeated = this.#queries.findRepeated(owner, options.idempotency)
    const query = repeated ?? this.#start(request, bytes, ownText(owner), options)
    await query.wait(options)
    if (!query.staysAfter(options)) this.#hide(query)
    try {
      return query.snapshot()
    } finally {
      if (query.isExpired) this.#expire(query)
    }
  }

  /** No async function: tens of thousands of gets may wait, and each would keep all that it has at hand. */
  get(id: string, owner: Owner, options: GetOptions): Promise<AsyncQuery | undefined> {
    try {
      const query = this.#find(id, owner)
      if (!query) return Promise.resolve(undefined)
      if (options.keepAliveMs !== undefined && options.keepAliveMs > 0) {
        query.expirationTimeMs = this.#clock.now() + Math.min(options.keepAliveMs, query.maxKeepAliveMs)
        this.#expiries.set(query, query.expirationTimeMs)
      }
      return query.wait(options).then(() => query.snapshot())
    } catch (error) {
      return Promise.reject(error)
    }
  }

  async stop(id: string, owner: Owner): Promise<CompletedQuery | undefined> {
    const query = this.#find(id, owner)
    if (!query) return undefined
    await this.#runner.stop(query, 'stopped')
    const snapshot = query.snapshot()
    return snapshot.isRunning ? undefined : snapshot
  }

  async delete(id: string, owner: Owner, options: DeleteOptions = {}): Promise<boolean> {
    const query = this.#find(id, options.anyOwner ? undefined : owner)
    if (!query) return false
    this.#forget(query)
    query.cancel('cancelled by user')
    await this.#runner.ended(query)
    return true
  }

  async list(owner: Owner, { anyOwner, id }: ListOptions = {}): Promise<readonly ListedQuery[]> {
    this.#assertOpen()
    const whose = anyOwner ? undefined : owner
    const queries = id === undefined ? this.#queries.list(whose) : [this.#find(id, whose)]
    return queries.flatMap((query) => query?.listed() ?? [])
  }

  hold(result: StoredResult): () => void {
    const query = this.#sources.get(result)
    return query ? this.#runner.hold(query, result) : () => {}
  }

  async close(): Promise<void> {
    this.#closed = true
    const queries = this.#queries.list()
    for (const query of queries) {
      this.#forget(query)
      query.cancel('store closed')
    }
    await Promise.all(queries.map((query) => this.#runner.ended(query)))
  }

  #find(id: string, owner: Owner | undefined): LocalQuery | undefined {
    this.#assertOpen()
    const query = this.#queries.find(withPadding(id), owner)
    if (!query) assertQueryId(id)
    return query?.isExpired || query?.isHidden ? undefined : query
  }

  #expire(query: LocalQuery): void {
    this.#forget(query)
    query.cancel('keep_alive expired')
  }

  /** Forgets a query that has ended, but for submits that may repeat its submit, since their client has had no answer. */
  #hide(query: LocalQuery): void {
    if (!query.idempotency) this.#forget(query)
    // Once: a submit that comes again does not prolong the time.
    if (query.isHidden || !this.#queries.has(query)) return
    query.isHidden = true
    this.#expiries.set(query, Math.min(query.expirationTimeMs, this.#clock.now() + this.#idempotencyWindowMs))
  }

  #forget(query: LocalQuery): void {
    if (!this.#queries.delete(query)) return
    this.#expiries.delete(query)
    this.#runner.forget(query)
  }

  #start(request: QueryRequest, bytes: number, owner: Owner, options: SubmitOptions): LocalQuery {
    const query = new LocalQuery(this.#ids.next(), request, owner, options, this.#rules)
    query.bytes = bytes
    this.#runner.admit(query)
    this.#queries.add(query)
    // The submit of a query without keep-alive still answers, and lets it expire then.
    if (!query.isExpired) this.#expiries.set(query, query.expirationTimeMs)
    this.#runner.run(query, request, options.caller)
    return query
  }

  #assertOpen(): void {
    if (this.#closed) throw unavailable('the async query store is closed')
  }
}
