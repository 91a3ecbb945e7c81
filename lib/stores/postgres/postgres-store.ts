import type { Owner } from '../../core/caller'
import { checkOptions } from '../../core/check-options'
import type { Clock } from '../../core/clock'
import { unavailable } from '../../core/errors'
import type {
  DeleteOptions,
  GetOptions,
  ListOptions,
  SubmitOptions,
  WaitOptions,
} from '../../core/operations'
import type { StoredResult } from '../../core/result'
import type { AsyncQuery, AsyncQueryStore, CompletedQuery, ListedQuery, QueryRequest } from '../../core/store'
import { ownText } from '../execution/own-text'
import { taskCancelled } from '../execution/query'
import { assertQueryId, withPadding } from '../execution/query-id'
import { Database } from './database'
import { queryKey } from './encoding'
import { LOST } from './failures'
import { KeyedSubmits } from './keyed-submits'
import type { KnownQuery } from './ledger'
import { Ledger } from './ledger'
import { LocalRuns } from './local-runs'
import type { PostgresStoreOptions } from './options'
import { POSTGRES_STORE_OPTIONS } from './options'
import type { PostgresQuery } from './postgres-query'
import { Results } from './results'
import type { StoredQuery } from './rows'
import { createSchema, SCHEMA_VERSION } from './schema'
import { Watch } from './watch'

/**
 * Keeps queries in PostgreSQL and runs them with your executor, in the process that got the submit. Finished queries
 * outlive the process, and every process on the same tables serves them.
 *
 * A query gets into the tables when somebody learns its id. One that ends within its wait and is not kept costs no
 * statement.
 */
export class PostgresStore implements AsyncQueryStore {
  readonly idempotentSubmit = true
  readonly #idempotencyWindowMs: number
  readonly #schema: string
  readonly #database: Database
  readonly #ledger: Ledger
  readonly #results: Results
  readonly #runs: LocalRuns
  readonly #keyed: KeyedSubmits
  readonly #watch: Watch
  readonly #clock: Clock
  #closing: Promise<void> | undefined

  constructor(options: PostgresStoreOptions) {
    const resolved = checkOptions('PostgresStore', options, POSTGRES_STORE_OPTIONS)
    const { schema, maxRunning, maxBytes, leaseMs, heartbeatMs } = resolved
    const reruns = resolved.onLost === 'rerun'
    if (leaseMs < 3 * heartbeatMs) {
      throw new TypeError('PostgresStore expects `leaseMs` to be at least three times `heartbeatMs`')
    }
    this.#schema = schema
    this.#clock = resolved.clock
    this.#idempotencyWindowMs = resolved.idempotencyWindowMs
    this.#database = new Database(resolved.pool, resolved.logger)
    this.#ledger = new Ledger(this.#database, schema, { leaseMs, reruns })
    this.#results = new Results(this.#ledger, resolved.maxCachedBytes)
    // What runs is limited for the process. What is kept is limited for its owner, by the tables.
    const running = { maxQueries: maxRunning, maxQueriesPerOwner: maxRunning, maxBytesPerOwner: maxBytes }
    this.#runs = new LocalRuns(this.#ledger, { ...resolved, ...running }, { ...resolved, reruns })
    this.#keyed = new KeyedSubmits(this.#ledger)
    this.#watch = new Watch((keys) => this.#ledger.ended(keys), resolved)
  }

  /**
   * Creates the tables, unless they are there. Several processes may do that at the same time. Rejects if the tables are
   * those of a later release.
   */
  async migrate(): Promise<void> {
    await this.#database.runScript(createSchema(this.#schema))
    const version = await this.#ledger.version()
    if (version > SCHEMA_VERSION) {
      throw new TypeError(
        `The tables in ${this.#schema} have version ${version}; this release knows ${SCHEMA_VERSION}`,
      )
    }
  }

