import type { Owner } from '../../core/caller'
import { checkOptions } from '../../core/check-options'
import { unavailable } from '../../core/errors'
import { unfailing } from '../../core/logger'
import type { DeleteOptions, GetOptions, ListOptions, SubmitOptions } from '../../core/operations'
import type { StoredResult } from '../../core/result'
import type { AsyncQuery, AsyncQueryStore, CompletedQuery, ListedQuery, QueryRequest } from '../../core/store'
import { ownText } from '../execution/own-text'
import { taskCancelled } from '../execution/query'
import { assertQueryId, withPadding } from '../execution/query-id'
import { Database } from './database'
import { queryKey } from './encoding'
import { KeyedSubmits } from './keyed-submits'

import { Ledger } from './ledger'
import { Listener, listenerClients } from './listener'
import type { Onlookers } from './local-runs'
import { LocalRuns } from './local-runs'
import { postgresMetrics } from './metrics'
import type { PostgresStoreOptions } from './options'
import { POSTGRES_STORE_OPTIONS } from './options'
import type { PostgresQuery } from './postgres-query'
import type { KnownQuery } from './rows'
import { createSchema, SCHEMA_VERSION } from './schema'
import type { FoundOrWatched } from './shared-queries'
import { SharedQueries } from './shared-queries'

/** What limits the queries that run, by the names of the limits of a store in memory. */
const RUNNING_LIMITS = {
  maxQueries: 'maxRunning',
  maxQueriesPerOwner: 'maxRunning',
  maxBytes: 'maxBytes',
  maxBytesPerOwner: 'maxBytes',
}

/**
 * Keeps queries in PostgreSQL and runs them with your executor, in the process that got the submit. Finished queries
 * outlive the process, and every process on the same tables serves them.
 *
 * A query gets into the tables when somebody learns its id, or at once if its submit has an `Idempotency-Key`. Any other that ends
 * within its wait and is not kept costs no statement.
 */
export class PostgresStore implements AsyncQueryStore {
  readonly idempotentSubmit = true
  readonly #idempotencyWindowMs: number
  readonly #schema: string
  readonly #database: Database
  readonly #ledger: Ledger
  readonly #queries: SharedQueries
  readonly #keyed: KeyedSubmits
  #closing: Promise<void> | undefined

