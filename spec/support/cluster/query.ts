import type { QueryResult } from '../../../lib/core/result'
import type { AsyncQuery } from '../../../lib/core/store'
import type { ClusterClock } from './clock'
import { ClusterError } from './cluster-error'
import type { Flavour } from './flavour'
import type { Submitted } from './submit-body'

/** A result that is generated while it is sent: a body of exactly so many bytes, as CSV or JSON. */
export interface Huge {
  bytes: number
}

export type Outcome = QueryResult | Huge

export function isHuge(outcome: Outcome): outcome is Huge {
  return 'bytes' in outcome
}

export interface Failure {
  status: number
  type: string
  reason: string
  /** Further fields of the error. */
  metadata?: Record<string, unknown>
}

/** The outcome of a query. */
export type QueryState = 'running' | 'completed' | 'failed' | 'deleted'

const NO_ROWS: QueryResult = { columns: [], values: [] }

/** A query of the stand-in. The test controls it. */
export class ClusterQuery {
  readonly startTimeMs: number
  expirationTimeMs: number
  state: QueryState = 'running'
  isPartial = false
  error: ClusterError | undefined
  /** Texts for the Warning headers of each answer that shows the result. */
  readonly warnings: string[] = []
  /** How long stop and delete take to interrupt the query. @default no time */
  lastsUntil: Promise<unknown> | undefined
  outcome: Outcome = NO_ROWS
  #tookNanos = 0
  readonly #waiting = new Set<() => void>()

  constructor(
    readonly id: string,
    /** The owner. */
    readonly subject: string,
    readonly submitted: Submitted,
    readonly flavour: Flavour,
    readonly clock: ClusterClock,
  ) {
    this.startTimeMs = clock.now()
    this.expirationTimeMs = this.startTimeMs + submitted.keepAliveMs
  }

  /** Requests that wait for the query to end. */
  get waits(): number {
    return this.#waiting.size
  }

  get tookNanos(): number | undefined {
    return this.state === 'running' ? undefined : this.#tookNanos
  }

  complete(outcome: Outcome): void {
    if (this.state !== 'running') return
    this.outcome = outcome
    this.#end('completed')
  }

  fail({ status, type, reason, metadata = {} }: Failure): void {
    if (this.state !== 'running') return
    this.error = new ClusterError(status, type, reason, { metadata })
    this.#end('failed')
  }

  /** The rows that a stop keeps. */
  report(rows: QueryResult): void {
    this.outcome = rows
  }

  async stop(): Promise<void> {
    await this.lastsUntil
    if (this.state !== 'running') return
    this.isPartial = true
    this.#end('completed')
  }

  /** Ends the query without a result. Waits get the error. */
  cancel(error: ClusterError): void {
    const wasRunning = this.state === 'running'
    this.state = 'deleted'
    if (wasRunning) this.error = error
    this.#wake()
  }

  /** Resolves when the query has ended, the time has passed, or the client has left. */
  async ended(waitMs: number, signal: AbortSignal): Promise<void> {
    if (this.state !== 'running' || waitMs <= 0 || signal.aborted) return
    await new Promise<void>((resolve) => {
      const finish = () => {
        callOff()
        signal.removeEventListener('abort', finish)
        this.#waiting.delete(finish)
        resolve()
      }
      const callOff = this.clock.setTimer(finish, waitMs)
      signal.addEventListener('abort', finish)
      this.#waiting.add(finish)
    })
  }

  /** The answer, in the form for the writers. */
  snapshot(): AsyncQuery {
    const { id, startTimeMs, expirationTimeMs, isPartial, outcome, submitted } = this
    const { tellsTimes } = this.flavour
    const times = tellsTimes && { startTimeMs, expirationTimeMs }
    if (this.state === 'running') return { isRunning: true, id, ...times }
    const result = isHuge(outcome) ? NO_ROWS : outcome
    return {
      isRunning: false,
      ...(submitted.keepOnCompletion && { id }),
      ...times,
      tookNanos: this.#tookNanos,
      isPartial,
      columnar: submitted.columnar,
      result: { ...result, statistics: tellsTimes ? { ...COUNTERS, ...result.statistics } : {} },
    }
  }

  /** The query as the list of running queries shows it. */
  get listed(): object {
    const runningTimeNanos = Math.round((this.clock.now() - this.startTimeMs) * 1e6)
    return {
      start_time_millis: Math.round(this.startTimeMs),
      running_time_nanos: runningTimeNanos,
      query: this.submitted.query,
    }
  }

  #end(state: QueryState): void {
    this.state = state
    this.#tookNanos = Math.round((this.clock.now() - this.startTimeMs) * 1e6)
    this.#wake()
  }

  #wake(): void {
    for (const finish of this.#waiting) finish()
  }
}

const COUNTERS = {
  documentsFound: 0,
  valuesLoaded: 0,
  rowsEmitted: 0,
  bytesRead: 0,
  readNanos: 0,
  cpuNanos: 0,
}
