import type { Owner } from '../../core/caller'
import type { Clock } from '../../core/clock'
import type { QueryError } from '../../core/errors'
import { unavailable } from '../../core/errors'
import type { SubmitOptions } from '../../core/operations'
import type { StoredResult } from '../../core/result'
import type { QueryRequest } from '../../core/store'
import { inTurns } from '../../core/turns'
import type { QueryRules } from '../execution/query'
import { QueryIdGenerator } from '../execution/query-id'
import type { RunnerOptions } from '../execution/runner'
import { Runner } from '../execution/runner'
import { weighInTurns } from '../execution/weight'
import { Adoption } from './adoption'
import { CLOSED, LOST, refusal } from './failures'
import type { HousekeepingOptions } from './housekeeping'
import { Housekeeping } from './housekeeping'
import type { Ledger, OwnLimits } from './ledger'
import { KeyTaken } from './ledger'
import { LocalQueries } from './local-queries'
import { Persistence, succeeds } from './persistence'
import { PostgresQuery } from './postgres-query'
import type { TableState, TableTimes, TakenQuery } from './rows'

/** What readers take is limited for the process, and not for each owner. */
const ANYBODY = '' as Owner

interface LocalLimits extends OwnLimits {
  closeGraceMs: number
  /** A query whose process is lost runs again. */
  reruns: boolean
}

/** Who has to know about the queries of this process. */
export interface Onlookers {
  /** Others are about to know a query. */
  begin(): void
  /** Others know the query, and it runs here no more. `why` it is gone, if it is. `isAwaited`: they may wait for that. */
  over(key: Buffer, why?: string, isAwaited?: boolean): void
  /** Its executor has ended after somebody has deleted it. */
  interrupted(key: Buffer): void
  /** It was left to other processes. */
  left(key: Buffer): void
  /** How often to ask the tables what others want of these queries, at this moment. */
  pollMs(): number
}

/** The queries that run in this process: from their submit until the tables have their outcomes. */
export class LocalRuns {
  readonly #ledger: Ledger
  readonly #limits: LocalLimits
  readonly #clock: Clock
  readonly #rules: QueryRules
  readonly #persistence: Persistence
  readonly #housekeeping: Housekeeping
  readonly #runner: Runner<PostgresQuery>
  readonly #ids = new QueryIdGenerator()
  readonly #onlookers: Onlookers
  readonly #local: LocalQueries
  readonly #adoption: Adoption
  #isClosed = false