  constructor(options: PostgresStoreOptions) {
    const checked = checkOptions('PostgresStore', options, POSTGRES_STORE_OPTIONS)
    const resolved = { ...checked, logger: unfailing(checked.logger) }
    const { schema, maxRunning, maxBytes, leaseMs, heartbeatMs } = resolved
    const reruns = resolved.onLost === 'rerun'
    if (leaseMs < 3 * heartbeatMs) {
      throw new TypeError('PostgresStore expects `leaseMs` to be at least three times `heartbeatMs`')
    }
    this.#schema = schema
    this.#idempotencyWindowMs = resolved.idempotencyWindowMs
    const metrics = postgresMetrics(resolved.meterProvider)
    const listener = new Listener(listenerClients(resolved.pool, resolved), schema, resolved, metrics)
    this.#database = new Database(resolved.pool, listener, resolved, metrics)
    this.#ledger = new Ledger(this.#database, schema, { leaseMs, reruns })
    // What runs is limited for the process. What is kept is limited for its owner, by the tables.
    const running = {
      ...{ maxQueries: maxRunning, maxQueriesPerOwner: maxRunning, maxBytesPerOwner: maxBytes },
      limitNames: RUNNING_LIMITS,
    }
    const createRuns = (onlookers: Onlookers): LocalRuns =>
      new LocalRuns(this.#ledger, { ...resolved, ...running }, { ...resolved, reruns }, onlookers)
    this.#queries = new SharedQueries(this.#ledger, listener, resolved, createRuns, metrics)
    this.#keyed = new KeyedSubmits(this.#ledger)
  }

  /**
   * Creates the tables, unless they are there. Several processes may do that at the same time. Rejects if the tables are
   * those of a later release.
   */
  async migrate(): Promise<void> {
    await this.#database.runScript(createSchema(this.#schema))
    await this.#assertKnownTables()
  }

  async submit(request: QueryRequest, owner: Owner, options: SubmitOptions): Promise<AsyncQuery> {
    this.#assertOpen()
    const own = ownText(owner)
    const begin = (): Promise<PostgresQuery> => this.#queries.runs.begin(request, own, options)
    if (options.idempotency) {
      return this.#answerKeyed(await this.#keyed.once(own, options.idempotency, begin), options)
    }
    const query = await begin()
    await this.#queries.runs.settle(query, request, options)
    if (!query.outcome || !query.registration) return query.snapshot()
    return (await this.#queries.read(query.key, query.id)) ?? query.snapshot()
  }

  /** No async function, which would keep all that it has at hand: tens of thousands of gets may wait. */
  get(id: string, owner: Owner, options: GetOptions): Promise<AsyncQuery | undefined> {
    return new Promise((resolve, reject) => {
      const answer = ({ query, watched }: FoundOrWatched): void => {
        if (watched) this.#queries.answerLater(watched, options, resolve)
        else resolve(query)
      }
      this.#find(id, owner, options).then(answer).catch(reject)
    })
  }

  async stop(id: string, owner: Owner): Promise<CompletedQuery | undefined> {
    const key = this.#keyOf(id, owner)
    const found = await this.#queries.read(key, id)
    const query = found?.isRunning ? await this.#queries.stop(key, id) : found
    return query?.isRunning ? undefined : query
  }

  async delete(id: string, owner: Owner, options: DeleteOptions = {}): Promise<boolean> {
    const own = this.#keyOf(id, owner)
    return this.#queries.remove(options.anyOwner ? { id: withPadding(id) } : { key: own })
  }

  async list(owner: Owner, { anyOwner, id }: ListOptions = {}): Promise<readonly ListedQuery[]> {
    this.#assertOpen()
    if (id !== undefined) assertQueryId(id)
    const listed = await this.#ledger.list(anyOwner ? undefined : owner, id && withPadding(id))
    return listed.map(({ key, ...query }) => ({ ...query, ...this.#queries.runs.find(key)?.progress() }))
  }

  hold(result: StoredResult): () => void {
    return this.#queries.runs.hold(result)
  }

  /** For `readyHandler`: rejects while the database does not answer, or has no tables that this release knows. */
  async check(): Promise<void> {
    this.#assertOpen()
    await this.#assertKnownTables()
  }

  /**
   * Gives the queries that run in this process `closeGraceMs` to end. Then it fails them with a 500, or leaves them to other
   * processes with `onLost: 'rerun'`. Refuses every call from the beginning on, and leaves the pool open.
   */
  close(): Promise<void> {
    this.#closing ??= this.#queries.close()
    return this.#closing
  }

  /** The answer to a submit with a key, whichever process runs the query. */
  async #answerKeyed(query: PostgresQuery | KnownQuery, options: SubmitOptions): Promise<AsyncQuery> {
    const { key, id } = query
    // How the query has ended is read below, when nobody else can decide about it any more.
    if (options.waitForCompletionTimeoutMs > 0) {
      const { watched } = await this.#queries.find(key, id).catch(() => ({ watched: undefined }))
      if (watched) await this.#queries.wait(watched, options)
      if (watched) this.#queries.release(watched)
    }
    await this.#ledger.settle(key, !options.signal?.aborted, this.#idempotencyWindowMs)
    const found = await this.#queries.read(key, id, true)
    if (found) return found
    if ('snapshot' in query) return query.snapshot()
    throw taskCancelled('it was deleted or has expired')
  }

  #keyOf(id: string, owner: Owner): Buffer {
    this.#assertOpen()
    assertQueryId(id)
    return queryKey(owner, withPadding(id))
  }

  /** A query, or what to wait for. What is not needed during the wait is forgotten with this call. */
  async #find(id: string, owner: Owner, options: GetOptions): Promise<FoundOrWatched> {
    const key = this.#keyOf(id, owner)
    const { keepAliveMs = 0 } = options
    if (keepAliveMs > 0 && !(await this.#queries.extend(key, keepAliveMs))) return {}
    if (!(options.waitForCompletionTimeoutMs > 0)) return { query: await this.#queries.read(key, id) }
    return this.#queries.find(key, id)
  }

  async #assertKnownTables(): Promise<void> {
    const version = await this.#ledger.version()
    if (version <= SCHEMA_VERSION) return
    throw new TypeError(
      `The tables in ${this.#schema} have version ${version}; this release knows ${SCHEMA_VERSION}`,
    )
  }

  #assertOpen(): void {
    if (this.#closing) throw unavailable('the async query store is closed')
  }
}
