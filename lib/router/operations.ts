import { systemClock } from '../core/clock'
import { withSignal } from '../core/early-end'
import { isQueryError, outageOf, QueryError, queryNotFound, unavailable } from '../core/errors'
import type { GetOptions } from '../core/operations'
import { shareShape } from '../core/shapes'
import type { Command } from '../request/command'
import type { Answers, CommandOf } from './answers'
import type { Arrival, Exchange } from './exchange'
import type { ResolvedOptions } from './options'
import { askToClose } from './response-headers'
import { breakOffStall } from './stalls'
import type { Wait, Waits } from './waits'

type Caps = Pick<
  ResolvedOptions,
  'waitByDefault' | 'maxWaitMs' | 'maxQueryMs' | 'maxKeepAliveMs' | 'maxStallMs'
>

/** What follows when the answer to a request has ended. */
export interface Ends {
  answered(arrival: Arrival): void
  failed(arrival: Arrival, error: unknown): void
}

/** What each operation does: caps its times, takes a place to wait, asks the store once, and sends the answer. */
export class Operations<Answer> {
  readonly #caps: Caps
  readonly #answers: Answers<Answer>
  readonly #waits: Waits
  readonly #ends: Ends

  constructor(caps: Caps, answers: Answers<Answer>, waits: Waits, ends: Ends) {
    this.#caps = caps
    this.#answers = answers
    this.#waits = waits
    this.#ends = ends
  }

  /**
   * Answers a request, and tells how that has ended. All operations share this function: with tens of thousands of waits, each object, each
   * closure and each async function that a wait keeps alive counts.
   */
  async run(exchange: Exchange): Promise<void> {
    const { response, command } = exchange
    let wait: Wait | undefined
    let failure: { error: unknown } | undefined
    try {
      // A synchronous query waits in any case: it has no id to come back with.
      const yields = command.operation !== 'query'
      const wantedMs = this.#waitMs(command)
      const waitMs = yields && wantedMs > 0 && this.#waits.isFollowed(response) ? 0 : wantedMs
      wait = this.#waits.begin(response, waitMs > 0 ? exchange.owner : undefined, yields)
      let answer: Answer | undefined
      exchange.askedMs = performance.now()
      try {
        answer = await this.#ask(exchange, waitMs, wait)
        if (wait.isAbandoned) return await this.#answers.discard(answer, exchange, wait)
      } catch (error) {
        throw outageOf(error)
      } finally {
        exchange.answeredMs = performance.now()
        this.#waits.answered(wait)
        if (this.#waits.isDraining) askToClose(response)
      }
      // A store in JavaScript may return null.
      if (!answer) throw queryNotFound(exchange.queryId ?? '')
      shareShape(response, 'req')
      const sending = this.#answers.send(answer, exchange, wait)
      breakOffStall(response, this.#caps.maxStallMs)
      await sending
      exchange.isSent = !wait.isAbandoned
    } catch (error) {
      failure = { error }
    } finally {
      if (wait) this.#waits.end(wait)
      if (failure) this.#ends.failed(exchange, failure.error)
      else this.#ends.answered(exchange)
    }
  }

  #ask(exchange: Exchange, waitMs: number, wait: Wait): Promise<Answer | undefined> {
    const { command, caller, queryId: id = '' } = exchange
    switch (command.operation) {
      case 'query':
        return this.#query(command, exchange, wait)
      case 'submit': {
        const { keepOnCompletion, idempotency } = command
        const keepAliveMs = Math.min(command.keepAliveMs, this.#caps.maxKeepAliveMs)
        const options = {
          waitForCompletionTimeoutMs: waitMs,
          keepAliveMs,
          keepOnCompletion,
          caller,
          ...(idempotency && { idempotency }),
        }
        return this.#answers.submit(command, exchange, withSignal(options, wait), wait)
      }
      case 'get':
        return this.#answers.get(id, exchange, this.#getOptions(command, waitMs, wait), wait)
      case 'head':
        return this.#answers.head(id, exchange, this.#getOptions(command, waitMs, wait), wait)
      case 'stop':
        return this.#answers.stop(id, exchange, wait)
      case 'delete':
        // Only `true` grants the right, because a resolver in JavaScript may return anything.
        return this.#answers.delete(id, exchange, { anyOwner: caller.canCancelTasks === true }, wait)
      case 'list':
        return this.#answers.list(exchange, { anyOwner: caller.canMonitorQueries === true }, wait)
      case 'show':
        return this.#answers.list(exchange, { anyOwner: caller.canMonitorQueries === true, id }, wait)
    }
  }

  /** Runs a synchronous query. Whatever ends its wait ends the query too, since nobody could ask for it again. */
  async #query(command: CommandOf<'query'>, exchange: Exchange, wait: Wait): Promise<Answer | undefined> {
    const { maxQueryMs } = this.#caps
    const isLimited = maxQueryMs !== Number.POSITIVE_INFINITY
    const end = (): void => wait.abort(tooLong(maxQueryMs))
    const cancelTimer = isLimited ? systemClock.setTimer(end, maxQueryMs) : undefined
    let cause: unknown
    try {
      // While the process drains, the query does not even begin.
      const answer = wait.signal.aborted ? undefined : await this.#answers.query(command, exchange, wait)
      if (answer || wait.isAbandoned) return answer
    } catch (error) {
      if (isQueryError(error) || wait.isAbandoned || !wait.signal.aborted) throw error
      cause = error
    } finally {
      cancelTimer?.()
    }
    const { reason } = wait.signal
    const ended = isQueryError(reason)
      ? reason
      : unavailable('the server is shutting down; send the query again')
    throw cause === undefined ? ended : Object.assign(ended, { cause })
  }

  #getOptions({ keepAliveMs = 0 }: CommandOf<'get' | 'head'>, waitMs: number, wait: Wait): GetOptions {
    const options: GetOptions = { waitForCompletionTimeoutMs: waitMs }
    if (keepAliveMs > 0) options.keepAliveMs = Math.min(keepAliveMs, this.#caps.maxKeepAliveMs)
    return withSignal(options, wait)
  }

  /** How long a request waits for its query, in milliseconds. */
  #waitMs(command: Command): number {
    if (command.operation === 'query') return Number.POSITIVE_INFINITY
    if (!waitsForQuery(command)) return 0
    const waitsByDefault = this.#caps.waitByDefault && command.operation === 'get'
    const defaultMs = waitsByDefault ? Number.POSITIVE_INFINITY : 0
    const waitMs = command.waitForCompletionTimeoutMs ?? defaultMs
    return Math.min(Math.max(waitMs, 0), this.#caps.maxWaitMs)
  }
}

/** Neither a 429 nor a 503, after which clients would send the query again. */
function tooLong(maxQueryMs: number): QueryError {
  return new QueryError(
    'task_cancelled_exception',
    `task cancelled [it has run for [${maxQueryMs}ms], the limit of a synchronous query on this server; ` +
      'submit it to [/_query/async]]',
  )
}

function waitsForQuery(command: Command): command is CommandOf<'submit'> | CommandOf<'get' | 'head'> {
  return command.operation === 'submit' || command.operation === 'get' || command.operation === 'head'
}
