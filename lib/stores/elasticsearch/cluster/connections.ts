import type { Clock } from '../../../core/clock'
import type { EarlyEnd } from '../../../core/early-end'
import { QueryError } from '../../../core/errors'
import { UpstreamError } from '../outage'
import type { ClusterMetrics } from './metrics'

/**
 * How much of all connections may be in use before a request has to queue, by what it needs one for. First come those
 * that a waiting or reading caller needs in order to get on: so no caller keeps others from submitting or deleting.
 */
const SHARES = {
  /** Deletes, and questions about a query whose answer is held open meanwhile. */
  settle: 1,
  /** Submits and stops. */
  act: 7 / 8,
  read: 6 / 8,
  wait: 5 / 8,
}

export type Need = keyof typeof SHARES

/** How long a wait queues, in milliseconds. Other requests queue until their time limit. */
const LONGEST_QUEUE_MS = 1_000

/** Bounds how many connections to the cluster are in use. Requests beyond that queue. */
export class Connections {
  readonly #max: number
  readonly #clock: Clock
  /** The requests in each queue, as functions that let them in. Those first that may use the most. */
  readonly #queues = Object.keys(SHARES).map((need) => [need as Need, new Set<() => void>()] as const)
  readonly #metrics: ClusterMetrics | undefined
  #used = 0

  constructor(max: number, clock: Clock, metrics?: ClusterMetrics) {
    this.#max = max
    this.#clock = clock
    this.#metrics = metrics
  }

  /**
   * Resolves when a connection may be used, which has to be {@link release}d.
   *
   * Rejects with `es_rejected_execution_exception`, 429, for a wait that has queued too long, and with an
   * `UpstreamError` when the request ends first.
   */
  take(need: Need, ending: EarlyEnd): Promise<void> {
    if (this.#hasRoom(need)) {
      this.#use(1)
      return Promise.resolve()
    }
    return new Promise((resolve, reject) => {
      const leave = (outcome: () => void) => (): void => {
        if (queue?.delete(enter)) this.#metrics?.queued(need, -1)
        cancelTimer()
        ending.removeEventListener('abort', listener)
        outcome()
      }
      const enter = leave(() => {
        this.#use(1)
        resolve()
      })
      const listener = {
        handleEvent: leave(() => reject(new UpstreamError(ALL_IN_USE, { mayHaveArrived: false }))),
      }
      const refuse = leave(() => reject(tooManyWaits()))
      const [, queue] = this.#queues.find(([name]) => name === need) ?? []
      const cancelTimer = need === 'wait' ? this.#clock.setTimer(refuse, LONGEST_QUEUE_MS) : () => {}
      queue?.add(enter)
      this.#metrics?.queued(need, 1)
      ending.addEventListener('abort', listener)
      if (ending.aborted) listener.handleEvent()
    })
  }

  release(): void {
    this.#use(-1)
    for (const [need, queue] of this.#queues) {
      for (const enter of queue) {
        if (!this.#hasRoom(need)) break
        enter()
      }
    }
  }

  #use(change: number): void {
    this.#used += change
    this.#metrics?.used(change)
  }

  #hasRoom(need: Need): boolean {
    const most = this.#max * SHARES[need]
    // Also where there are few, waits leave some to others.
    return this.#used < (need === 'wait' ? Math.max(1, Math.floor(most)) : Math.ceil(most))
  }
}

const ALL_IN_USE = 'all connections to the cluster are in use'

function tooManyWaits(): QueryError {
  return new QueryError(
    'es_rejected_execution_exception',
    `rejected execution of query: ${ALL_IN_USE} by requests that wait or read; ` +
      'ask [/_query/async] with [wait_for_completion_timeout=0] or try again later',
    { limit: 'maxConnections' },
  )
}
