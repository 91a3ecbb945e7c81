import type { Owner } from '../../core/caller'
import type { Clock } from '../../core/clock'
import { QueryError } from '../../core/errors'
import type { QueryResult } from '../../core/result'
import type { AsyncQuery, CompletedQuery, QueryRequest, SubmitOptions, WaitOptions } from '../../core/store'
import { endInTurns } from '../../core/turns'

/** What a query that ended came to. */
export type Outcome =
  | { state: 'completed'; completed: CompletedQuery }
  | { state: 'failed'; error: QueryError }

/** One async query in memory: its state, and those who wait for it to end. */
export class MemoryQuery {
  readonly id: string
  readonly owner: Owner
  readonly startTimeMs: number
  expirationTimeMs: number
  /** What `execute` last reported. Rows are taken from it only when the query is stopped. */
  reported: QueryResult | undefined
  /** What the query weighs in the store's budget. */
  bytes = 0

  // Of the request, only what its answers need is kept.
  readonly #keepOnCompletion: boolean
  readonly #columnar: boolean
  readonly #timeZone: string | undefined
  readonly #clock: Clock
  #interrupt: AbortController | undefined
  readonly #waiters = new Set<() => void>()
  #outcome: Outcome | undefined

  constructor(id: string, request: QueryRequest, owner: Owner, options: SubmitOptions, clock: Clock) {
    this.id = id
    this.owner = owner
    this.#keepOnCompletion = options.keepOnCompletion
    this.#columnar = request.columnar ?? false
    this.#timeZone = request.timeZone
    this.#clock = clock
    this.startTimeMs = clock.now()
    this.expirationTimeMs = this.startTimeMs + options.keepAliveMs
  }

  /** The signal for the executor. It fires when the query is stopped, deleted or expires while it runs. */
  begin(): AbortSignal {
    const interrupt = new AbortController()
    this.#interrupt = interrupt
    return interrupt.signal
  }

  /** The query runs, and its executor has been told to end. */
  get isInterrupted(): boolean {
    return this.#interrupt?.signal.aborted ?? false
  }

  get outcome(): Outcome | undefined {
    return this.#outcome
  }

  get isExpired(): boolean {
    return this.#clock.now() >= this.expirationTimeMs
  }

  /** Sets the outcome, once, ends every wait, and lets go of the executor: listeners that it forgot hold its data. */
  end(outcome: Outcome): void {
    if (this.#outcome) return
    this.#outcome = outcome
    this.#interrupt = undefined
    this.reported = undefined
    endInTurns(this.#waiters, (endWait) => endWait())
  }

  complete(result: QueryResult, { tookNanos, isPartial }: { tookNanos: number; isPartial: boolean }): void {
    const completed: CompletedQuery = {
      isRunning: false,
      ...(this.#keepOnCompletion && { id: this.id }),
      startTimeMs: this.startTimeMs,
      tookNanos,
      isPartial,
      ...(this.#columnar && { columnar: true }),
      ...(this.#timeZone !== undefined && { timeZone: this.#timeZone }),
      result,
    }
    this.end({ state: 'completed', completed })
  }

  /** Tells `execute` that its work is no longer wanted. */
  interrupt(why: string): void {
    if (!this.isInterrupted) this.#interrupt?.abort(taskCancelled(why))
  }

  /**
   * Ends the query with the error that those who wait for it get. Of a query that has ended already, nothing is
   * told: an executor that forgot its listener would cancel what it does now.
   */
  cancel(why: string): void {
    if (this.#outcome) return
    const interrupt = this.#interrupt
    this.end({ state: 'failed', error: taskCancelled(why) })
    // A signal that has fired, after a stop, stays as it is.
    interrupt?.abort(taskCancelled(why))
  }

  /** Resolves when the query has ended, the time has passed or the signal has fired. */
  wait({ waitForCompletionTimeoutMs, signal }: WaitOptions): Promise<void> {
    if (this.#outcome || signal?.aborted || !(waitForCompletionTimeoutMs > 0)) return Promise.resolve()
    return new Promise((resolve) => {
      let cancelTimer: (() => void) | undefined
      const endWait = (): void => {
        this.#waiters.delete(endWait)
        cancelTimer?.()
        signal?.removeEventListener('abort', endWait)
        resolve()
      }
      this.#waiters.add(endWait)
      signal?.addEventListener('abort', endWait)
      if (waitForCompletionTimeoutMs !== Number.POSITIVE_INFINITY) {
        cancelTimer = this.#clock.setTimer(endWait, waitForCompletionTimeoutMs)
      }
    })
  }

  /** The state at this moment. Throws the error that the query failed with. */
  snapshot(): AsyncQuery {
    const outcome = this.#outcome
    const { id, startTimeMs, expirationTimeMs } = this
    if (!outcome) return { isRunning: true, id, startTimeMs, expirationTimeMs }
    if (outcome.state === 'failed') throw outcome.error
    return { ...outcome.completed, expirationTimeMs }
  }
}

function taskCancelled(why: string): QueryError {
  return new QueryError('task_cancelled_exception', `task cancelled [${why}]`)
}
