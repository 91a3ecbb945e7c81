import type { Owner } from '../core/caller'
import { queryNotFound } from '../core/errors'
import type { AsyncQuery, AsyncQueryStore, GetOptions, QueryState } from '../core/store'
import { writeObject, writerFor } from '../formats/formats'
import type { Command, Output } from '../request/command'
import { errorMediaType } from '../request/negotiation'
import type { RequestRecord } from '../telemetry/request-record'
import { EncodedAnswers } from './answer-cache'
import { askStore, storeFailure } from './ask-store'
import type { Clients } from './disconnects'
import type { Exchange } from './exchange'
import { Forwarder } from './forwarded-answers'
import type { ResolvedOptions } from './options'
import { sendChunks } from './send'
import type { Wait, Waits } from './waits'
import { waiterOf } from './waits'

type CommandOf<Name extends Command['operation']> = Extract<Command, { operation: Name }>

/** One function per operation: asks the store once and sends what it says. */
export class Handlers {
  readonly #options: ResolvedOptions
  readonly #waits: Waits
  readonly #clients: Clients
  readonly #encoded: EncodedAnswers
  readonly #forwarder: Forwarder | undefined

  constructor(options: ResolvedOptions, waits: Waits, clients: Clients) {
    const { passThrough } = options.store
    this.#options = options
    this.#waits = waits
    this.#clients = clients
    this.#encoded = new EncodedAnswers(options.maxCachedBytes)
    this.#forwarder = passThrough && new Forwarder(passThrough, waits, clients, options.logger)
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
    const options = {
      waitForCompletionTimeoutMs: this.#capWait(waitForCompletionTimeoutMs),
      keepAliveMs: Math.min(keepAliveMs, maxKeepAliveMs),
      keepOnCompletion,
    }
    if (this.#forwarder) return this.#forwarder.submit(options, exchange)
    await this.#waits.during(response, waiterOf(owner, options), async (wait) => {
      const query = await ask(store, 'submit', exchange.record, (submit) =>
        submit(request, owner, { ...options, signal: wait.signal }),
      )
      this.#waits.answered(wait)
      // Nobody has learned the id, so nobody could ever read or delete the query.
      if (wait.isAbandoned && query.id !== undefined) await discard(store, query.id, exchange)
      if (!wait.isAbandoned) await this.#sendQuery(query, query.id, output, exchange.record)
    })
  }

  #get(command: CommandOf<'get' | 'head'>, exchange: Exchange): Promise<void> {
    const { operation, id, keepAliveMs = 0, output } = command
    const { waitByDefault, maxKeepAliveMs } = this.#options
    const { owner, response, record } = exchange
    const defaultWaitMs = waitByDefault && operation === 'get' ? Number.POSITIVE_INFINITY : 0
    const options = {
      waitForCompletionTimeoutMs: this.#capWait(command.waitForCompletionTimeoutMs ?? defaultWaitMs),
      ...(keepAliveMs > 0 && { keepAliveMs: Math.min(keepAliveMs, maxKeepAliveMs) }),
    }
    if (operation === 'head') {
      return this.#waits.during(response, waiterOf(owner, options), (wait) =>
        this.#head(command, { ...options, signal: wait.signal }, wait, exchange),
      )
    }
    if (this.#forwarder) return this.#forwarder.get(id, options, exchange)
    return this.#waitFor(id, owner, options, output, record)
  }

  /**
   * Gets a query and sends it. Of tens of thousands of waits, everything that is held and each function that waits
   * for another one counts: hence the few arguments, and a `try` in the place of `ask` and `during`.
   */
  async #waitFor(
    id: string,
    owner: Owner,
    options: GetOptions,
    output: Output,
    record: RequestRecord,
  ): Promise<void> {
    const wait = this.#waits.begin(record.response, waiterOf(owner, options))
    try {
      let query: AsyncQuery | undefined
      options.signal = wait.signal
      record.askedMs = performance.now()
      try {
        query = await this.#options.store.get(id, owner, options)
      } catch (error) {
        throw storeFailure(error)
      } finally {
        record.answeredMs = performance.now()
        this.#waits.answered(wait)
      }
      if (!query) throw queryNotFound(id)
      if (!wait.isAbandoned) await this.#sendQuery(query, id, output, record)
    } finally {
      this.#waits.end(wait)
    }
  }

  async #head(
    command: CommandOf<'get' | 'head'>,
    options: GetOptions,
    wait: Wait,
    exchange: Exchange,
  ): Promise<void> {
    const { id, output } = command
    const state = this.#forwarder
      ? await this.#forwarder.head(id, options, exchange)
      : await this.#writableQuery(command, options, exchange)
    if (wait.isAbandoned) return
    if (!state) throw queryNotFound(id)
    this.#sendHead(state, id, output, exchange)
  }

  /** Gets a query and writes nothing of it, but refuses what the get would refuse to write. */
  async #writableQuery(
    { id, output }: CommandOf<'get' | 'head'>,
    options: GetOptions,
    { owner, record }: Exchange,
  ): Promise<AsyncQuery | undefined> {
    const query = await ask(this.#options.store, 'get', record, (get) => get(id, owner, options))
    const write = await writerFor(output.format.format)
    if (query) write(query, output.presentation)
    return query
  }

  async #stop({ id, output }: CommandOf<'stop'>, exchange: Exchange): Promise<void> {
    if (this.#forwarder) return this.#forwarder.stop(id, exchange)
    const query = await ask(this.#options.store, 'stop', exchange.record, (stop) => stop(id, exchange.owner))
    if (!query) throw queryNotFound(id)
    await this.#sendQuery(query, id, output, exchange.record)
  }

  async #delete({ id }: CommandOf<'delete'>, exchange: Exchange): Promise<void> {
    const { incoming, caller, owner, response } = exchange
    const { parameters, mediaTypes, pretty } = incoming
    // Nothing but `true` grants the right, whatever a resolver without types gives.
    const options = { anyOwner: caller.canCancelTasks === true }
    if (this.#forwarder) return this.#forwarder.delete(id, options, exchange)
    const isDeleted = await ask(this.#options.store, 'delete', exchange.record, (remove) =>
      remove(id, owner, options),
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
    record: RequestRecord,
  ): Promise<void> {
    const write = await writerFor(output.format.format)
    this.#setHeaders(query, id, output, record)
    const chunks = this.#encoded.chunks(query, output, write)
    await sendChunks(record.response, chunks, this.#clients)
  }

  #sendHead(query: QueryState, id: string, output: Output, exchange: Exchange): void {
    const { response } = exchange
    this.#setHeaders(query, id, output, exchange.record)
    if (query.expirationTimeMs !== undefined) {
      response.setHeader(
        'X-Elasticsearch-Async-Expiration-Time-In-Millis',
        Math.round(query.expirationTimeMs),
      )
    }
    response.end()
  }

  #setHeaders(query: QueryState, id: string | undefined, { format }: Output, record: RequestRecord): void {
    const { response, startedMs } = record
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

async function ask<Name extends 'submit' | 'get' | 'stop' | 'delete', T>(
  store: AsyncQueryStore,
  name: Name,
  record: RequestRecord,
  call: (method: NonNullable<AsyncQueryStore[Name]>) => Promise<T>,
): Promise<T> {
  const method = store[name]
  if (!method) throw new TypeError(`The store has no ${name}`)
  return askStore(record, () => call(method.bind(store) as NonNullable<AsyncQueryStore[Name]>))
}

async function discard(store: AsyncQueryStore, id: string, { owner, record }: Exchange): Promise<void> {
  if (store.delete) await ask(store, 'delete', record, (remove) => remove(id, owner))
}

/** An id of a store that makes its own may hold what a header cannot. */
function headerText(id: string): string {
  return /^[\x21-\x7e]+$/.test(id) ? id : encodeURIComponent(id)
}
