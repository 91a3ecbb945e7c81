import type { Caller, Owner } from '../../core/caller'
import type { Clock } from '../../core/clock'
import type { Ending } from '../../core/early-end'
import { withSignal } from '../../core/early-end'
import type { QueryError } from '../../core/errors'
import type { Counter, MeterProvider } from '../../core/meter'
import { meterOf } from '../../core/meter'
import type { EngineResult, QueryResult, StoredResult } from '../../core/result'
import type { QueryRequest } from '../../core/store'
import type { Limits } from './budget'
import { MemoryBudget } from './budget'
import type { Execute } from './execute'
import { ExpiryQueue } from './expiry-queue'
import { freezeFailure } from './frozen-failure'
import { freezeResult } from './frozen-result'
import type { KeptResult } from './intake'
import { Intake } from './intake'
import type { StoredChunk } from './kept-rows'
import { KeptRows } from './kept-rows'
import type { LocalQuery, ResultFacts } from './query'
import { taskCancelled } from './query'

/** The options of a store that say how it runs queries. */
export interface RunnerOptions extends Limits {
  readonly execute: Execute
  readonly interruptGraceMs: number
  readonly maxRunMs: number
  readonly onMaxRun: 'stop' | 'fail'
  readonly clock: Clock
  readonly meterProvider: MeterProvider | undefined
}

/** What a store does for the queries that it has run. A promise holds back the end of the query, and so its waits. */
export interface Keeper<Query extends LocalQuery> {
  /** Whether somebody may still ask for the query, or reads its result. Its memory counts as long. */
  needs(query: Query): boolean
  /** Keeps the result of a query that is about to complete. If it throws, the query fails with that. */
  keepResult(query: Query, result: StoredResult, facts: ResultFacts): void | Promise<void>
  /** Takes a chunk of rows out of memory while its query runs, or leaves it there: `undefined`. */
  keepChunk?(query: Query, chunk: Uint8Array, no: number): Promise<StoredChunk | undefined>
  /** Keeps the error of a query that is about to fail. Never throws. */
  keepFailure(query: Query, error: QueryError): void | Promise<void>
}

/** Runs queries with the executor of a store, stops them, and counts the memory that they take. */
export class Runner<Query extends LocalQuery = LocalQuery> {
  readonly #execute: Execute
  readonly #interruptGraceMs: number
  readonly #maxRunMs: number
  readonly #onMaxRun: 'stop' | 'fail'
  readonly #clock: Clock
  readonly #budget: MemoryBudget
  readonly #keeper: Keeper<Query>
  /** When the time of a query that runs is over. */
  readonly #deadlines: ExpiryQueue<Query>
  /** The executors that run. Each promise resolves when its executor has ended. */
  readonly #executions = new Map<Query, Promise<void>>()
  readonly #running: Counter | undefined

