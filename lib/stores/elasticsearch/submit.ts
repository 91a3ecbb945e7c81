import { goneOf } from '../../core/early-end'
import { QueryError } from '../../core/errors'
import type { SubmitOptions } from '../../core/operations'
import type { SubmitTimes } from '../../core/pass-through'
import type { QueryAnswer } from './answers/answer'
import { giveUp } from './answers/peek'
import type { GetTimes, Sender, SubmitRequest } from './cluster/requests'
import type { StoreParts } from './get'
import type { KnownQuery, Remembered } from './ids/sealed-content'
import { isFailure } from './wait'

/**
 * Longest wait that a submit asks the cluster for, in milliseconds: the default of clients. Longer waits go on with
 * gets, because a submit cannot be given up: only its answer tells which query it started.
 */
const LONGEST_SUBMIT_WAIT_MS = 1_000

export interface NewQuery {
  /** The request, with the times that the store asks for. */
  requestWith: (times: SubmitTimes) => SubmitRequest
  /** Called when the cluster has the body. A wait may be long, and must not keep it. */
  release?: () => void
  /** The query string of the gets that go on with the wait of the submit. */
  sentLater: string
  remembered: Remembered
  sender: Sender
  options: SubmitOptions
}

export interface StartedQuery {
  answer: QueryAnswer
  /** Left out for a query that is finished and not kept. */
  id: string | undefined
  /** Call it once the client has the answer, or cannot get it. */
  settled: (isDelivered: boolean) => Promise<void>
}

/** Starts queries. Deletes each query whose id no client has learned. */
export class QueryStarter {
  readonly #parts: StoreParts

  constructor(parts: StoreParts) {
    this.#parts = parts
  }

  async start(newQuery: NewQuery): Promise<StartedQuery> {
    const { sender, options } = newQuery
    const endMs = this.#parts.clock.now() + Math.max(0, options.waitForCompletionTimeoutMs)
    const { keepAliveMs, remembered } = this.#parts.abandonment.begin(options.keepAliveMs)
    const known: { query?: KnownQuery } = {}
    const answers: QueryAnswer[] = []
    try {
      const first = await this.#first(newQuery, keepAliveMs, (upstreamId) => {
        // Sealing can fail, and then the query has to be deleted.
        known.query ??= { ...newQuery.remembered, ...remembered, upstreamId, id: '' }
        known.query.id ||= this.#parts.ids.seal(known.query, sender.owner)
        return known.query.id
      })
      answers.push(first)
      const { query } = known
      if (!query) return { answer: first, id: undefined, settled: async () => {} }
      // The client has gone, and cannot learn the id.
      sender.wire?.gone.throwIfAborted()
      const answer = first.isRunning === false ? first : await this.#later(newQuery, query, first, endMs)
      answers.push(answer)
      if (answer !== first) giveUp(first.body)
      return await this.#outcome(newQuery, query, first, answer)
    } catch (error) {
      // Nobody reads these answers, and a body that nobody reads keeps its connection for ever.
      for (const answer of answers) giveUp(answer.body)
      if (!known.query) throw error
      const isDeleted = await this.#forget(known.query, sender)
      throw internalFailure(error, isDeleted)
    }
  }

  async #first(
    { requestWith, release, sender, options }: NewQuery,
    keepAliveMs: number,
    idOf: (upstreamId: string) => string,
  ): Promise<QueryAnswer> {
    const { waitForCompletionTimeoutMs, signal } = options
    const waitMs = signal?.aborted ? 0 : Math.min(waitForCompletionTimeoutMs, LONGEST_SUBMIT_WAIT_MS)
    const request = requestWith({ waitMs, keepAliveMs })
    const answer = await this.#parts.queries.submit(request, waitMs, sender, idOf)
    release?.()
    if (answer.upstreamId !== undefined) idOf(answer.upstreamId)
    return answer
  }

  /** Goes on with the wait where the submit has not waited long enough. */
  async #later(
    { sentLater, sender, options: { signal } }: NewQuery,
    query: KnownQuery,
    first: QueryAnswer,
    endMs: number,
  ): Promise<QueryAnswer> {
    const remainingMs = endMs - this.#parts.clock.now()
    if (remainingMs <= 0 || signal?.aborted) return first
    const options = { waitForCompletionTimeoutMs: remainingMs, ...(signal && { signal }) }
    const question = {
      ask: (slice: GetTimes) => this.#parts.queries.get(query, sentLater, slice, sender),
      gone: goneOf(sender.wire),
    }
    return (await this.#parts.waits.wait<QueryAnswer | undefined>(options, question, first)) ?? first
  }

  async #outcome(
    { sender, options }: NewQuery,
    query: KnownQuery,
    first: QueryAnswer,
    answer: QueryAnswer,
  ): Promise<StartedQuery> {
    if (answer.isRunning) {
      const settled = async (isDelivered: boolean) => {
        if (!isDelivered) await this.#forget(query, sender)
      }
      return { answer, id: query.id, settled }
    }
    // It may run: an error like this is not surely its own.
    if (answer !== first && isFailure(answer.status)) {
      return { answer, id: undefined, settled: async () => {} }
    }
    // For the caller the query has finished within the wait, so it is kept only if the caller wants that.
    const isUnwanted = answer !== first && (answer.status >= 400 || !options.keepOnCompletion)
    if (isUnwanted) {
      return { answer, id: undefined, settled: async () => void (await this.#forget(query, sender)) }
    }
    await this.#parts.abandonment.keep(query, sender)
    return { answer, id: query.id, settled: async () => {} }
  }

  /** Resolves with whether this works. If not, the cluster forgets the query when its keep-alive runs out. */
  async #forget(query: KnownQuery, { owner, wire }: Sender): Promise<boolean> {
    const sender = { owner, wire: wire && { ...wire, accept: 'application/json' } }
    return this.#parts.queries.delete(query, '', sender).then(
      (answer) => !answer || answer.status < 400,
      () => false,
    )
  }
}

/** Not a 503: official clients would send the submit again by themselves, and the query has run already. */
function internalFailure(cause: unknown, isDeleted: boolean): QueryError {
  const end = isDeleted ? 'so it is deleted' : 'and it runs until its keep-alive ends'
  return new QueryError('exception', `the query was started but its answer cannot be given, ${end}`, {
    cause,
  })
}
