import type { Response } from 'express'
import type { Owner } from '../core/caller'
import { describeError } from '../core/describe-error'
import { queryNotFound } from '../core/errors'
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
import { askStore } from './ask-store'
import type { Clients } from './disconnects'
import type { Exchange } from './exchange'
import { sendAnswer } from './send'
import type { Waits } from './waits'
import { waiterOf } from './waits'
import { wireRequest } from './wire'

/** One function per operation, for a store that passes answers through: asks it once and sends what it says. */
export class Forwarder {
  readonly #passThrough: PassThrough
  readonly #waits: Waits
  readonly #clients: Clients
  readonly #logger: Logger

  constructor(passThrough: PassThrough, waits: Waits, clients: Clients, logger: Logger) {
    this.#passThrough = passThrough
    this.#waits = waits
    this.#clients = clients
    this.#logger = logger
  }

  submit(options: SubmitOptions, exchange: Exchange): Promise<void> {
    return this.#forward(exchange, waiterOf(exchange.owner, options), (wire, signal) =>
      this.#passThrough.submit(wire, exchange.owner, { ...options, signal }),
    )
  }

  get(id: string, options: GetOptions, exchange: Exchange): Promise<void> {
    return this.#forward(exchange, waiterOf(exchange.owner, options), (wire, signal) =>
      known(id, this.#passThrough.get(id, wire, exchange.owner, { ...options, signal })),
    )
  }

  head(id: string, options: GetOptions, exchange: Exchange): Promise<QueryState | undefined> {
    return this.#untilGone(exchange, (wire) =>
      askStore(exchange.record, () => this.#passThrough.head(id, wire, exchange.owner, options)),
    )
  }

  stop(id: string, exchange: Exchange): Promise<void> {
    return this.#forward(exchange, undefined, (wire) =>
      known(id, this.#passThrough.stop(id, wire, exchange.owner)),
    )
  }

  delete(id: string, options: DeleteOptions, exchange: Exchange): Promise<void> {
    return this.#forward(exchange, undefined, (wire) =>
      known(id, this.#passThrough.delete(id, wire, exchange.owner, options)),
    )
  }

  async #forward(
    exchange: Exchange,
    waiter: Owner | undefined,
    ask: (wire: WireRequest, signal: AbortSignal) => Promise<WireAnswer>,
  ): Promise<void> {
    const { response } = exchange
    await this.#waits.during(response, waiter, (wait) =>
      this.#untilGone(exchange, async (wire) => {
        const answer = await askStore(exchange.record, () => ask(wire, wait.signal))
        this.#waits.answered(wait)
        if (this.#waits.isDraining) response.setHeader('Connection', 'close')
        await this.#send(answer, response, wire.gone)
      }),
    )
  }

  async #untilGone<T>(
    { request, incoming, caller, response }: Exchange,
    run: (wire: WireRequest) => Promise<T>,
  ) {
    const controller = new AbortController()
    if (this.#clients.isGone(response)) controller.abort()
    const callOff = this.#clients.onGone(response, () => controller.abort())
    try {
      return await run(wireRequest(request, incoming, caller, this.#passThrough, controller.signal))
    } catch (error) {
      // What fails because the client has gone is no failure, and there is nobody to tell.
      if (this.#clients.isGone(response)) return undefined
      throw error
    } finally {
      callOff()
    }
  }

  async #send(answer: WireAnswer, response: Response, gone: AbortSignal): Promise<void> {
    let isDelivered = false
    try {
      await sendAnswer(response, answer, gone)
      isDelivered = true
    } finally {
      await answer.settled?.(isDelivered).catch((error: unknown) => {
        this.#logger.warn({ err: describeError(error) }, 'a query that nobody can read is left to expire')
      })
    }
  }
}

async function known(id: string, answer: Promise<WireAnswer | undefined>): Promise<WireAnswer> {
  const found = await answer
  if (!found) throw queryNotFound(id)
  return found
}
