import type { Clock } from '../../core/clock'
import { isQueryError } from '../../core/errors'
import type { WaitOptions } from '../../core/store'
import { UpstreamError } from './cluster/transport'

/** What a wait asks the cluster for, again and again. */
export interface Slice {
  waitMs: number
  /** This is the first request of the wait. */
  isFirst: boolean
  /** Gives the request up. Left out of the last one, which is to tell how things stand. */
  signal: AbortSignal | undefined
}

interface Waiting<T> {
  ask: (slice: Slice) => Promise<T>
  isRunning: (answer: T) => boolean
  /** Keeps an answer beyond its connection, which is one about a running query and so a small one. */
  hold: (answer: T) => Promise<T>
  /** Fires when nobody wants an answer any more. */
  gone: AbortSignal | undefined
}

/** How long to pause, in milliseconds, when the cluster answers that a query runs without having waited for it. */
const FIRST_PAUSE_MS = 50
const LONGEST_PAUSE_MS = 1_000

/**
 * Waits for a query with requests of bounded length, until it is finished, the time is over or the signal fires.
 * When the cluster is lost during the wait, the wait is over: that the query runs is the last that is known.
 */
export class Waiter {
  readonly #clock: Clock
  readonly #sliceMs: number

  constructor(clock: Clock, sliceMs: number) {
    this.#clock = clock
    this.#sliceMs = sliceMs
  }

  /** Resolves with the answer that tells how things stand. `known` is one from before the wait. */
  async wait<T>(
    { waitForCompletionTimeoutMs, signal }: WaitOptions,
    waiting: Waiting<T>,
    known?: T,
  ): Promise<T> {
    const endMs = this.#clock.now() + Math.max(0, waitForCompletionTimeoutMs)
    let last = known
    let pauseMs = FIRST_PAUSE_MS
    for (let isFirst = true; ; isFirst = false) {
      const beganMs = this.#clock.now()
      const waitMs = signal?.aborted ? 0 : Math.min(Math.max(0, endMs - beganMs), this.#sliceMs)
      let answer: T
      try {
        answer = await this.#ask(waiting, { waitMs, isFirst, signal })
      } catch (error) {
        if (last && error instanceof UpstreamError && !waiting.gone?.aborted) return last
        throw error
      }
      if (!waiting.isRunning(answer) || signal?.aborted || this.#clock.now() >= endMs) return answer
      last = await waiting.hold(answer)
      if (this.#clock.now() - beganMs >= waitMs / 2) continue
      // A query that is being cancelled answers at once, however long the wait.
      await this.pause(Math.min(pauseMs, endMs - this.#clock.now()), [signal, waiting.gone])
      pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)
    }
  }

  async #ask<T>({ ask, gone }: Waiting<T>, { waitMs, isFirst, signal }: Slice): Promise<T> {
    if (waitMs > 0 && signal && !signal.aborted) {
      try {
        return await ask({ waitMs, isFirst, signal })
      } catch (error) {
        // Given up because the wait is to end. What is asked next is how things stand.
        if (!signal.aborted || gone?.aborted || isQueryError(error)) throw error
      }
    }
    return ask({ waitMs: signal?.aborted ? 0 : waitMs, isFirst, signal: undefined })
  }

  /** Resolves when the time has passed or one of the signals has fired. */
  pause(ms: number, signals: readonly (AbortSignal | undefined)[]): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        cancelTimer()
        for (const signal of signals) signal?.removeEventListener('abort', end)
        resolve()
      }
      const cancelTimer = this.#clock.setTimer(end, ms)
      for (const signal of signals) {
        signal?.addEventListener('abort', end)
        if (signal?.aborted) end()
      }
    })
  }
}
