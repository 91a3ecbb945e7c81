import type { Clock } from '../../core/clock'
import { isQueryError, QueryError } from '../../core/errors'
import type { GetOptions, QueryState } from '../../core/store'
import type { Abandonment } from './abandonment'
import type { QueryAnswer } from './answers/answer'
import { held } from './answers/snapshot-answer'
import type { Asker, ClusterQueries, Parameters } from './cluster/requests'
import type { QueryIds } from './cluster/upstream-error'
import type { SealedContent } from './ids/sealed-content'
import type { Waiter } from './wait'

/** How long to wait, in milliseconds, before asking again for a result that is not found yet. */
const MISSING_PAUSES_MS = [100, 400]

/** Asks about queries that have an id, and waits for them. */
export class Getter {
  readonly #queries: ClusterQueries
  readonly #waiter: Waiter
  readonly #abandonment: Abandonment
  readonly #clock: Clock

  constructor(parts: { queries: ClusterQueries; waiter: Waiter; abandonment: Abandonment; clock: Clock }) {
    this.#queries = parts.queries
    this.#waiter = parts.waiter
    this.#abandonment = parts.abandonment
    this.#clock = parts.clock
  }

  async get(
    id: string,
    content: SealedContent,
    parameters: Parameters,
    options: GetOptions,
    asker: Asker,
  ): Promise<QueryAnswer | undefined> {
    const query = { upstreamId: content.upstreamId, id }
    const endMs = this.#clock.now() + options.waitForCompletionTimeoutMs
    const renewMs = await this.#renewal(query, options, asker)
    const shown = { ...remembered(content), ...parameters }
    const answer = await this.#waiter.wait<QueryAnswer | undefined>(options, {
      ask: async ({ waitMs, isFirst, signal }) => {
        const keepAliveMs = isFirst ? (options.keepAliveMs ?? renewMs) : renewMs
        const found = await this.#queries.get(query, shown, { waitMs, keepAliveMs, signal }, asker)
        return found || isFirst ? found : this.#getMissing(query, shown, asker)
      },
      isRunning: (found) => found?.isRunning === true,
      hold: async (found) => found && held(found),
      gone: asker.wire?.gone,
    })
    if (!answer || answer.status >= 400) return answer
    if (answer.isRunning === undefined) return this.#getSilent(query, shown, answer, options, endMs, asker)
    if (!answer.isRunning && options.keepAliveMs === undefined) {
      await this.#abandonment.keep(query, content, asker)
    }
    return answer
  }

  async head(
    id: string,
    { upstreamId }: SealedContent,
    options: GetOptions,
    asker: Asker,
  ): Promise<QueryState | undefined> {
    const query = { upstreamId, id }
    const renewMs = await this.#renewal(query, options, asker)
    return this.#waitForState(query, options, options.keepAliveMs ?? renewMs, asker)
  }

  async stop(
    id: string,
    content: SealedContent,
    parameters: Parameters,
    asker: Asker,
  ): Promise<QueryAnswer | undefined> {
    const query = { upstreamId: content.upstreamId, id }
    const answer = await this.#queries.stop(query, { ...remembered(content), ...parameters }, asker)
    if (answer) await this.#abandonment.keep(query, content, asker)
    return answer
  }

  /**
   * A query that was running a moment ago. It has been deleted or has expired, or it has just finished: for a short
   * time Elasticsearch no longer knows its task and does not yet find its result.
   */
  async #getMissing(query: QueryIds, parameters: Parameters, asker: Asker): Promise<QueryAnswer> {
    for (const pauseMs of MISSING_PAUSES_MS) {
      await this.#waiter.pause(pauseMs, [asker.wire?.gone])
      const found = await this.#queries.get(query, parameters, { waitMs: 0 }, asker)
      if (found) return found
    }
    throw new QueryError('task_cancelled_exception', 'task cancelled')
  }

  /**
   * An answer that does not say whether the query runs: a text format of a release without the header for it. The
   * state is asked for apart, and first, so that rows are never taken for those of a running query.
   */
  async #getSilent(
    query: QueryIds,
    parameters: Parameters,
    answer: QueryAnswer,
    { signal }: GetOptions,
    endMs: number,
    asker: Asker,
  ): Promise<QueryAnswer | undefined> {
    if (!Buffer.isBuffer(answer.body)) answer.body.on('error', () => {}).destroy()
    const options = { waitForCompletionTimeoutMs: endMs - this.#clock.now(), ...(signal && { signal }) }
    const state = await this.#waitForState(query, options, undefined, asker).catch((error: unknown) => {
      // The get meets the same failure, and has it in the format that the client asked for.
      if (!isQueryError(error)) throw error
      return undefined
    })
    const final = await this.#queries.get(query, parameters, { waitMs: 0 }, asker)
    return final && { ...final, isRunning: final.isRunning ?? state?.isRunning }
  }

  #waitForState(
    query: QueryIds,
    options: GetOptions,
    keepAliveMs: number | undefined,
    asker: Asker,
  ): Promise<QueryState | undefined> {
    return this.#waiter.wait<QueryState | undefined>(options, {
      ask: ({ waitMs, signal }) => this.#queries.state(query, { waitMs, keepAliveMs, signal }, asker),
      isRunning: (state) => state?.isRunning === true,
      hold: async (state) => state,
      gone: asker.wire?.gone,
    })
  }

  /** What a caller says about the keep-alive comes before what we do about it. */
  async #renewal(query: QueryIds, { keepAliveMs }: GetOptions, asker: Asker): Promise<number | undefined> {
    return keepAliveMs === undefined ? this.#abandonment.renewal(query, asker) : undefined
  }
}

/** What the submit said about how the result is to look. What a later request says comes before it. */
function remembered({ dropNullColumns }: SealedContent): Parameters {
  return dropNullColumns ? { drop_null_columns: 'true' } : {}
}
