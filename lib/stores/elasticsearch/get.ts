import type { Clock } from '../../core/clock'
import { goneOf } from '../../core/early-end'
import { isQueryError, QueryError } from '../../core/errors'
import type { GetOptions } from '../../core/operations'
import type { QueryState } from '../../core/pass-through'
import type { Abandonment } from './abandonment'
import type { QueryAnswer } from './answers/answer'
import { giveUp } from './answers/peek'
import type { ClusterQueries, Sender } from './cluster/requests'
import type { KnownQuery } from './ids/sealed-content'
import type { SealedIds } from './ids/sealed-ids'
import type { LongWaits } from './wait'

/** How long to pause, in milliseconds, before each further request for a result that is not found yet. */
const MISSING_PAUSES_MS = [100, 400]

/** What the operations of a store share. */
export interface StoreParts {
  queries: ClusterQueries
  ids: SealedIds
  waits: LongWaits
  abandonment: Abandonment
  clock: Clock
}

/** Gets and stops queries that have an id, and waits for them. */
export class ExistingQueries {
  readonly #parts: StoreParts

  constructor(parts: StoreParts) {
    this.#parts = parts
  }

  async get(
    query: KnownQuery,
    sent: string,
    options: GetOptions,
    sender: Sender,
  ): Promise<QueryAnswer | undefined> {
    const endMs = this.#parts.clock.now() + options.waitForCompletionTimeoutMs
    const renewMs = await this.#renewal(query, options, sender)
    const answer = await this.#parts.waits.wait<QueryAnswer | undefined>(options, {
      ask: async ({ waitMs, isFirst, earlyEnd }) => {
        const keepAliveMs = isFirst ? (options.keepAliveMs ?? renewMs) : renewMs
        const found = await this.#parts.queries.get(query, sent, { waitMs, keepAliveMs, earlyEnd }, sender)
        return found || isFirst ? found : this.#getMissing(query, sent, sender)
      },
      gone: goneOf(sender.wire),
    })
    if (!answer || answer.status >= 400) return answer
    if (answer.isRunning === undefined) return this.#getWithState(query, sent, answer, options, endMs, sender)
    if (!answer.isRunning && options.keepAliveMs === undefined) {
      await this.#parts.abandonment.keep(query, sender)
    }
    return answer
  }

  async head(
    query: KnownQuery,
    sent: string,
    options: GetOptions,
    sender: Sender,
  ): Promise<QueryState | undefined> {
    const renewMs = await this.#renewal(query, options, sender)
    return this.#waitForState(query, sent, options, options.keepAliveMs ?? renewMs, sender)
  }

  async stop(query: KnownQuery, sent: string, sender: Sender): Promise<QueryAnswer | undefined> {
    const answer = await this.#parts.queries.stop(query, sent, sender)
    if (answer) await this.#parts.abandonment.keep(query, sender)
    return answer
  }

  /**
   * Asks again about a query that was running a moment ago. It was deleted, has expired or has just finished: for a
   * short time Elasticsearch no longer knows the task and does not yet find the result.
   */
  async #getMissing(query: KnownQuery, sent: string, sender: Sender): Promise<QueryAnswer> {
    for (const pauseMs of MISSING_PAUSES_MS) {
      await this.#parts.waits.pause(pauseMs, [goneOf(sender.wire)])
      const found = await this.#parts.queries.get(query, sent, { waitMs: 0 }, sender)
      if (found) return found
    }
    throw new QueryError('task_cancelled_exception', 'task cancelled')
  }

  /**
   * Gets a query whose answer does not say whether it runs: a text format of a release without the header for it.
   * Asks for the state first and for the rows afterwards, so that the rows are never older than the state.
   */
  async #getWithState(
    query: KnownQuery,
    sent: string,
    answer: QueryAnswer,
    { signal }: GetOptions,
    endMs: number,
    sender: Sender,
  ): Promise<QueryAnswer | undefined> {
    giveUp(answer.body)
    const options = { waitForCompletionTimeoutMs: endMs - this.#parts.clock.now(), ...(signal && { signal }) }
    const state = await this.#waitForState(query, '', options, undefined, sender).catch((error: unknown) => {
      // The get fails in the same way, with an error in the format that the client asked for.
      if (!isQueryError(error)) throw error
      return undefined
    })
    const final = await this.#parts.queries.get(query, sent, { waitMs: 0 }, sender)
    return final && { ...final, isRunning: final.isRunning ?? state?.isRunning }
  }

  #waitForState(
    query: KnownQuery,
    sent: string,
    options: GetOptions,
    keepAliveMs: number | undefined,
    sender: Sender,
  ): Promise<QueryState | undefined> {
    return this.#parts.waits.wait<QueryState | undefined>(options, {
      ask: ({ waitMs, earlyEnd }) =>
        this.#parts.queries.state(query, sent, { waitMs, keepAliveMs, earlyEnd }, sender),
      gone: goneOf(sender.wire),
    })
  }

  /** A keep-alive of the caller takes precedence over a renewal. */
  async #renewal(
    query: KnownQuery,
    { keepAliveMs }: GetOptions,
    sender: Sender,
  ): Promise<number | undefined> {
    return keepAliveMs === undefined ? this.#parts.abandonment.renewal(query, sender) : undefined
  }
}
