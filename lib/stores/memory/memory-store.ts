import type { Caller, Owner } from '../../core/caller'
import { checkOptions } from '../../core/check-options'
import type { Clock } from '../../core/clock'
import { unavailable } from '../../core/errors'
import type { Counter } from '../../core/meter'
import { meterOf } from '../../core/meter'
import type { DeleteOptions, GetOptions, ListOptions, SubmitOptions } from '../../core/operations'
import type { EngineResult, QueryResult, StoredResult } from '../../core/result'
import type { AsyncQuery, AsyncQueryStore, CompletedQuery, ListedQuery, QueryRequest } from '../../core/store'
import { inTurns } from '../../core/turns'
import { MemoryBudget } from '../execution/budget'
import type { Execute } from '../execution/execute'
import { ExpiryQueue } from '../execution/expiry-queue'
import { freezeFailure } from '../execution/frozen-failure'
import { freezeResult } from '../execution/frozen-result'
import type { KeptResult } from '../execution/intake'
import { Intake } from '../execution/intake'
import { ownText } from '../execution/own-text'
import { LocalQuery } from '../execution/query'
import { assertQueryId, QueryIdGenerator, withPadding } from '../execution/query-id'
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
  readonly #execute: Execute
  readonly #interruptGraceMs: number
  readonly #maxRunMs: number
  readonly #onMaxRun: 'stop' | 'fail'
  readonly #clock: Clock
  readonly #budget: MemoryBudget
  readonly #ids = new QueryIdGenerator()
  readonly #queries = new QueryIndex()
  readonly #expiries: ExpiryQueue<LocalQuery>
  /** When the time of a query that runs is over. */
  readonly #deadlines: ExpiryQueue<LocalQuery>
  /** The executors that run. Each promise resolves when its executor has ended. */
  readonly #executions = new Map<LocalQuery, Promise<void>>()
  /** Which query a result belongs to, as long as anybody has the result. */
  readonly #sources = new WeakMap<StoredResult, LocalQuery>()
  readonly #running: Counter | undefined
  #closed = false

  constructor(options: MemoryStoreOptions) {
    const resolved = checkOptions('MemoryStore', options, MEMORY_STORE_OPTIONS)
    this.#execute = resolved.execute
    this.#interruptGraceMs = resolved.interruptGraceMs
    this.#maxRunMs = resolved.maxRunMs
    this.#onMaxRun = resolved.onMaxRun
    this.#clock = resolved.clock
    const meter = meterOf(resolved.meterProvider)
    this.#budget = new MemoryBudget(resolved, meter)
    this.#running = meter?.createUpDownCounter('esql_async.store.running', {
      description: 'Queries that the executor runs.',
      unit: '{query}',
    })
    this.#expiries = new ExpiryQueue(this.#clock, (query) => this.#expire(query))
    this.#deadlines = new ExpiryQueue(this.#clock, (query) => this.#endRun(query))
  }

  async submit(request: QueryRequest, owner: Owner, options: SubmitOptions): Promise<AsyncQuery> {
    this.#assertOpen()
    const weighing = inTurns(weighInTurns(request))
    const bytes = typeof weighing === 'number' ? weighing : await weighing
    this.#assertOpen()
    const query = this.#start(request, bytes, ownText(owner), options)
    await query.wait(options)
    const { outcome } = query
    // The answer of a query that ended in time has no id, unless the query is kept.
    if (outcome?.state === 'failed' || (outcome && !options.keepOnCompletion)) this.#forget(query)
    try {
      return query.snapshot()
    } finally {
      if (query.isExpired) this.#expire(query)
    }
  }

  async get(id: string, owner: Owner, options: GetOptions): Promise<AsyncQuery | undefined> {
    const query = this.#find(id, owner)
    if (!query) return undefined
    if (options.keepAliveMs !== undefined && options.keepAliveMs > 0) {
      query.expirationTimeMs = this.#clock.now() + options.keepAliveMs
      this.#expiries.set(query, query.expirationTimeMs)
    }
    await query.wait(options)
    return query.snapshot()
  }

  async stop(id: string, owner: Owner): Promise<CompletedQuery | undefined> {
    const query = this.#find(id, owner)
    if (!query) return undefined
    await this.#stop(query, 'stopped')
    const snapshot = query.snapshot()
    return snapshot.isRunning ? undefined : snapshot
  }

  async delete(id: string, owner: Owner, options: DeleteOptions = {}): Promise<boolean> {
    const query = this.#find(id, options.anyOwner ? undefined : owner)
    if (!query) return false
    this.#forget(query)
    query.cancel('cancelled by user')
    await this.#ended(query)
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
    if (!query) return () => {}
    // A submit whose query is not kept has forgotten it already.
    if (!query.isCounted) this.#budget.addQuery(query.owner, query.bytes)
    query.isCounted = true
    query.readers += 1
    return () => {
      query.readers -= 1
      this.#release(query)
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    const queries = this.#queries.list()
    for (const query of queries) {
      this.#forget(query)
      query.cancel('store closed')
    }
    await Promise.all(queries.map((query) => this.#ended(query)))
  }

  #find(id: string, owner: Owner | undefined): LocalQuery | undefined {
    this.#assertOpen()
    assertQueryId(id)
    const query = this.#queries.find(withPadding(id), owner)
    return query?.isExpired ? undefined : query
  }

  #expire(query: LocalQuery): void {
    this.#forget(query)
    query.cancel('keep_alive expired')
  }

  #forget(query: LocalQuery): void {
    if (!this.#queries.delete(query)) return
    this.#expiries.delete(query)
    this.#deadlines.delete(query)
    this.#release(query)
  }

  #endRun(query: LocalQuery): void {
    const why = `it has run for [${this.#maxRunMs}ms], the limit of this server`
    if (this.#onMaxRun === 'fail') query.cancel(why)
    else void this.#stop(query, why)
  }

  /** Completes a query with the rows that it has, unless it has ended. */
  async #stop(query: LocalQuery, why: string): Promise<void> {
    if (query.outcome) return
    query.interrupt(why)
    await query.wait({ waitForCompletionTimeoutMs: this.#interruptGraceMs })
    await this.#complete(query, query.intake ?? query.reported ?? NOTHING)
  }

  /** Gives back what the budget counts for a query that cannot be found, does not run, and is not read. */
  #release(query: LocalQuery): void {
    if (!query.isCounted || query.readers > 0 || this.#queries.has(query) || this.#executions.has(query))
      return
    query.isCounted = false
    this.#budget.removeQuery(query.owner, query.bytes)
  }

  #start(request: QueryRequest, bytes: number, owner: Owner, options: SubmitOptions): LocalQuery {
    this.#budget.addQuery(owner, bytes)
    const query = new LocalQuery(this.#ids.next(), request, owner, options, this.#clock)
    query.bytes = bytes
    this.#queries.add(query)
    // The submit of a query without keep-alive still answers, and lets it expire then.
    if (options.keepAliveMs > 0) this.#expiries.set(query, query.expirationTimeMs)
    if (this.#maxRunMs !== Number.POSITIVE_INFINITY) {
      this.#deadlines.set(query, query.startTimeMs + this.#maxRunMs)
    }
    const execution = this.#run(query, request, options.caller).finally(() => {
      this.#executions.delete(query)
      this.#deadlines.delete(query)
      this.#running?.add(-1)
      // Nothing but the executor needs the request.
      this.#budget.removeBytes(owner, bytes)
      query.bytes -= bytes
      this.#release(query)
    })
    this.#executions.set(query, execution)
    this.#running?.add(1)
    return query
  }

  /** Resolves when the engine has ended, and has closed what it reads rows from. */
  async #run(query: LocalQuery, request: QueryRequest, submitter: Caller | undefined): Promise<void> {
    const { owner } = query
    const signal = query.begin()
    const report = (result: QueryResult): void => {
      // An executor that ignores its signal may report after the end. Nothing would ever drop that report.
      if (!query.outcome) query.reported = result
    }
    let result: EngineResult
    try {
      result = await this.#execute(request, { signal, report, owner, caller: submitter ?? { owner } })
    } catch (fault) {
      // An executor that obeys its signal may reject.
      if (!signal.aborted) return this.#fail(query, fault)
      result = query.reported ?? NOTHING
    }
    let intake: Intake | undefined
    try {
      intake = Intake.of(result, (bytes) => this.#takeBytes(query, bytes))
      if (intake) {
        query.takeIn(intake)
        await intake.read(signal)
        await intake.close()
      }
      await this.#complete(query, intake ?? result)
    } catch (fault) {
      this.#fail(query, fault)
      await intake?.close()
    }
  }

  async #complete(query: LocalQuery, result: EngineResult | Intake): Promise<void> {
    if (query.outcome) return
    const isStopped = query.isInterrupted
    const tookNanos = Math.max(0, Math.round((this.#clock.now() - query.startTimeMs) * 1e6))
    try {
      const kept = result instanceof Intake ? await result.kept() : (result as KeptResult)
      const frozen = await freezeResult(kept, (bytes) => this.#budget.assertRoom(query.owner, bytes))
      // The query may have been deleted or have expired meanwhile.
      if (query.outcome) return
      this.#takeBytes(query, frozen.bytes)
      this.#sources.set(frozen.result, query)
      query.complete(frozen.result, { tookNanos, isPartial: isStopped || frozen.result.isPartial === true })
    } catch (fault) {
      this.#fail(query, fault)
    }
  }

  #fail(query: LocalQuery, fault: unknown): void {
    if (query.outcome) return
    const { error: failure, bytes } = freezeFailure(fault)
    let error = failure
    try {
      // The limit of queries bounds the sum of small failures, and a full store must still give the reason.
      if (bytes > SMALL_FAILURE_BYTES) this.#takeBytes(query, bytes)
    } catch (refusal) {
      error = freezeFailure(refusal).error
    }
    query.end({ state: 'failed', error })
  }

  #takeBytes(query: LocalQuery, bytes: number): void {
    this.#budget.addBytes(query.owner, bytes)
    query.bytes += bytes
  }

  /** Resolves when the executor of the query has ended, or after the grace period. */
  #ended(query: LocalQuery): Promise<void> {
    const execution = this.#executions.get(query)
    if (!execution) return Promise.resolve()
    return new Promise((resolve) => {
      const cancelTimer = this.#clock.setTimer(resolve, this.#interruptGraceMs)
      void execution.then(() => {
        cancelTimer()
        resolve()
      })
    })
  }

  #assertOpen(): void {
    if (this.#closed) throw unavailable('the async query store is closed')
  }
}

/** The result of a stopped query whose executor has reported none. */
const NOTHING: QueryResult = { columns: [], values: [] }

/** Holds the texts of most failures, with the stack of a cause. */
const SMALL_FAILURE_BYTES = 4_096
