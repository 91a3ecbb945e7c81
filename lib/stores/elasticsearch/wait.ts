import type { Clock } from '../../core/clock'
import type { EarlyEnd } from '../../core/early-end'
import { earlyEndOf } from '../../core/early-end'
import { isQueryError } from '../../core/errors'
import type { WaitOptions } from '../../core/operations'

/** One of the requests that a long wait is made of. */
interface Slice {
  waitMs: number
  isFirst: boolean
  /** Gives the request up when it fires. `undefined` for the last request, which asks for the present state. */
  earlyEnd: EarlyEnd | undefined
}

/** What a long wait asks the cluster. */
interface Question<T> {
  ask: (slice: Slice) => Promise<T>
  /** Fires when nobody wants an answer any more. */
  gone: EarlyEnd | undefined
}

/** How long to pause, in milliseconds, when the cluster answers early that a query runs. */
const FIRST_PAUSE_MS = 50
const LONGEST_PAUSE_MS = 1_000

/** What the store gets for a query, with the status of an answer of the cluster. */
type Answer = { isRunning?: boolean | undefined; status?: number; body?: unknown } | undefined

/**
 * Waits of any length, made of requests of bounded length. A wait ends when the query is finished, the time is over or
 * the signal fires. It also ends when a request fails, in whatever way: then the last known state is that the query runs.
 */
export class LongWaits {
  readonly #clock: Clock
  readonly #sliceMs: number

  constructor(clock: Clock, sliceMs: number) {
    this.#clock = clock
    this.#sliceMs = sliceMs
  }

  /** Resolves with the last answer. `known` is an answer from before the wait. */
  async wait<T extends Answer>(options: WaitOptions, question: Question<T>, known?: T): Promise<T> {
    const { waitForCompletionTimeoutMs } = options
    const earlyEnd = earlyEndOf(options)
    const endMs = this.#clock.now() + Math.max(0, waitForCompletionTimeoutMs)
    let last = known
    let failure: string | undefined
    let pauseMs = FIRST_PAUSE_MS
    for (let isFirst = true; ; isFirst = false) {
      const beganMs = this.#clock.now()
      const isLast = earlyEnd?.aborted || failure !== undefined
      const waitMs = isLast ? 0 : Math.min(Math.max(0, endMs - beganMs), this.#sliceMs)
      const { answer, fault } = await this.#attempt(question, { waitMs, isFirst, earlyEnd }, last, failure)
      if (fault !== undefined) {
        if (failure !== undefined || !REPEATABLE_FAULT.test(fault)) return answer
        failure = fault
        continue
      }
      const isOver = failure !== undefined || earlyEnd?.aborted || this.#clock.now() >= endMs
      if (!answer?.isRunning || isOver) return answer
      last = answer
      if (this.#clock.now() - beganMs >= waitMs / 2) continue
      // The cluster answers at once about a query that is being cancelled, however long the wait.
      await this.pause(Math.min(pauseMs, endMs - this.#clock.now()), [earlyEnd, question.gone])
      pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)
    }
  }

  /**
   * Asks once. `fault`: what went wrong with the request, with `last` as the answer, if there is one. An error that comes
   * twice, as it did in `failure`, is that of the query.
   */
  async #attempt<T extends Answer>(
    question: Question<T>,
    slice: Slice,
    last: T | undefined,
    failure: string | undefined,
  ): Promise<{ answer: T; fault?: string }> {
    try {
      const answer = await this.#ask(question, slice)
      const fault = last && faultOf(answer)
      return last && fault !== undefined && fault !== failure ? { answer: last, fault } : { answer }
    } catch (error) {
      const fault = isQueryError(error) ? faultOf(error) : String(error)
      if (!last || fault === undefined || fault === failure || question.gone?.aborted) throw error
      return { answer: last, fault }
    }
  }

  async #ask<T>({ ask, gone }: Question<T>, { waitMs, isFirst, earlyEnd }: Slice): Promise<T> {
    if (waitMs > 0 && earlyEnd && !earlyEnd.aborted) {
      try {
        return await ask({ waitMs, isFirst, earlyEnd })
      } catch (error) {
        // The request was given up because the wait ends. The next one asks for the present state.
        if (!earlyEnd.aborted || gone?.aborted || isQueryError(error)) throw error
      }
    }
    return ask({ waitMs: earlyEnd?.aborted ? 0 : waitMs, isFirst, earlyEnd: undefined })
  }

  /** Resolves when the time has passed or one of the ends has come. */
  pause(ms: number, ends: readonly (EarlyEnd | undefined)[]): Promise<void> {
    return new Promise((resolve) => {
      const handleEvent = (): void => {
        cancelTimer()
        for (const end of ends) end?.removeEventListener('abort', listener)
        resolve()
      }
      const listener = { handleEvent }
      const cancelTimer = this.#clock.setTimer(handleEvent, ms)
      for (const end of ends) {
        end?.addEventListener('abort', listener)
        if (end?.aborted) handleEvent()
      }
    })
  }
}

/**
 * Whether a status may tell of the request, and not of the query. A query may have failed with such a status too. Then a
 * second request gets the same error.
 */
export function isFailure(status: number): boolean {
  return status === 401 || status === 403 || status === 429 || status >= 500
}

/**
 * Faults that a query may have had too: breakers, and whatever has no status of its own. Not a breaker that has refused
 * to read the request.
 */
const REPEATABLE_FAULT = /^(?:429|500) (?!.*(?:es_rejected_execution_exception|<http_request>))/s

/** What went wrong with a request. `undefined` for a fact about the query. */
function faultOf(outcome: unknown): string | undefined {
  if (isQueryError(outcome)) {
    const { status, type, reason } = outcome
    return isFailure(status) ? `${status} ${type} ${reason}` : undefined
  }
  const { status = 200, body } = (outcome ?? {}) as NonNullable<Answer>
  return isFailure(status) ? `${status} ${String(body)}` : undefined
}
