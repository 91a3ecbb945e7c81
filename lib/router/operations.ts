import { queryNotFound } from '../core/errors'
import type { GetOptions } from '../core/store'
import type { Command } from '../request/command'
import type { Answers, CommandOf } from './answers'
import { outageOf } from './answers'
import type { Exchange } from './exchange'
import type { ResolvedOptions } from './options'
import { askToClose } from './response-headers'
import { breakOffStall } from './stalls'
import type { Wait, Waits } from './waits'

type Caps = Pick<ResolvedOptions, 'waitByDefault' | 'maxWaitMs' | 'maxKeepAliveMs' | 'maxStallMs'>

/** What each operation does: caps its times, takes a place to wait, asks the store once, and sends the answer. */
export class Operations<Answer> {
  readonly #caps: Caps
  readonly #answers: Answers<Answer>
  readonly #waits: Waits

  constructor(caps: Caps, answers: Answers<Answer>, waits: Waits) {
    this.#caps = caps
    this.#answers = answers
    this.#waits = waits
  }

  /**
   * Answers a request. All operations share this function: with tens of thousands of waits, each object and each async
   * function that a wait keeps alive counts.
   */
  async run(exchange: Exchange): Promise<void> {
    const { response } = exchange
    const waitMs = this.#waits.isFollowed(response) ? 0 : this.#waitMs(exchange.command)
    const wait = this.#waits.begin(response, waitMs > 0 ? exchange.owner : undefined)
    try {
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
      }
      // A store in JavaScript may return null.
      if (!answer) throw queryNotFound(exchange.queryId ?? '')
      if (this.#waits.isDraining) askToClose(exchange.response)
      breakOffStall(response, this.#caps.maxStallMs)
      await this.#answers.send(answer, exchange, wait)
    } finally {
      this.#waits.end(wait)
    }
  }

  #ask(exchange: Exchange, waitMs: number, wait: Wait): Promise<Answer | undefined> {
    const { command, caller, queryId: id = '' } = exchange
    switch (command.operation) {
      case 'submit': {
        const { keepOnCompletion } = command
        const keepAliveMs = Math.min(command.keepAliveMs, this.#caps.maxKeepAliveMs)
        const options = {
          waitForCompletionTimeoutMs: waitMs,
          keepAliveMs,
          keepOnCompletion,
          signal: wait.signal,
          caller,
        }
        return this.#answers.submit(command, exchange, options, wait)
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

  #getOptions({ keepAliveMs = 0 }: CommandOf<'get' | 'head'>, waitMs: number, { signal }: Wait): GetOptions {
    return {
      waitForCompletionTimeoutMs: waitMs,
      ...(keepAliveMs > 0 && { keepAliveMs: Math.min(keepAliveMs, this.#caps.maxKeepAliveMs) }),
      signal,
    }
  }

  /** How long a request waits for its query, in milliseconds. */
  #waitMs(command: Command): number {
    if (!waitsForQuery(command)) return 0
    const waitsByDefault = this.#caps.waitByDefault && command.operation === 'get'
    const defaultMs = waitsByDefault ? Number.POSITIVE_INFINITY : 0
    const waitMs = command.waitForCompletionTimeoutMs ?? defaultMs
    return Math.min(Math.max(waitMs, 0), this.#caps.maxWaitMs)
  }
}

function waitsForQuery(command: Command): command is CommandOf<'submit'> | CommandOf<'get' | 'head'> {
  return command.operation === 'submit' || command.operation === 'get' || command.operation === 'head'
}