  async submit(request: QueryRequest, owner: Owner, options: SubmitOptions): Promise<AsyncQuery> {
    this.#assertOpen()
    const own = ownText(owner)
    const begin = (): Promise<PostgresQuery> => this.#runs.begin(request, own, options)
    if (options.idempotency) {
      return this.#answerKeyed(await this.#keyed.once(own, options.idempotency, begin), options)
    }
    const query = await begin()
    await this.#runs.settle(query, request, options)
    if (!query.outcome || !query.registration) return query.snapshot()
    return (await this.#read(query)) ?? query.snapshot()
  }

  async get(id: string, owner: Owner, options: GetOptions): Promise<AsyncQuery | undefined> {
    const key = this.#keyOf(id, owner)
    const local = this.#runs.find(key)
    const { keepAliveMs = 0 } = options
    if (keepAliveMs > 0) {
      const leftMs = await this.#ledger.touch(key, keepAliveMs)
      if (leftMs === undefined) return undefined
      if (local) this.#runs.extend(local, leftMs)
    }
    return this.#waitFor({ key, id }, options)
  }

  async stop(id: string, owner: Owner): Promise<CompletedQuery | undefined> {
    const key = this.#keyOf(id, owner)
    const local = this.#runs.find(key)
    let query = await this.#read({ key, id })
    if (query?.isRunning) {
      if (local) await this.#runs.stop(local)
      else await this.#stopElsewhere(key)
      query = (await this.#read({ key, id })) ?? gone(local)
    }
    return query?.isRunning ? undefined : query
  }

  async delete(id: string, owner: Owner, options: DeleteOptions = {}): Promise<boolean> {
    const own = this.#keyOf(id, owner)
    const key = await this.#ledger.remove(options.anyOwner ? { id: withPadding(id) } : { key: own })
    if (!key) return false
    const local = this.#runs.find(key)
    if (local) await this.#runs.drop(local, 'cancelled by user')
    return true
  }

  async list(owner: Owner, { anyOwner, id }: ListOptions = {}): Promise<readonly ListedQuery[]> {
    this.#assertOpen()
    if (id !== undefined) assertQueryId(id)
    const listed = await this.#ledger.list(anyOwner ? undefined : owner, id && withPadding(id))
    return listed.map(({ key, ...query }) => ({ ...query, ...this.#runs.find(key)?.progress() }))
  }

  /** For `readyHandler`: rejects while the database does not answer, or has no tables. */
  async check(): Promise<void> {
    this.#assertOpen()
    await this.#ledger.version()
  }

  /**
   * Gives the queries that run in this process `closeGraceMs` to end. Then it fails them with a 500, or leaves them to other
   * processes with `onLost: 'rerun'`. Refuses every call from the beginning on, and leaves the pool open.
   */
  close(): Promise<void> {
    this.#watch.close()
    this.#closing ??= this.#runs.close()
    return this.#closing
  }

  /** The answer to a submit with a key, whichever process runs the query. */
  async #answerKeyed(query: PostgresQuery | KnownQuery, options: SubmitOptions): Promise<AsyncQuery> {
    const { key, id } = query
    const local = this.#runs.find(key)
    // How the query has ended is read below, when nobody else can decide about it any more.
    await (local
      ? local.wait(options)
      : this.#waitFor({ key, id, seesHidden: true }, options).catch(() => {}))
    await this.#ledger.settle(key, !options.signal?.aborted, this.#idempotencyWindowMs)
    const found = await this.#read({ key, id, seesHidden: true })
    return found ?? ('snapshot' in query ? query.snapshot() : gone(local))
  }

  /** The query, after a wait as long as it runs. */
  async #waitFor(target: Target, options: WaitOptions): Promise<AsyncQuery | undefined> {
    const { waitForCompletionTimeoutMs, signal } = options
    const endMs = this.#clock.now() + waitForCompletionTimeoutMs
    let query = await this.#read(target)
    // Another process may take over the query that a wait was for.
    for (let leftMs = waitForCompletionTimeoutMs; query?.isRunning; leftMs = endMs - this.#clock.now()) {
      if (!(leftMs > 0) || signal?.aborted || this.#closing) break
      const local = this.#runs.find(target.key)
      const wait = { ...options, waitForCompletionTimeoutMs: leftMs }
      await (local ? local.wait(wait) : this.#watch.wait(target.key, wait))
      query = (await this.#read(target)) ?? gone(local)
    }
    return query
  }

  #keyOf(id: string, owner: Owner): Buffer {
    this.#assertOpen()
    assertQueryId(id)
    return queryKey(owner, withPadding(id))
  }

  async #read(target: Target): Promise<AsyncQuery | undefined> {
    const { key, id, seesHidden = false } = target
    const found = await this.#results.read(key)
    if (!found || (found.stored.isHidden && !seesHidden)) return undefined
    const { stored, result } = found
    const local = this.#runs.find(key)
    if (stored.isLost && !local) {
      await this.#ledger.bury(key, LOST)
      return this.#read(target)
    }
    if (stored.isOrphan && !local) await this.#runs.adopt()
    const { startTimeMs, expirationTimeMs } = stored
    const times = { startTimeMs, expirationTimeMs }
    if (stored.failure) throw stored.failure
    if (!result) return { isRunning: true, id: withPadding(id), ...times, ...local?.progress() }
    return { ...(stored.isKept && { id: withPadding(id) }), ...times, ...completed(stored, result) }
  }

  /** Asks the process that runs the query, and waits for its end. */
  async #stopElsewhere(key: Buffer): Promise<void> {
    await this.#ledger.stop(key)
    await this.#watch.wait(key, { waitForCompletionTimeoutMs: Number.POSITIVE_INFINITY })
  }

  #assertOpen(): void {
    if (this.#closing) throw unavailable('the async query store is closed')
  }
}

interface Target extends KnownQuery {
  /** It was found by its key. */
  seesHidden?: boolean
}

function completed(stored: StoredQuery, result: StoredResult): Omit<CompletedQuery, 'id'> {
  const { tookNanos, isPartial, timeZone } = stored
  return {
    isRunning: false,
    tookNanos,
    isPartial,
    ...(stored.isColumnar && { columnar: true }),
    ...(timeZone !== undefined && { timeZone }),
    ...(stored.hasColumnMetadata && { columnMetadata: true }),
    result,
  }
}

/** The end of a wait for a query that was there, and is there no more. */
function gone(local: PostgresQuery | undefined): never {
  if (local?.outcome?.state === 'failed') throw local.outcome.error
  throw taskCancelled('it was deleted or has expired')
}
