import type { Response } from 'express'
import type { Owner } from './caller'
import type { Clients } from './clients'
import { isQueryError, QueryError, queryNotFound } from './errors'
import type { ResolvedOptions } from './options'
import type { Command, Output } from './request/command'
import type { Incoming } from './request/incoming'
import { errorMediaType } from './request/negotiation'
import { sendChunks } from './send'
import type { AsyncQuery, AsyncQueryStore } from './store'
import type { Waits } from './waits'
import { writeObject, writerFor } from './writers'

/** A request that is understood, and where its answer goes. */
export interface Exchange {
  incoming: Incoming
  owner: Owner
  canCancelTasks: boolean
  response: Response
  /** When the request came in, as `performance.now()` tells it. */
  startedMs: number
}

type CommandOf<Name extends Command['operation']> = Extract<Command, { operation: Name }>

/** One function per operation: asks the store once and sends what it says. */
export class Handlers {
  readonly #options: ResolvedOptions
  readonly #waits: Waits
  readonly #clients: Clients

  constructor(options: ResolvedOptions, waits: Waits, clients: Clients) {
    this.#options = options
    this.#waits = waits
    this.#clients = clients
  }

  handle(command: Command, exchange: Exchange): Promise<void> {
    switch (command.operation) {
      case 'submit':
        return this.#submit(command, exchange)
      case 'get':
      case 'head':
        return this.#get(command, exchange)
      case 'stop':
        return this.#stop(command, exchange)
      case 'delete':
        return this.#delete(command, exchange)
    }
  }

  async #submit(command: CommandOf<'submit'>, exchange: Exchange): Promise<void> {
    const { request, keepOnCompletion, keepAliveMs, waitForCompletionTimeoutMs, output } = command
    const { store, maxKeepAliveMs } = this.#options
    const { owner, response } = exchange
    await this.#waits.during(response, async (wait) => {
      const query = await ask(store, 'submit', (submit) =>
        submit(request, owner, {
          waitForCompletionTimeoutMs: this.#capWait(waitForCompletionTimeoutMs),
          keepAliveMs: Math.min(keepAliveMs, maxKeepAliveMs),
          keepOnCompletion,
          signal: wait.signal,
        }),
      )
      // Nobody has learned the id, so nobody could ever read or delete the query.
      if (wait.isAbandoned && query.id !== undefined) await discard(store, query.id, owner)
      if (!wait.isAbandoned) await this.#sendQuery(query, query.id, output, exchange)
    })
  }

  async #get(command: CommandOf<'get' | 'head'>, exchange: Exchange): Promise<void> {
    const { operation, id, keepAliveMs = 0, output } = command
    const { store, waitByDefault, maxKeepAliveMs } = this.#options
    const { owner, response } = exchange
    const defaultWaitMs = waitByDefault && operation === 'get' ? Number.POSITIVE_INFINITY : 0
    await this.#waits.during(response, async (wait) => {
      const query = await ask(store, 'get', (get) =>
        get(id, owner, {
          waitForCompletionTimeoutMs: this.#capWait(command.waitForCompletionTimeoutMs ?? defaultWaitMs),
          signal: wait.signal,
          ...(keepAliveMs > 0 && { keepAliveMs: Math.min(keepAliveMs, maxKeepAliveMs) }),
        }),
      )
      if (!query) throw queryNotFound(id)
      if (wait.isAbandoned) return
      if (operation === 'head') await this.#sendHead(query, id, output, exchange)
      else await this.#sendQuery(query, id, output, exchange)
    })
  }

  async #stop({ id, output }: CommandOf<'stop'>, exchange: Exchange): Promise<void> {
    const query = await ask(this.#options.store, 'stop', (stop) => stop(id, exchange.owner))
    if (!query) throw queryNotFound(id)
    await this.#sendQuery(query, id, output, exchange)
  }

  async #delete({ id }: CommandOf<'delete'>, exchange: Exchange): Promise<void> {
    const { incoming, owner, canCancelTasks, response } = exchange
    const { parameters, mediaTypes, pretty } = incoming
    const isDeleted = await ask(this.#options.store, 'delete', (remove) =>
      remove(id, owner, { anyOwner: canCancelTasks }),
    )
    if (!isDeleted) throw queryNotFound(id)
    const { format, contentType } = errorMediaType({ ...mediaTypes, formatParameter: parameters.format })
    response.setHeader('content-type', contentType)
    response.end(writeObject(format, { acknowledged: true }, { pretty, filterPath: parameters.filter_path }))
  }

  async #sendQuery(
    query: AsyncQuery,
    id: string | undefined,
    output: Output,
    exchange: Exchange,
  ): Promise<void> {
    const write = await writerFor(output.format.format)
    this.#setHeaders(query, id, output, exchange)
    await sendChunks(exchange.response, write(query, output.presentation), this.#clients)
  }

  async #sendHead(query: AsyncQuery, id: string, output: Output, exchange: Exchange): Promise<void> {
    const { response } = exchange
    // Writes nothing, but refuses what the get refuses.
    ;(await writerFor(output.format.format))(query, output.presentation)
    this.#setHeaders(query, id, output, exchange)
    if (query.expirationTimeMs !== undefined) {
      response.setHeader(
        'X-Elasticsearch-Async-Expiration-Time-In-Millis',
        Math.round(query.expirationTimeMs),
      )
    }
    response.end()
  }

  #setHeaders(query: AsyncQuery, id: string | undefined, { format }: Output, exchange: Exchange): void {
    const { response, startedMs } = exchange
    const tookNanos = query.isRunning ? undefined : query.tookNanos
    response.setHeader('content-type', format.contentType)
    if (id !== undefined) response.setHeader('X-Elasticsearch-Async-Id', headerText(id))
    response.setHeader('X-Elasticsearch-Async-Is-Running', query.isRunning ? '?1' : '?0')
    response.setHeader('Took-nanos', Math.round(tookNanos ?? (performance.now() - startedMs) * 1e6))
    if (this.#waits.isDraining) response.setHeader('Connection', 'close')
  }

  #capWait(waitMs: number): number {
    return Math.min(Math.max(waitMs, 0), this.#options.maxWaitMs)
  }
}

/** Calls a method of the store. What it throws that is no {@link QueryError} is an outage. */
async function ask<Name extends 'submit' | 'get' | 'stop' | 'delete', T>(
  store: AsyncQueryStore,
  name: Name,
  call: (method: NonNullable<AsyncQueryStore[Name]>) => Promise<T>,
): Promise<T> {
  const method = store[name]
  if (!method) throw new TypeError(`The store has no ${name}`)
  try {
    return await call(method.bind(store) as NonNullable<AsyncQueryStore[Name]>)
  } catch (error) {
    if (isQueryError(error)) throw error
    throw new QueryError(
      'no_shard_available_action_exception',
      'the async query store is not available, try again later',
      { cause: error },
    )
  }
}

async function discard(store: AsyncQueryStore, id: string, owner: Owner): Promise<void> {
  if (store.delete) await ask(store, 'delete', (remove) => remove(id, owner))
}

/** An id of a store that makes its own may hold what a header cannot. */
function headerText(id: string): string {
  return /^[\x21-\x7e]+$/.test(id) ? id : encodeURIComponent(id)
}