  constructor(options: RunnerOptions, keeper: Keeper<Query>) {
    this.#execute = options.execute
    this.#interruptGraceMs = options.interruptGraceMs
    this.#maxRunMs = options.maxRunMs
    this.#onMaxRun = options.onMaxRun
    this.#clock = options.clock
    this.#keeper = keeper
    const meter = meterOf(options.meterProvider)
    this.#budget = new MemoryBudget(options, meter)
    this.#running = meter?.createUpDownCounter('esql_async.store.running', {
      description: 'Queries that the executor runs.',
      unit: '{query}',
    })
    this.#deadlines = new ExpiryQueue(this.#clock, (query) => void this.#endRun(query))
  }

  /** Whether {@link admit} takes one more query, as far as that can be said before its request is known. */
  hasRoom(): boolean {
    return this.#budget.hasRoom()
  }

  /** Counts a query with `query.bytes`, those of its request, or throws a 429. */
  admit(query: Query): void {
    this.#budget.addQuery(query.owner, query.bytes)
    query.isCounted = true
  }

  /** Runs a query that is admitted. */
  run(query: Query, request: QueryRequest, submitter: Caller | undefined): void {
    if (this.#maxRunMs !== Number.POSITIVE_INFINITY) {
      this.#deadlines.set(query, this.#clock.now() + this.#maxRunMs)
    }
    this.#running?.add(1)
    this.#executions.set(query, this.#runCounted(query, request, submitter))
  }

  /** Completes a query with the rows that it has, unless it has ended. */
  async stop(query: Query, why: string): Promise<void> {
    if (query.outcome) return
    query.interrupt(why)
    await query.wait({ waitForCompletionTimeoutMs: this.#interruptGraceMs })
    await this.#complete(query, query.intake ?? query.reported ?? NOTHING)
  }

  /** Resolves when the executor of the query has ended, or after the grace period. */
  ended(query: Query): Promise<void> {
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

  /** Counts a query as long as somebody reads its result, and what that takes, or throws a 429. The returned function ends that. */
  hold(query: Query, result: StoredResult): () => void {
    const endReading = this.countReader(query.owner, result)
    query.readers += 1
    const release = (): void => {
      query.readers -= 1
      endReading()
      this.release(query)
    }
    try {
      // A submit whose query is not kept has forgotten it already.
      if (!query.isCounted) this.admit(query)
    } catch (refusal) {
      release()
      throw refusal
    }
    return release
  }

  /** Counts what somebody unpacks who reads a result, or throws a 429. The returned function ends that. */
  countReader(owner: Owner, { values }: StoredResult): () => void {
    if (!(values instanceof KeptRows)) return () => {}
    this.#budget.addReader(owner)
    return () => this.#budget.removeReader(owner)
  }

  /** The query has no time limit any more: it cannot be found, and its executor was told. */
  forget(query: Query): void {
    this.#deadlines.delete(query)
    this.release(query)
  }

  /** Gives back what the budget counts for a query that nobody needs and that does not run. */
  release(query: Query): void {
    if (!query.isCounted || this.#keeper.needs(query) || this.#executions.has(query)) return
    query.isCounted = false
    this.#budget.removeQuery(query.owner, query.bytes)
  }

  async #endRun(query: Query): Promise<void> {
    const why = `it has run for [${this.#maxRunMs}ms], the limit of this server`
    if (this.#onMaxRun === 'stop') return this.stop(query, why)
    const keeping = this.#keeper.keepFailure(query, taskCancelled(why))
    if (keeping) await keeping
    query.cancel(why)
  }

  /** Resolves when the engine has ended, and has closed what it reads rows from. */
  async #runCounted(query: Query, request: QueryRequest, submitter: Caller | undefined): Promise<void> {
    const { owner, bytes: requestBytes } = query
    const interrupt = query.begin()
    const report = (result: QueryResult): void => {
      // An executor that ignores its signal may report after the end. Nothing would ever drop that report.
      if (!query.outcome) query.reported = result
    }
    try {
      let result: EngineResult
      try {
        const context = withSignal({ report, owner, caller: submitter ?? { owner } }, interrupt)
        result = await this.#execute(request, context)
      } catch (fault) {
        // An executor that obeys its signal may reject.
        if (!interrupt.aborted) return await this.#fail(query, fault)
        result = query.reported ?? NOTHING
      }
      await this.#take(query, result, interrupt)
    } finally {
      this.#executions.delete(query)
      this.#deadlines.delete(query)
      this.#running?.add(-1)
      // Nothing but the executor needs the request.
      this.#budget.removeBytes(owner, requestBytes)
      query.bytes -= requestBytes
      this.release(query)
    }
  }

  #take(query: Query, result: EngineResult, interrupt: Ending): Promise<void> {
    const { keepChunk } = this.#keeper
    const store = keepChunk && ((chunk: Uint8Array, no: number) => keepChunk(query, chunk, no))
    let intake: Intake | undefined
    try {
      intake = Intake.of(result, (bytes) => this.#takeBytes(query, bytes), store)
    } catch (fault) {
      return this.#fail(query, fault)
    }
    return intake ? this.#readInto(intake, query, interrupt) : this.#complete(query, result)
  }

  async #readInto(intake: Intake, query: Query, interrupt: Ending): Promise<void> {
    try {
      query.takeIn(intake)
      await intake.read(interrupt)
      await intake.close()
      await this.#complete(query, intake)
    } catch (fault) {
      await this.#fail(query, fault)
      await intake.close()
    }
  }

  async #complete(query: Query, result: EngineResult | Intake): Promise<void> {
    if (query.outcome) return
    const isStopped = query.isInterrupted
    const measuredNanos = Math.max(0, Math.round((this.#clock.now() - query.begunMs) * 1e6))
    try {
      const kept = result instanceof Intake ? await result.kept() : (result as KeptResult)
      const frozen = await freezeResult(kept, {
        assertRoom: (bytes) => this.#budget.assertRoom(query.owner, bytes),
        asJson: query.hasPlainRows,
      })
      // The query may have been deleted or have expired meanwhile.
      if (query.outcome) return
      this.#takeBytes(query, frozen.bytes)
      const facts = {
        tookNanos: frozen.result.tookNanos ?? measuredNanos,
        isPartial: isStopped || frozen.result.isPartial === true,
      }
      const keeping = this.#keeper.keepResult(query, frozen.result, facts)
      if (keeping) await keeping
      query.complete(frozen.result, facts)
    } catch (fault) {
      await this.#fail(query, fault)
    }
  }

  async #fail(query: Query, fault: unknown): Promise<void> {
    if (query.outcome) return
    const { error: failure, bytes } = freezeFailure(fault)
    let error = failure
    try {
      // The limit of queries bounds the sum of small failures, and a full store must still give the reason.
      if (bytes > SMALL_FAILURE_BYTES) this.#takeBytes(query, bytes)
    } catch (refusal) {
      error = freezeFailure(refusal).error
    }
    const keeping = this.#keeper.keepFailure(query, error)
    if (keeping) await keeping
    query.end({ state: 'failed', error })
  }

  #takeBytes(query: Query, bytes: number): void {
    this.#budget.addBytes(query.owner, bytes)
    query.bytes += bytes
  }
}

/** The result of a stopped query whose executor has reported none. */
const NOTHING: QueryResult = { columns: [], values: [] }

/** Holds the texts of most failures, with the stack of a cause. */
const SMALL_FAILURE_BYTES = 4_096
