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
import { encodeResult, queryKey } from './encoding'
import { LOST } from './failures'
import { Hints } from './hints'
import { KeyedSubmits } from './keyed-submits'
import type { KnownQuery } from './ledger'
import { Ledger } from './ledger'
import { Listener, listenerClients } from './listener'
import { LocalRuns } from './local-runs'
import type { PostgresStoreOptions } from './options'
import { POSTGRES_STORE_OPTIONS } from './options'
import type { PostgresQuery } from './postgres-query'
import { Results } from './results'
import type { StoredQuery } from './rows'
import { createSchema, SCHEMA_VERSION } from './schema'
import type { Watched } from './watch'
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
  readonly #hints: Hints
  /** How long to wait for what another process does, in milliseconds. */
  readonly #patienceMs: number
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
    const listener = new Listener(listenerClients(resolved.pool, resolved), schema, resolved)
    this.#database = new Database(resolved.pool, listener, resolved)
    this.#ledger = new Ledger(this.#database, schema, { leaseMs, reruns })
    this.#results = new Results(this.#ledger, resolved.maxCachedBytes)
    // What runs is limited for the process. What is kept is limited for its owner, by the tables.
    const running = { maxQueries: maxRunning, maxQueriesPerOwner: maxRunning, maxBytesPerOwner: maxBytes }
    const pollMs = (): number => this.#hints.pollMs
    this.#runs = new LocalRuns(
      this.#ledger,
      { ...resolved, ...running },
      { ...resolved, reruns },
      {
        pollMs,
        begin: () => this.#hints.listen(),
        over: (key, why) => this.#over(key, why),
        interrupted: (key) => this.#hints.send('ended', key),
      },
    )
    this.#keyed = new KeyedSubmits(this.#ledger)
    const source = {
      pollMs,
      ended: (keys: readonly Buffer[]) => this.#ledger.ended(keys),
      read: (key: Buffer, id: string) => this.#read(key, id),
      isHere: (key: Buffer) => this.#runs.find(key) !== undefined,
    }
    this.#watch = new Watch(source, resolved.clock)
    const taker = {
      over: (key: Buffer) => void this.#watch.look(key),
      look: (key: Buffer, isMoved: boolean) => this.#runs.look(key, isMoved),
      catchUp: () => {
        this.#runs.catchUp()
        this.#watch.pollNow()
      },
    }
    this.#hints = new Hints(this.#ledger, listener, taker, resolved)
    this.#patienceMs = resolved.interruptGraceMs + 1_000
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
    return (await this.#read(query.key, query.id)) ?? query.snapshot()
  }

  async get(id: string, owner: Owner, options: GetOptions): Promise<AsyncQuery | undefined> {
    const { query, watched } = await this.#find(id, owner, options)
    if (!watched) return query
    await this.#watch.wait(watched, options)
    return this.#watch.answer(watched)
  }

  async stop(id: string, owner: Owner): Promise<CompletedQuery | undefined> {
    const key = this.#keyOf(id, owner)
    const found = await this.#read(key, id)
    const query = found?.isRunning ? await this.#stop(key, id) : found
    return query?.isRunning ? undefined : query
  }

  async delete(id: string, owner: Owner, options: DeleteOptions = {}): Promise<boolean> {
    const own = this.#keyOf(id, owner)
    const removed = await this.#ledger.remove(options.anyOwner ? { id: withPadding(id) } : { key: own })
    if (!removed) return false
    const { key, isRunning } = removed
    const local = this.#runs.find(key)
    if (local) await this.#runs.drop(local, 'cancelled by user')
    else if (isRunning) {
      this.#hints.listen()
      this.#hints.send('gone', key)
      await this.#hints.untilInterrupted(key, this.#patienceMs)
    }
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
    this.#closing ??= this.#close()
    return this.#closing
  }

  /** The answer to a submit with a key, whichever process runs the query. */
  async #answerKeyed(query: PostgresQuery | KnownQuery, options: SubmitOptions): Promise<AsyncQuery> {
    const { key, id } = query
    // How the query has ended is read below, when nobody else can decide about it any more.
    if (options.waitForCompletionTimeoutMs > 0) {
      const { watched } = await this.#openWait(key, id).catch(() => ({ watched: undefined }))
      if (watched) await this.#watch.wait(watched, options)
      if (watched) this.#watch.release(watched)
    }
    await this.#ledger.settle(key, !options.signal?.aborted, this.#idempotencyWindowMs)
    const found = await this.#read(key, id, true)
    if (found) return found
    if ('snapshot' in query) return query.snapshot()
    throw taskCancelled('it was deleted or has expired')
  }

  async #openWait(key: Buffer, id: string): Promise<FoundOrWatched> {
    this.#hints.listen()
    const watched = this.#watch.open(key, id)
    let query: AsyncQuery | undefined
    try {
      query = await this.#read(key, id)
    } finally {
      if (!query?.isRunning) this.#watch.release(watched)
    }
    return query?.isRunning ? { watched } : { query }
  }

  async #close(): Promise<void> {
    await this.#runs.close()
    await this.#watch.close()
    await this.#hints.close()
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
    if (keepAliveMs > 0 && !(await this.#extend(key, keepAliveMs))) return {}
    if (!(options.waitForCompletionTimeoutMs > 0)) return { query: await this.#read(key, id) }
    return this.#openWait(key, id)
  }

  /** `seesHidden`: the query was found by its key. */
  async #read(key: Buffer, id: string, seesHidden = false): Promise<AsyncQuery | undefined> {
    const found = await this.#results.read(key)
    if (!found || (found.stored.isHidden && !seesHidden)) return undefined
    const { stored, result } = found
    const local = this.#runs.find(key)
    if (stored.isLost && !local) {
      await this.#ledger.bury(key, LOST)
      return this.#read(key, id, seesHidden)
    }
    if (stored.isOrphan && !local) await this.#runs.adopt()
    const { startTimeMs, expirationTimeMs } = stored
    const times = { startTimeMs, expirationTimeMs }
    if (stored.failure) throw stored.failure
    if (!result) return { isRunning: true, id: withPadding(id), ...times, ...local?.progress() }
    return { ...(stored.isKept && { id: withPadding(id) }), ...times, ...completed(stored, result) }
  }

  /** Moves the expiry. Whether the query is there. */
  async #extend(key: Buffer, keepAliveMs: number): Promise<boolean> {
    const moved = await this.#ledger.touch(key, keepAliveMs)
    const local = this.#runs.find(key)
    if (moved && local) this.#runs.extend(local, moved.leftMs)
    else if (moved?.isEarlier) this.#hints.send('moved', key)
    return moved !== undefined
  }

  async #stop(key: Buffer, id: string): Promise<AsyncQuery> {
    const watched = this.#watch.open(key, id)
    let askedMs = 0
    try {
      const local = this.#runs.find(key)
      if (local) await this.#runs.stop(local)
      else askedMs = await this.#askToStop(key)
    } catch (error) {
      this.#watch.release(watched)
      throw error
    }
    await this.#watch.wait(watched, { waitForCompletionTimeoutMs: this.#patienceMs })
    const query = await this.#watch.answer(watched)
    if (!query.isRunning) return query
    await this.#ledger.conclude(key, await NO_ROWS, askedMs)
    const concluded = this.#watch.open(key, id)
    this.#over(key)
    await this.#watch.wait(concluded, { waitForCompletionTimeoutMs: Number.POSITIVE_INFINITY })
    return this.#watch.answer(concluded)
  }

  /** Asks the process that runs the query. Resolves with the time of the tables. */
  async #askToStop(key: Buffer): Promise<number> {
    this.#hints.listen()
    const askedMs = await this.#ledger.stop(key)
    this.#hints.send('stop', key)
    return askedMs
  }

  /** Others know a query that runs no more. `why` it is gone, if it is. */
  #over(key: Buffer, why?: string): void {
    void this.#watch.look(key, why)
    this.#hints.send('done', key)
  }

  #assertOpen(): void {
    if (this.#closing) throw unavailable('the async query store is closed')
  }
}

interface FoundOrWatched {
  query?: AsyncQuery | undefined
  watched?: Watched | undefined
}

/** Of a stopped query whose process does not answer. */
const NO_ROWS = encodeResult({ columns: [], values: [], isFrozen: true })

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
