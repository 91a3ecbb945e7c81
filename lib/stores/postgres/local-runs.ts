import type { Owner } from '../../core/caller'
import type { Clock } from '../../core/clock'
import { QueryError, unavailable } from '../../core/errors'
import type { SubmitOptions } from '../../core/operations'
import type { StoredResult } from '../../core/result'
import type { QueryRequest } from '../../core/store'
import { tooLarge, tooMany } from '../execution/budget'
import { ExpiryQueue } from '../execution/expiry-queue'
import type { ResultFacts } from '../execution/query'
import { QueryIdGenerator } from '../execution/query-id'
import type { RunnerOptions } from '../execution/runner'
import { Runner } from '../execution/runner'
import type { HousekeepingOptions } from './housekeeping'
import { Housekeeping } from './housekeeping'
import type { Ledger, OwnLimits, Registered, TableState } from './ledger'
import { Persistence } from './persistence'
import { LocalQueries, PostgresQuery } from './postgres-query'

/** Who has to know about the queries of this process. */
export interface Onlookers {
  /** Others are about to know a query. */
  begin(): void
  /** Others know the query, and it runs here no more. `why` it is gone, if it is. */
  over(key: Buffer, why?: string): void
  /** Its executor has ended after somebody has deleted it. */
  interrupted(key: Buffer): void
  /** How often to ask the tables what others want of these queries, at this moment. */
  pollMs(): number
}

/** The queries that run in this process: from their submit until the tables have their outcomes. */
export class LocalRuns {
  readonly #ledger: Ledger
  readonly #limits: OwnLimits
  readonly #clock: Clock
  readonly #persistence: Persistence
  readonly #housekeeping: Housekeeping
  readonly #runner: Runner<PostgresQuery>
  readonly #ids = new QueryIdGenerator()
  readonly #onlookers: Onlookers
  readonly #local = new LocalQueries()
  /** When to ask whether the time of a query is over. */
  readonly #expiries: ExpiryQueue<PostgresQuery>
  #isClosed = false

