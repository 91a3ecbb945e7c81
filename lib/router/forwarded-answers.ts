import { describeError } from '../core/describe-error'
import type { Logger } from '../core/logger'
import type {
  DeleteOptions,
  GetOptions,
  PassThrough,
  QueryState,
  SubmitOptions,
  WireAnswer,
  WireRequest,
} from '../core/store'
import type { Answers, CommandOf } from './answers'
import { outageOf } from './answers'
import type { Exchange } from './exchange'
import { setExpiration, setQueryHeaders } from './response-headers'
import { sendAnswer } from './send'
import type { Wait } from './waits'
import { wireRequest } from './wire'

/** What the other server says: all of its answer, or, for HEAD, how the query stands. */
type ForwardedAnswer = WireAnswer | QueryState

/** The answers of a store that stands in front of another server, which are sent as that server wrote them. */
export class ForwardedAnswers implements Answers<ForwardedAnswer> {
  readonly #passThrough: PassThrough
  readonly #logger: Logger

  constructor(passThrough: PassThrough, logger: Logger) {
    this.#passThrough = passThrough
    this.#logger = logger
  }

  submit(
    _command: CommandOf<'submit'>,
    exchange: Exchange,
    options: SubmitOptions,
    wait: Wait,
  ): Promise<ForwardedAnswer | undefined> {
    return untilGone(wait, this.#passThrough.submit(this.#wire(exchange, wait), exchange.owner, options))
  }

  get(id: string, exchange: Exchange, options: GetOptions, wait: Wait): Promise<ForwardedAnswer | undefined> {
    return untilGone(wait, this.#passThrough.get(id, this.#wire(exchange, wait), exchange.owner, options))
  }

  head(
    id: string,
    exchange: Exchange,
    options: GetOptions,
    wait: Wait,
  ): Promise<ForwardedAnswer | undefined> {
    return untilGone(wait, this.#passThrough.head(id, this.#wire(exchange, wait), exchange.owner, options))
  }

  stop(id: string, exchange: Exchange, wait: Wait): Promise<ForwardedAnswer | undefined> {
    return untilGone(wait, this.#passThrough.stop(id, this.#wire(exchange, wait), exchange.owner))
  }

  delete(
    id: string,
    exchange: Exchange,
    options: DeleteOptions,
    wait: Wait,
  ): Promise<ForwardedAnswer | undefined> {
    return untilGone(wait, this.#passThrough.delete(id, this.#wire(exchange, wait), exchange.owner, options))
  }

  async send(answer: ForwardedAnswer, exchange: Exchange, wait: Wait): Promise<void> {
    if ('status' in answer) await untilGone(wait, this.#forward(answer, exchange, wait))
    else sendState(answer, exchange)
  }

  /** Destroys the body, and says to the store that nobody has got the answer. */
  async discard(answer: ForwardedAnswer | undefined, exchange: Exchange, wait: Wait): Promise<void> {
    if (answer) await this.send(answer, exchange, wait)
  }

  #wire({ command, caller, response }: Exchange, wait: Wait): WireRequest {
    return wireRequest(response.req, command, caller, this.#passThrough, wait.gone)
  }

  /** A body that breaks is the same outage as an answer that does not come. */
  async #forward(answer: WireAnswer, { response }: Exchange, wait: Wait): Promise<void> {
    let isDelivered = false
    try {
      await sendAnswer(response, answer, wait.gone)
      isDelivered = true
    } catch (error) {
      throw outageOf(error)
    } finally {
      await answer.settled?.(isDelivered).catch((error: unknown) => {
        this.#logger.warn({ err: describeError(error) }, 'a query that nobody can read is left to expire')
      })
    }
  }
}

/** What fails because the client has gone is no failure, and there is nobody to tell. */
function untilGone<T>(wait: Wait, answer: Promise<T>): Promise<T | undefined> {
  return answer.catch((error: unknown) => {
    if (wait.isAbandoned) return undefined
    throw error
  })
}

function sendState(state: QueryState, { response, command, queryId, startedMs }: Exchange): void {
  if (command.operation === 'head') response.setHeader('content-type', command.output.format.contentType)
  setQueryHeaders(response, queryId, state, performance.now() - startedMs)
  setExpiration(response, state)
  response.end()
}