  constructor(
    ledger: Ledger,
    options: RunnerOptions & HousekeepingOptions & QueryRules,
    limits: LocalLimits,
    onlookers: Onlookers,
  ) {
    this.#ledger = ledger
    this.#onlookers = onlookers
    this.#limits = limits
    this.#clock = options.clock
    this.#rules = options
    this.#local = new LocalQueries(
      ledger,
      options.clock,
      (query) => void this.drop(query, 'keep_alive expired'),
    )
    this.#persistence = new Persistence(ledger, options, (query) => this.#forget(query))
    this.#housekeeping = new Housekeeping(
      ledger,
      {
        keys: () => this.#local.list().map(({ key }) => key),
        follow: (state) => this.#follow(state),
        adopt: () => this.adopt(),
        pollMs: () => onlookers.pollMs(),
      },
      options,
    )
    this.#adoption = new Adoption(ledger, {
      hasRoom: () => !this.#isClosed && this.#runner.hasRoom(),
      begin: () => this.#beginHere(),
      rerun: (query) => this.#rerun(query),
    })
    this.#runner = new Runner<PostgresQuery>(options, {
      needs: (query) => this.#local.has(query),
      keepResult: (query, result, facts) => this.#persistence.keepResult(query, result, facts),
      keepChunk: (query, chunk, no) => this.#persistence.writeChunk(query, chunk, no),
      keepFailure: (query, error) => this.#persistence.keepFailure(query, error),
    })
  }

  find(key: Buffer): PostgresQuery | undefined {
    return this.#local.find(key)
  }

  /**
   * Runs a query. Others find it from now on if its submit does not wait for it, or has a key. Throws `KeyTaken` if the key is
   * known.
   */
  async begin(request: QueryRequest, owner: Owner, options: SubmitOptions): Promise<PostgresQuery> {
    const weighing = inTurns(weighInTurns(request))
    const bytes = typeof weighing === 'number' ? weighing : await weighing
    this.#assertOpen()
    const query = new PostgresQuery(this.#ids.next(), request, owner, options, this.#rules)
    query.bytes = bytes
    this.#runner.admit(query)
    this.#local.add(query)
    if (!query.isExpired) this.#local.extend(query, query.expirationTimeMs - this.#clock.now())
    await this.#orForget(query, async () => {
      if (options.idempotency || !(options.waitForCompletionTimeoutMs > 0)) {
        await this.#register(query, request, options)
      }
      // Meanwhile, a close may have left it to others.
      if (!query.outcome) this.#runner.run(query, request, options.caller)
    })
    return query
  }

  /** Waits for a query. Resolves when others can find it, unless it has ended and is not kept. */
  async settle(query: PostgresQuery, request: QueryRequest, options: SubmitOptions): Promise<void> {
    await query.wait(options)
    if (query.registration) return
    const { outcome } = query
    // The answer of a query that ended in time has no id, unless the query is kept.
    if (outcome?.state === 'failed' || (outcome && !options.keepOnCompletion)) return this.#forget(query)
    query.isEndedUnknown = outcome !== undefined
    await this.#orForget(query, async () => {
      await this.#register(query, request, options)
      if (outcome?.state !== 'completed') return
      const { result, tookNanos = 0, isPartial } = outcome.completed
      await this.#persistence.keepResult(query, result, { tookNanos, isPartial })
    })
  }

  /** Counts somebody who reads a result, whoever has run its query, or throws a 429. The returned function ends that. */
  hold(result: StoredResult): () => void {
    return this.#runner.countReader(ANYBODY, result)
  }

  /** Moves the expiry of a query to so many milliseconds from now. */
  extend(query: PostgresQuery, leftMs: number): void {
    this.#local.extend(query, leftMs)
  }

  stop(query: PostgresQuery): Promise<void> {
    return this.#runner.stop(query, 'stopped')
  }

  /** Looks into the tables for what others may want. `isMoved`: just the time of this query. */
  look(key: Buffer, isMoved: boolean): void {
    const query = this.#local.find(key)
    if (query && isMoved) void this.#local.askExpiry(query)
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
    // Its submit has failed when the tables had it already. Or this process is about to run it, or to leave it to others.
    else if (!query && !isGone && !this.#adoption.underWay && !this.#isClosed)
      void this.#ledger.fail(key, LOST).catch(() => {})
  }

  /** Ends a query that the tables no longer show. Resolves when its executor has ended. */
  async drop(query: PostgresQuery, why: string, error?: QueryError): Promise<void> {
    this.#forget(query, why)
    query.cancel(why, error)
    await this.#runner.ended(query)
    if (query.registration) this.#onlookers.interrupted(query.key)
  }

  /** Runs queries again that nobody runs any more. */
  async adopt(): Promise<void> {
    if (this.#limits.reruns) await this.#adoption.run()
  }

  /** Gives queries some time to end. Then it leaves to other processes what may run there, and fails the others that are known. */
  async close(): Promise<void> {
    this.#isClosed = true
    await this.#adoption.underWay?.catch(() => {})
    const grace = { waitForCompletionTimeoutMs: this.#limits.closeGraceMs }
    await Promise.all(this.#local.list().map((query) => query.wait(grace)))
    this.#persistence.close()
    await Promise.all(this.#local.list().map((query) => this.#leave(query)))
    await this.#housekeeping.close()
  }

  async #leave(query: PostgresQuery): Promise<void> {
    if (!this.#limits.reruns) await this.#persistence.keepFailure(query, CLOSED)
    // Ended here before it begins elsewhere. A submit that still waits for it is told.
    await this.drop(query, 'store closed', CLOSED)
    if (!this.#limits.reruns || (await succeeds(query.keeping)) || !(await succeeds(query.registration)))
      return
    const isLeft = await this.#ledger.handOver(query.key).catch(() => false)
    if (isLeft) this.#onlookers.left(query.key)
    else await this.#failElsewhere(query, CLOSED)
  }

  /** Of a query that does not run here. */
  async #failElsewhere(query: PostgresQuery, error: QueryError): Promise<void> {
    await this.#persistence.writeFailure(query, error)
    this.#onlookers.over(query.key)
  }

  /** Whether the query runs here now. Meanwhile another may have taken the place for it. */
  async #rerun({ id, owner, request, attempt, keepOnCompletion, times }: TakenQuery): Promise<boolean> {
    const options = { keepAliveMs: times.leftMs, keepOnCompletion, waitForCompletionTimeoutMs: 0 }
    const query = new PostgresQuery(id, request, owner, options, this.#rules)
    query.attempt = attempt
    query.registration = Promise.resolve()
    query.bytes = await inTurns(weighInTurns(request))
    try {
      this.#assertOpen()
      this.#runner.admit(query)
    } catch {
      await this.#ledger.giveBack(query.key)
      return false
    }
    this.#local.add(query)
    this.#adjust(query, times)
    this.#runner.run(query, request, undefined)
    await this.#ledger.dropChunks(query.key, attempt)
    return true
  }

  async #orForget(query: PostgresQuery, call: () => Promise<void>): Promise<void> {
    try {
      await call()
    } catch (error) {
      query.cancel('its submit has failed')
      this.#forget(query)
      // The tables may have it all the same. A submit that comes again must find its key free.
      if (query.idempotency && !(error instanceof KeyTaken)) {
        void this.#ledger.remove({ key: query.key }).catch(() => {})
      }
      throw error
    }
  }

  /** From now on, others find the query. */
  #register(query: PostgresQuery, request: QueryRequest, options: SubmitOptions): Promise<void> {
    query.registration = this.#registerNow(query, request, options)
    return query.registration
  }

  async #registerNow(query: PostgresQuery, request: QueryRequest, options: SubmitOptions): Promise<void> {
    const { key, id, owner, maxKeepAliveMs } = query
    const { keepOnCompletion, idempotency } = options
    const keepAliveMs = Math.min(options.keepAliveMs, maxKeepAliveMs)
    await this.#beginHere()
    const ranMs = this.#clock.now() - query.begunMs
    const times = { ranMs, keepAliveMs, maxKeepAliveMs, keepOnCompletion }
    const registration = { key, id, owner, request, idempotency, ...times }
    const registered = await this.#ledger.register(registration, this.#limits)
    if (!registered.times) throw refusal(registered.used, this.#limits)
    this.#adjust(query, registered.times)
  }

  /** Before others know a query of this process, they know the process. */
  async #beginHere(): Promise<void> {
    this.#onlookers.begin()
    await this.#housekeeping.begin()
  }

  /** The times are those of the database. */
  #adjust(query: PostgresQuery, { startTimeMs, expirationTimeMs, leftMs }: TableTimes): void {
    query.startTimeMs = startTimeMs
    query.expirationTimeMs = expirationTimeMs
    this.extend(query, leftMs)
  }

  #assertOpen(): void {
    if (this.#isClosed) throw unavailable('the async query store is closed')
  }

  #forget(query: PostgresQuery, why?: string): void {
    if (!this.#local.delete(query)) return
    this.#runner.forget(query)
    if (query.registration) this.#onlookers.over(query.key, why, !query.isEndedUnknown)
  }
}
