import type { Owner } from '../../core/caller'
import type { Clock } from '../../core/clock'
import { Ending, earlyEndOf } from '../../core/early-end'
import { QueryError } from '../../core/errors'
import type { Idempotency } from '../../core/idempotency'
import type { SubmitOptions, WaitOptions } from '../../core/operations'
import type { QueryResult, StoredResult } from '../../core/result'
import type { AsyncQuery, CompletedQuery, ListedQuery, QueryProgress, QueryRequest } from '../../core/store'
import { hasPlainRows } from './frozen-result'
import type { Intake } from './intake'
import { ownText } from './own-text'
import { Waits } from './waits'

/** Its expiry may still move. */
type Completed = Omit<CompletedQuery, 'expirationTimeMs'>

export type Outcome = { state: 'completed'; completed: Completed } | { state: 'failed'; error: QueryError }

const NO_PROGRESS: QueryProgress = Object.freeze({})

/** What a query tells about its result beside the result. */
export interface ResultFacts {
  tookNanos: number
  isPartial: boolean
}

/** The options of a store that each of its queries has to know. */
export interface QueryRules {
  readonly clock: Clock
  readonly limitKeepAlive?: ((request: QueryRequest) => number | undefined) | undefined
}

/** One async query of this process: its state, and the requests that wait for its end. */
export class LocalQuery {
  readonly id: string
  readonly owner: Owner
  /** When the query began, by the clock that measures how long it takes. */
  readonly begunMs: number
  startTimeMs: number
  expirationTimeMs: number
  /** No client keeps it longer at a time. */
  readonly maxKeepAliveMs: number
  /** The last report of `execute`. A stop takes the rows from it. */
  reported: QueryResult | undefined
  /** The bytes that the query takes from the budget of the store. */
  bytes = 0
  /** Whether the budget counts the query. */
  isCounted = false
  /** How many answers with the result are being read. */
  readers = 0
  /** What a submit that repeats this one has. */
  readonly idempotency: Idempotency | undefined
  /** Only such submits find the query. */
  isHidden = false
  /** A submit has told it to its client. */
  #isIdKnown = false

  // Keeps only those parts of the request that its answers need, and the text as long as the query runs.
  #text: string | undefined
  readonly #keepOnCompletion: boolean
  readonly #columnar: boolean
  readonly #timeZone: string | undefined
  readonly #columnMetadata: boolean
  readonly #clock: Clock
  #interrupt: Ending | undefined
  /** As soon as somebody waits, and until the query ends. */
  #waits: Waits | undefined
  #outcome: Outcome | undefined
  #intake: Intake | undefined

  constructor(
    id: string,
    request: QueryRequest,
    owner: Owner,
    options: SubmitOptions,
    { clock, limitKeepAlive }: QueryRules,
  ) {
    this.id = id
    this.owner = owner
    this.idempotency = options.idempotency && ownTexts(options.idempotency)
    this.#text = request.query
    this.#keepOnCompletion = options.keepOnCompletion
    this.#columnar = request.columnar ?? false
    this.#timeZone = request.timeZone && ownText(request.timeZone)
    this.#columnMetadata = request.columnMetadata ?? false
    this.#clock = clock
    this.begunMs = clock.now()
    this.startTimeMs = this.begunMs
    this.maxKeepAliveMs = limitKeepAlive?.(request) ?? Number.POSITIVE_INFINITY
    this.expirationTimeMs = this.startTimeMs + Math.min(options.keepAliveMs, this.maxKeepAliveMs)
  }

  /** Makes what tells the executor to end: the query is stopped or deleted, or expires while it runs. */
  begin(): Ending {
    this.#interrupt = new Ending()
    return this.#interrupt
  }

  /** The query runs, and the signal of its executor has fired. */
  get isInterrupted(): boolean {
    return this.#interrupt?.aborted ?? false
  }