  constructor(
    ledger: Ledger,
    options: RunnerOptions & HousekeepingOptions,
    limits: OwnLimits,
    onlookers: Onlookers,
  ) {
    this.#ledger = ledger
    this.#onlookers = onlookers
    this.#limits = limits
    this.#clock = options.clock
    this.#persistence = new Persistence(ledger, options)
    this.#housekeeping = new Housekeeping(
      ledger,
      {
        keys: () => this.#local.list().map(({ key }) => key),
        follow: (state) => this.#follow(state),
        pollMs: () => onlookers.pollMs(),
      },
      options,
    )
    this.#runner = new Runner<PostgresQuery>(options, {
      needs: (query) => this.#local.has(query),
      keepResult: (query, result, facts) => this.#keepResult(query, result, facts),
      keepChunk: (query, chunk, no) => this.#persistence.writeChunk(query, chunk, no),
      keepFailure: (query, error) => this.#keepFailure(query, error),
    })
    this.#expiries = new ExpiryQueue(options.clock, (query) => void this.#askExpiry(query))
  }

  find(key: Buffer): PostgresQuery | undefined {
    return this.#local.find(key)
  }

  /**
   * Runs a query and waits for it. Resolves when others can find it, unless it has ended and is not kept. `bytes` are those
   * of the request.
   */
  async start(
    request: QueryRequest,
    bytes: number,
    owner: Owner,
    options: SubmitOptions,
  ): Promise<PostgresQuery> {
    const query = new PostgresQuery(this.#ids.next(), request, owner, options, this.#clock)
    query.bytes = bytes
    this.#runner.admit(query)
    this.#local.add(query)
    if (options.keepAliveMs > 0) this.#expiries.set(query, query.expirationTimeMs)
    try {
      await this.#start(query, request, options)
      return query
    } catch (error) {
      query.cancel('its submit has failed')
      this.#forget(query)
      throw error
    }
  }

  /** Moves the expiry of a query to so many milliseconds from now. */
  extend(query: PostgresQuery, leftMs: number): void {
    if (this.#local.has(query)) this.#expiries.set(query, this.#clock.now() + leftMs)
  }

  stop(query: PostgresQuery): Promise<void> {
    return this.#runner.stop(query, 'stopped')
  }

  /** Looks into the tables for what others may want. `isMoved`: just the time of this query. */
  look(key: Buffer, isMoved: boolean): void {
    const query = this.#local.find(key)
    if (query && isMoved) void this.#askExpiry(query)
    else if (query) this.#housekeeping.look()
  }

  /** Says at once that this process is there, and looks what it has missed. */
  catchUp(): void {
    this.#housekeeping.catchUp()
  }

  /** Does here what the tables say about a query of this process. */
  #follow({ key, isGone, isStopped }: TableState): void {
    const query = this.#local.find(key)
    if (query && isGone) void this.drop(query, 'cancelled by user')
    else if (query && isStopped) void this.stop(query)
    // Its submit has failed when the tables had it already.
    else if (!query && !isGone) void this.#ledger.fail(key, LOST).catch(() => {})
  }

  /** Ends a query that the tables no longer show. Resolves when its executor has ended. */
  async drop(query: PostgresQuery, why: string): Promise<void> {
    this.#forget(query, why)
    query.cancel(why)
    await this.#runner.ended(query)
    if (query.registration) this.#onlookers.interrupted(query.key)
  }

  /** Fails every query that others know. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#persistence.close()
    const queries = this.#local.list()
    await Promise.all(queries.map((query) => this.#keepFailure(query, CLOSED)))
    await Promise.all(queries.map((query) => this.drop(query, 'store closed')))
    await this.#housekeeping.close()
  }

  async #start(query: PostgresQuery, request: QueryRequest, options: SubmitOptions): Promise<void> {
    const isKnownAtOnce = !(options.waitForCompletionTimeoutMs > 0)
    if (isKnownAtOnce) await this.#register(query, request, options)
    this.#runner.run(query, request, options.caller)
    await query.wait(options)
    const { outcome } = query
    if (!isKnownAtOnce) {
      // The answer of a query that ended in time has no id, unless the query is kept.
      if (outcome?.state === 'failed' || (outcome && !options.keepOnCompletion)) return this.#forget(query)
      await this.#register(query, request, options)
      if (outcome?.state === 'completed') {
        const { result, tookNanos = 0, isPartial } = outcome.completed
        await this.#keepResult(query, result, { tookNanos, isPartial })
      }
    }
  }

  /** From now on, others find the query. */
  #register(query: PostgresQuery, request: QueryRequest, options: SubmitOptions): Promise<void> {
    query.registration = this.#registerNow(query, request, options)
    return query.registration
  }

  async #registerNow(query: PostgresQuery, request: QueryRequest, options: SubmitOptions): Promise<void> {
    const { key, id, owner } = query
    const { keepAliveMs, keepOnCompletion } = options
    this.#onlookers.begin()
    await this.#housekeeping.begin()
    const ranMs = this.#clock.now() - query.begunMs
    const registration = { key, id, owner, request, ranMs, keepAliveMs, keepOnCompletion }
    const { used, times } = await this.#ledger.register(registration, this.#limits)
    if (!times) throw refusal(used, this.#limits)
    if (this.#isClosed) throw unavailable('the async query store is closed')
    query.startTimeMs = times.startTimeMs
    query.expirationTimeMs = times.expirationTimeMs
    this.extend(query, times.leftMs)
  }

  #keepResult(query: PostgresQuery, result: StoredResult, facts: ResultFacts): void | Promise<void> {
    if (!query.registration) return
    query.keeping ??= this.#writeResult(query, result, facts)
    return query.keeping
  }

  #keepFailure(query: PostgresQuery, error: QueryError): void | Promise<void> {
    if (!query.registration) return
    query.keeping = this.#writeFailure(query, error, query.keeping)
    return query.keeping
  }

  async #writeResult(query: PostgresQuery, result: StoredResult, facts: ResultFacts): Promise<void> {
    await query.registration
    await this.#persistence.writeResult(query, result, facts)
    this.#forget(query)
  }

  /** `before` is the outcome that the query has already, unless it cannot be kept. */
  async #writeFailure(query: PostgresQuery, error: QueryError, before?: Promise<void>): Promise<void> {
    const [isKept, isRegistered] = await Promise.all([succeeds(before), succeeds(query.registration)])
    if (isKept) return
    if (isRegistered) await this.#persistence.writeFailure(query, error)
    this.#forget(query)
  }

  /** The tables know whether the expiry was moved, maybe by another process. */
  async #askExpiry(query: PostgresQuery): Promise<void> {
    if (query.registration) {
      const leftMs = await this.#ledger.left(query.key).catch(() => RETRY_MS)
      if (!this.#local.has(query)) return
      if (leftMs !== undefined && leftMs > 0) {
        this.#expiries.set(query, this.#clock.now() + leftMs)
        return
      }
    }
    void this.drop(query, 'keep_alive expired')
  }

  #forget(query: PostgresQuery, why?: string): void {
    if (!this.#local.delete(query)) return
    this.#expiries.delete(query)
    this.#runner.forget(query)
    if (query.registration) this.#onlookers.over(query.key, why)
  }
}

/** How soon to ask again about an expiry when the database does not answer, in milliseconds. */
const RETRY_MS = 1_000

/** Of a query whose process does not say any more that it is there, or has lost track of it. */
export const LOST = new QueryError(
  'node_disconnected_exception',
  'the process that ran the query is gone; submit it again',
)
const CLOSED = new QueryError(
  'node_closed_exception',
  'the process that ran the query has shut down; submit it again',
)

function refusal({ queries, bytes }: Registered['used'], limits: OwnLimits): QueryError {
  const { maxQueriesPerOwner, maxBytesPerOwner } = limits
  return queries >= maxQueriesPerOwner
    ? tooMany({ of: 'owner', used: queries, wanted: queries + 1, limit: maxQueriesPerOwner })
    : tooLarge({ of: 'owner', used: bytes, wanted: bytes, limit: maxBytesPerOwner })
}

function succeeds(promise: Promise<void> | undefined): Promise<boolean> {
  return (
    promise?.then(
      () => true,
      () => false,
    ) ?? Promise.resolve(false)
  )
}
