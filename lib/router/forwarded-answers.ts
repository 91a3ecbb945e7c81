import { describeError } from '../core/describe-error'
import { isQueryError, outageOf } from '../core/errors'
import type { Logger } from '../core/logger'
import type { DeleteOptions, GetOptions, ListOptions, SubmitOptions } from '../core/operations'
import type { PassThrough, QueryState, WireAnswer, WireRequest } from '../core/pass-through'
import type { Answers, CommandOf } from './answers'
import { asksForObject, ObjectAnswer } from './answers'
import type { Exchange } from './exchange'
import { endHead, setExpiration, setQueryHeaders } from './response-headers'
import { sendAnswer, sendObject } from './send'
import type { Wait } from './waits'
import { wireRequestOf } from './wire-request'

/** The answer of the other server. For HEAD, the state of the query. For a list, what is in the answer. */
type ForwardedAnswer = WireAnswer | QueryState | ObjectAnswer

type Answering = Promise<ForwardedAnswer | undefined>

/** Answers for a store that stands in front of another server. Sends what that server wrote. */
export class ForwardedAnswers implements Answers<ForwardedAnswer> {
  readonly #store: PassThrough
  readonly #logger: Logger

  constructor(store: PassThrough, logger: Logger) {
    this.#store = store
    this.#logger = logger
  }

  submit(_: CommandOf<'submit'>, exchange: Exchange, options: SubmitOptions, wait: Wait): Answering {
    return this.#ask(exchange, wait, (wire) => this.#store.submit(wire, exchange.owner, options))
  }

  async query(_: CommandOf<'query'>, exchange: Exchange, wait: Wait): Promise<ForwardedAnswer | undefined> {
    const { query } = this.#store
    if (!query) throw new TypeError('The store has no query')
    const { signal } = wait
    try {
      return await this.#ask(exchange, wait, (wire) =>
        query.call(this.#store, wire, exchange.owner, { signal }),
      )
    } catch (error) {
      // It was given up.
      if (signal.aborted && !isQueryError(error)) return undefined
      throw error
    }
  }

  get(id: string, exchange: Exchange, options: GetOptions, wait: Wait): Answering {
    return this.#ask(exchange, wait, (wire) => this.#store.get(id, wire, exchange.owner, options))
  }

  head(id: string, exchange: Exchange, options: GetOptions, wait: Wait): Answering {
    return this.#ask(exchange, wait, (wire) => this.#store.head(id, wire, exchange.owner, options))
  }

  stop(id: string, exchange: Exchange, wait: Wait): Answering {
    return this.#ask(exchange, wait, (wire) => this.#store.stop(id, wire, exchange.owner))
  }

  delete(id: string, exchange: Exchange, options: DeleteOptions, wait: Wait): Answering {
    return this.#ask(exchange, wait, (wire) => this.#store.delete(id, wire, exchange.owner, options))
  }

  list(exchange: Exchange, options: ListOptions, wait: Wait): Answering {
    return this.#ask(exchange, wait, async (wire) => {
      if (!this.#store.list) throw new TypeError('The store passes no list through')
      const object = await this.#store.list(wire, exchange.owner, options)
      return object && new ObjectAnswer(object)
    })
  }

  async send(answer: ForwardedAnswer, exchange: Exchange, wait: Wait): Promise<void> {
    const { command, response } = exchange
    if (answer instanceof ObjectAnswer) {
      if (asksForObject(command)) await sendObject(response, command.output, answer.object, wait)
    } else if ('status' in answer) {
      await unlessGone(wait, this.#forward(answer, exchange, wait))
    } else {
      sendState(answer, exchange)
    }
  }

  /** Destroys the body, and lets the store know that nobody has read it. */
  async discard(answer: ForwardedAnswer | undefined, exchange: Exchange, wait: Wait): Promise<void> {
    if (answer) await this.send(answer, exchange, wait)
  }

  #ask(exchange: Exchange, wait: Wait, call: (wire: WireRequest) => Answering): Answering {
    return unlessGone(wait, call(toWireRequest(exchange, wait, this.#store.needsAuthorization ?? false)))
  }

  /** A body that breaks is the same outage as an answer that does not come. */
  async #forward(answer: WireAnswer, { response }: Exchange, wait: Wait): Promise<void> {
    let isDelivered = false
    try {
      isDelivered = await sendAnswer(response, answer, wait)
    } catch (error) {
      throw outageOf(error)
    } finally {
      await answer.settled?.(isDelivered).catch((error: unknown) => {
        this.#logger.warn({ err: describeError(error) }, 'a query that nobody can read is left to expire')
      })
    }
  }
}

/** A failure because the client has gone is no failure: nobody waits for an answer. */
function unlessGone<T>(wait: Wait, answer: Promise<T>): Promise<T | undefined> {
  return answer.catch((error: unknown) => {
    if (wait.isAbandoned) return undefined
    throw error
  })
}

function toWireRequest(
  { response, command, caller }: Exchange,
  { gone }: Wait,
  needsAuthorization: boolean,
): WireRequest {
  const body = 'body' in command ? command.body : undefined
  return wireRequestOf(response.req, command.head, { caller, needsAuthorization, gone, body })
}

function sendState(state: QueryState, { response, command, queryId, startedMs }: Exchange): void {
  if (command.operation === 'head') response.setHeader('content-type', command.output.format.contentType)
  setQueryHeaders(response, queryId, state, performance.now() - startedMs)
  setExpiration(response, state)
  endHead(response)
}
