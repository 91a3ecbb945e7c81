import type { Clock } from '../../core/clock'
import { isQueryError, QueryError } from '../../core/errors'
import type { SubmitOptions, SubmitTimes } from '../../core/store'
import type { Abandonment } from './abandonment'
import type { QueryAnswer } from './answers/answer'
import { held } from './answers/snapshot-answer'
import type { Asker, ClusterQueries, Parameters } from './cluster/requests'
import type { QueryIds } from './cluster/upstream-error'
import type { SealedContent } from './ids/sealed-content'
import type { SealedIds } from './ids/sealed-ids'
import type { Waiter } from './wait'

/**
 * How long the cluster is asked to wait with its answer to a submit, in milliseconds: what clients ask for by default.
 * Longer waits go on with gets, because a submit cannot be given up: its answer alone tells which query it started.
 */
const LONGEST_SUBMIT_WAIT_MS = 1_000

/** What is submitted, and by whom. */
export interface Submission {
  bodyWith: (times: SubmitTimes) => Buffer
  /** Of the URL of the submit. */
  parameters: Parameters
  /** What the id is to remember. */
  remembered: Omit<SealedContent, 'upstreamId'>
  asker: Asker
  options: SubmitOptions
}

/** What became of a submit. */
export interface Submitted {
  answer: QueryAnswer
  /** Left out for a query that is finished and not kept. */
  id: string | undefined
  /** To be called when the answer has reached the client, or cannot. */
  settled: (isDelivered: boolean) => Promise<void>
}

/** Starts queries so that none runs on whose id nobody has learned. */
export class Submitter {
  readonly #queries: ClusterQueries
  readonly #ids: SealedIds
  readonly #waiter: Waiter
  readonly #abandonment: Abandonment
  readonly #clock: Clock

  constructor(parts: {
    queries: ClusterQueries
    ids: SealedIds
    waiter: Waiter
    abandonment: Abandonment
    clock: Clock
  }) {
    this.#queries = parts.queries
    this.#ids = parts.ids
    this.#waiter = parts.waiter
    this.#abandonment = parts.abandonment
    this.#clock = parts.clock
  }

  async submit(submission: Submission): Promise<Submitted> {
    const { asker, options } = submission
    const endMs = this.#clock.now() + Math.max(0, options.waitForCompletionTimeoutMs)
    const { keepAliveMs, remembered } = this.#abandonment.begin(options.keepAliveMs)
    const content = { ...submission.remembered, ...remembered }
    const known: { query?: QueryIds } = {}
    const answers: QueryAnswer[] = []
    try {
      const first = await this.#first(submission, keepAliveMs, (upstreamId) => {
        // What is to be deleted has to be known before sealing can fail.
        known.query ??= { upstreamId, id: '' }
        known.query.id ||= this.#ids.seal({ ...content, upstreamId }, asker.owner)
        return known.query.id
      })
      answers.push(first)
      const { query } = known
      if (!query) return { answer: first, id: undefined, settled: async () => {} }
      if (asker.wire?.gone.aborted)
        throw new Error('the client has gone before it could learn the id of its query')
      const answer = first.isRunning === false ? first : await this.#later(submission, query, first, endMs)
      answers.push(answer)
      return await this.#outcome(
        submission,
        { ...content, upstreamId: query.upstreamId },
        query,
        first,
        answer,
      )
    } catch (error) {
      // Nobody will read them, and a body that nobody reads keeps its connection for ever.
      for (const answer of answers) giveUp(answer)
      if (known.query) await this.#forget(known.query, asker)
      throw known.query ? internalFailure(error) : error
    }
  }

  async #first(
    { bodyWith, parameters, asker, options }: Submission,
    keepAliveMs: number,
    idOf: (upstreamId: string) => string,
  ): Promise<QueryAnswer> {
    const { waitForCompletionTimeoutMs, signal } = options
    const waitMs = signal?.aborted ? 0 : Math.min(waitForCompletionTimeoutMs, LONGEST_SUBMIT_WAIT_MS)
    const answer = await this.#queries.submit(
      bodyWith({ waitMs, keepAliveMs }),
      parameters,
      waitMs,
      asker,
      idOf,
    )
    if (answer.upstreamId !== undefined) idOf(answer.upstreamId)
    return answer
  }

  /** Goes on waiting for a query that the cluster has not waited for long enough. */
  async #later(
    { parameters, asker, options: { signal } }: Submission,
    query: QueryIds,
    first: QueryAnswer,
    endMs: number,
  ): Promise<QueryAnswer> {
    const remainingMs = endMs - this.#clock.now()
    if (remainingMs <= 0 || signal?.aborted) return first
    const { allow_partial_results: _, ...others } = parameters
    const known = await held(first)
    const waiting = {
      ask: ({ waitMs, signal }: { waitMs: number; signal: AbortSignal | undefined }) =>
        this.#queries.get(query, others, { waitMs, signal }, asker),
      isRunning: (answer: QueryAnswer | undefined) => answer?.isRunning === true,
      hold: async (answer: QueryAnswer | undefined) => answer && held(answer),
      gone: asker.wire?.gone,
    }
    const options = { waitForCompletionTimeoutMs: remainingMs, ...(signal && { signal }) }
    return (await this.#waiter.wait<QueryAnswer | undefined>(options, waiting, known)) ?? known
  }

  async #outcome(
    { asker, options }: Submission,
    content: SealedContent,
    query: QueryIds,
    first: QueryAnswer,
    answer: QueryAnswer,
  ): Promise<Submitted> {
    if (answer.isRunning) {
      const settled = (isDelivered: boolean) => (isDelivered ? Promise.resolve() : this.#forget(query, asker))
      return { answer, id: query.id, settled }
    }
    // To the caller it has finished in time, so it leaves nothing behind unless it is to be kept.
    const isUnwanted = answer !== first && (answer.status >= 400 || !options.keepOnCompletion)
    if (isUnwanted) return { answer, id: undefined, settled: () => this.#forget(query, asker) }
    await this.#abandonment.keep(query, content, asker)
    return { answer, id: query.id, settled: async () => {} }
  }

  /** Where that fails too, the cluster forgets the query when its keep-alive runs out. */
  async #forget(query: QueryIds, { owner, wire }: Asker): Promise<void> {
    const asker = { owner, wire: wire && { ...wire, accept: 'application/json' } }
    await this.#queries.delete(query, {}, asker).catch(() => undefined)
  }
}

function giveUp({ body }: QueryAnswer): void {
  if (!Buffer.isBuffer(body)) body.on('error', () => {}).destroy()
}

/** The query is deleted, so a client may well submit it again, but that is not for it to do by itself. */
function internalFailure(error: unknown): unknown {
  if (isQueryError(error)) return error
  return new QueryError('exception', 'the query was started but its answer cannot be given', { cause: error })
}
