import type { Logger } from '../core/logger'
import type { Meter } from '../core/meter'
import { CLIENT_LEFT, statusOfAnswer, toEvent, typeOf } from './request-event'
import { RequestMetrics } from './request-metrics'
import type { RequestRecord } from './request-record'

/** Tells of each request when it is over: one line in the log, and its measurements. */
export class RequestEvents {
  readonly #logger: Logger
  readonly #metrics: RequestMetrics | undefined

  constructor(logger: Logger, meter: Meter | undefined) {
    this.#logger = logger
    this.#metrics = meter && new RequestMetrics(meter)
  }

  /** Never throws. `error`: what the request failed with. */
  end(record: RequestRecord, error?: unknown): void {
    try {
      const status = statusOfAnswer(record, error)
      this.#metrics?.record(record, status, error === undefined ? undefined : typeOf(error))
      this.#log(record, status, error)
    } catch {
      // A logger or a meter that fails is no reason to fail.
    }
  }

  #log(record: RequestRecord, status: number, error: unknown): void {
    const level = status >= 500 ? 'error' : 'info'
    // Digests cost something, and most who have no logger of their own want only faults.
    if (this.#logger.isLevelEnabled?.(level) === false) return
    this.#logger[level](toEvent(record, status, error), messageOf(status))
  }
}

function messageOf(status: number): string {
  if (status < 400) return 'an async query request was answered'
  if (status === 401) return 'a caller was refused'
  if (status === CLIENT_LEFT) return 'the client of an async query request left'
  return status < 500 ? 'an async query request was refused' : 'an async query request failed'
}