  /** Whether its rows are kept as the JSON of an answer. */
  get hasPlainRows(): boolean {
    return hasPlainRows(this.#columnar, this.#timeZone)
  }

  /** What takes in the rows of an engine that gives them in batches. A stop keeps those that have come. */
  get intake(): Intake | undefined {
    return this.#intake
  }

  /** Rows of a query that has ended are dropped as they come. */
  takeIn(intake: Intake): void {
    if (this.#outcome) intake.drop()
    else this.#intake = intake
  }

  get outcome(): Outcome | undefined {
    return this.#outcome
  }

  get isExpired(): boolean {
    return this.#clock.now() >= this.expirationTimeMs
  }

  /**
   * Sets the outcome once, ends every wait, and drops text and signal: forgotten listeners on that keep data alive. Frees the
   * rows of a query that fails.
   */
  end(outcome: Outcome): void {
    if (this.#outcome) return
    this.#outcome = outcome
    this.#text = undefined
    this.#interrupt = undefined
    this.reported = undefined
    if (outcome.state === 'failed') this.#intake?.drop()
    this.#intake = undefined
    this.#waits?.end()
    this.#waits = undefined
  }

  complete(result: StoredResult, { tookNanos, isPartial }: ResultFacts): void {
    const completed: Completed = {
      isRunning: false,
      startTimeMs: this.startTimeMs,
      tookNanos,
      isPartial,
      result,
      ...(this.#keepOnCompletion && { id: this.id }),
      ...(this.#columnar && { columnar: true }),
      ...(this.#timeZone !== undefined && { timeZone: this.#timeZone }),
      ...(this.#columnMetadata && { columnMetadata: true }),
    }
    this.end({ state: 'completed', completed })
  }

  /** Fires the signal of the executor. The query runs on until the executor ends. */
  interrupt(why: string): void {
    if (!this.isInterrupted) this.#interrupt?.abort(taskCancelled(why))
  }

  /**
   * Ends the query with an error, which all waits reject with, and fires the signal of the executor. Does nothing if the
   * query has ended: an executor that forgot its listener would cancel other work.
   */
  cancel(why: string, error?: QueryError): void {
    if (this.#outcome) return
    const interrupt = this.#interrupt
    this.end({ state: 'failed', error: error ?? taskCancelled(why) })
    // Does nothing after a stop, whose signal has fired.
    interrupt?.abort(taskCancelled(why))
  }

  /** Resolves when the query has ended, the time has passed, or the signal has fired. */
  wait(options: WaitOptions): Promise<void> {
    if (this.#outcome) return Promise.resolve()
    this.#waits ??= new Waits(this.#clock)
    return this.#waits.wait(options)
  }

  /**
   * Whether a get may find the query when a submit has waited for it: it runs, is kept, or an earlier submit with the same key
   * has told its id. A submit whose client has left tells nobody.
   */
  staysAfter(options: SubmitOptions): boolean {
    const { keepOnCompletion } = options
    if (this.#outcome) return this.#isIdKnown || (keepOnCompletion && this.#outcome.state === 'completed')
    this.#isIdKnown ||= !earlyEndOf(options)?.aborted
    return true
  }

  /** The state at this moment. Throws the error of a failed query. */
  snapshot(): AsyncQuery {
    const outcome = this.#outcome
    const { id, startTimeMs, expirationTimeMs } = this
    if (!outcome) return { isRunning: true, id, startTimeMs, expirationTimeMs, ...this.progress() }
    if (outcome.state === 'failed') throw outcome.error
    return { expirationTimeMs, ...outcome.completed }
  }

  /** The query in a list of those that run. `undefined`: it has ended or expired. */
  listed(): ListedQuery | undefined {
    const { id, startTimeMs } = this
    if (this.#text === undefined || this.isExpired) return undefined
    const runningTimeNanos = Math.max(0, Math.round((this.#clock.now() - startTimeMs) * 1e6))
    return { id, query: this.#text, startTimeMs, runningTimeNanos, ...this.progress() }
  }

  /** What the executor has reported. It may report anything. */
  progress(): QueryProgress {
    if (!this.reported) return NO_PROGRESS
    const { documentsFound, valuesLoaded } = this.reported.statistics ?? {}
    return {
      ...(Number.isFinite(documentsFound) && { documentsFound }),
      ...(Number.isFinite(valuesLoaded) && { valuesLoaded }),
    }
  }
}

function ownTexts({ key, fingerprint }: Idempotency): Idempotency {
  return { key: ownText(key), fingerprint: ownText(fingerprint) }
}

export function taskCancelled(why: string): QueryError {
  return new QueryError('task_cancelled_exception', `task cancelled [${why}]`)
}
