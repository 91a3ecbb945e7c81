import type { Clock } from '../core/clock'
import { describeError } from '../core/describe-error'
import { isQueryError } from '../core/errors'
import type { Logger } from '../core/logger'
import type { ReadyCheck } from './options'

export interface CheckLimits {
  timeoutMs: number
  maxAgeMs: number
  clock: Clock
  logger: Logger
}

const OK = 'ok'
const FAILED = 'not available'

/** One thing that has to be ready. Probes that come at the same time, or soon after each other, share one outcome. */
export class Check {
  readonly #name: string
  readonly #check: ReadyCheck
  readonly #limits: CheckLimits
  #running: Promise<string> | undefined
  #last = { outcome: OK, endedMs: Number.NEGATIVE_INFINITY }
  #isFailing = false

  constructor(name: string, check: ReadyCheck, limits: CheckLimits) {
    this.#name = name
    this.#check = check
    this.#limits = limits
  }

  /** `ok`, or what is wrong, in words that everybody may read. Never throws. */
  ask(): string | Promise<string> {
    if (this.#running) return this.#running
    const { clock, maxAgeMs } = this.#limits
    const age = clock.now() - this.#last.endedMs
    if (age >= 0 && age < maxAgeMs) return this.#last.outcome
    const controller = new AbortController()
    try {
      const checking = this.#check(controller.signal)
      if (checking === undefined) return this.#report()
      this.#running = this.#settle(checking, controller)
      return this.#running
    } catch (error) {
      return this.#report(error)
    }
  }

  async #settle(checking: Promise<void>, controller: AbortController): Promise<string> {
    const { clock, timeoutMs } = this.#limits
    let callOff = (): void => {}
    const late = new Promise<never>((_, reject) => {
      const tooLate = new Error(`it has taken longer than ${timeoutMs} ms`)
      callOff = clock.setTimer(() => reject(tooLate), timeoutMs, { background: true })
    })
    const outcome = await Promise.race([checking, late]).then(
      () => this.#report(),
      (error: unknown) => this.#report(error),
    )
    callOff()
    controller.abort()
    this.#last = { outcome, endedMs: clock.now() }
    this.#running = undefined
    return outcome
  }

  #report(...failure: [] | [unknown]): string {
    const isFailing = failure.length > 0
    if (isFailing !== this.#isFailing) this.#log(...failure)
    this.#isFailing = isFailing
    if (!isFailing) return OK
    return isQueryError(failure[0]) ? failure[0].reason : FAILED
  }

  /** Logs changes and not outcomes, because probes come every few seconds. */
  #log(...failure: [] | [unknown]): void {
    const { logger } = this.#limits
    const check = this.#name
    try {
      if (failure.length === 0) logger.info({ check }, 'a check of readiness succeeds again')
      else logger.warn({ check, err: describeError(failure[0]) }, 'a check of readiness fails')
    } catch {
      // A logger that fails is no reason to fail.
    }
  }
}
