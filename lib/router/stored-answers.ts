import { isObject } from '../core/is-object'
import { isPromise } from '../core/is-promise'
import type { DeleteOptions, GetOptions, ListOptions, SubmitOptions } from '../core/operations'
import type { AsyncQuery, AsyncQueryStore, QueryRequest } from '../core/store'
import { admitResult } from '../formats/admission'
import { writerFor } from '../formats/formats'
import type { Writer } from '../formats/writer'
import type { Command } from '../request/command'
import { AnswerCache } from './answer-cache'
import type { Answers, CommandOf } from './answers'
import { asksForObject, ObjectAnswer } from './answers'
import type { Exchange } from './exchange'
import { listBody, showBody } from './listing'
import { endHead, setExpiration, setQueryHeaders, setTook, setWarnings } from './response-headers'
import { sendChunks, sendObject } from './send'
import { runToEnd } from './sync-query'
import type { Wait } from './waits'

const ACKNOWLEDGED = new ObjectAnswer({ acknowledged: true })

/** A query as the store returns it, or what tells about queries. */
type StoredAnswer = AsyncQuery | ObjectAnswer

/** Answers for a store that keeps queries. Writes them in the format of the request. */
export class StoredAnswers implements Answers<StoredAnswer> {
  readonly #store: AsyncQueryStore
  readonly #cache: AnswerCache

  /** `maxCachedBytes`: the memory that bodies in the cache may take. */
  constructor(store: AsyncQueryStore, maxCachedBytes: number) {
    this.#store = store
    this.#cache = new AnswerCache(maxCachedBytes)
  }

  submit(command: CommandOf<'submit'>, exchange: Exchange, options: SubmitOptions): Promise<AsyncQuery> {
    const request = takeRequest(command, exchange)
    return this.#method('submit').call(this.#store, request, exchange.owner, options)
  }

  query(command: CommandOf<'query'>, exchange: Exchange, { signal }: Wait): Promise<AsyncQuery | undefined> {
    return runToEnd(this.#store, takeRequest(command, exchange), exchange, signal)
  }

  /** Returns the promise of the store itself: another one for each wait would cost memory. */
  get(id: string, { owner }: Exchange, options: GetOptions): Promise<AsyncQuery | undefined> {
    return this.#store.get(id, owner, options)
  }

  head(id: string, exchange: Exchange, options: GetOptions): Promise<AsyncQuery | undefined> {
    return this.get(id, exchange, options)
  }

  stop(id: string, { owner }: Exchange): Promise<AsyncQuery | undefined> {
    return this.#method('stop').call(this.#store, id, owner)
  }

  async delete(id: string, { owner }: Exchange, options: DeleteOptions): Promise<StoredAnswer | undefined> {
    const isDeleted = await this.#method('delete').call(this.#store, id, owner, options)
    return isDeleted ? ACKNOWLEDGED : undefined
  }

  async list({ owner }: Exchange, options: ListOptions): Promise<ObjectAnswer | undefined> {
    const queries = await this.#method('list').call(this.#store, owner, options)
    if (options.id === undefined) return new ObjectAnswer(listBody(queries))
    const [query] = queries
    return query && new ObjectAnswer(showBody(query))
  }

  async send(answer: StoredAnswer, exchange: Exchange, wait: Wait): Promise<void> {
    const { command, response } = exchange
    if (answer instanceof ObjectAnswer) {
      if (asksForObject(command)) await sendObject(response, command.output, answer.object, wait)
      return
    }
    if (asksForObject(command)) return
    const release = answer.isRunning ? undefined : this.#store.hold?.(answer.result)
    try {
      const admitted = admittedQuery(answer)
      const query = isPromise(admitted) ? await admitted : admitted
      const writer = writerFor(command.output.format.format)
      const write = isPromise(writer) ? await writer : writer
      await this.#sendQuery(query, write, command, exchange, wait)
    } finally {
      release?.()
    }
  }

  #sendQuery(
    answer: AsyncQuery,
    write: Writer,
    { operation, output }: Exclude<Command, CommandOf<'delete' | 'list' | 'show'>>,
    { response, queryId, startedMs }: Exchange,
    wait: Wait,
  ): Promise<void> | undefined {
    const { format, presentation } = output
    // A writer refuses before its first chunk. So HEAD gets the refusal that GET would get.
    const chunks = operation === 'head' ? write(answer, presentation) : undefined
    response.setHeader('content-type', format.contentType)
    const elapsedMs = performance.now() - startedMs
    if (operation === 'query') setTook(response, answer, elapsedMs)
    else setQueryHeaders(response, operation === 'submit' ? answer.id : queryId, answer, elapsedMs)
    if (!answer.isRunning) setWarnings(response, answer.result.warnings)
    if (!chunks) {
      // Answers to submits and stops hardly ever come again.
      const body =
        operation === 'get' ? this.#cache.chunks(answer, output, write) : write(answer, presentation)
      return sendChunks(response, body, wait)
    }
    setExpiration(response, answer)
    endHead(response)
    return undefined
  }

  /**
   * Deletes the query of a submit: nobody has its id, so nobody could ever read or delete it. But a client with a key may send
   * the submit again.
   */
  async discard(answer: StoredAnswer | undefined, { command, owner }: Exchange): Promise<void> {
    if (command.operation !== 'submit' || command.idempotency) return
    if (!answer || answer instanceof ObjectAnswer) return
    if (answer.id === undefined) return
    await this.#store.delete?.(answer.id, owner)
  }

  #method<Name extends 'submit' | 'stop' | 'delete' | 'list'>(
    name: Name,
  ): NonNullable<AsyncQueryStore[Name]> {
    const method = this.#store[name]
    if (!method) throw new TypeError(`The store has no ${name}`)
    return method
  }
}

/** Takes the request out of the exchange: from then on the store alone keeps it, which may be large, and knows for how long. */
function takeRequest(command: CommandOf<'query' | 'submit'>, exchange: Exchange): QueryRequest {
  const { request, ...rest } = command
  if (!request) throw new TypeError('the command has no request')
  exchange.command = rest
  return request
}

/** What a user's store returns is checked before anything is written. What `MemoryStore` returns has been checked. */
function admittedQuery(query: AsyncQuery): AsyncQuery | Promise<AsyncQuery> {
  if (!isObject(query)) throw new TypeError('The store returned something that is no query')
  if (query.isRunning) return query
  const admitted = admitResult(query.result)
  if (admitted === query.result) return query
  return Promise.resolve(admitted).then((result) => ({ ...query, result }))
}
