import type { Clock } from '../../core/clock'
import { describeError } from '../../core/describe-error'
import type { QueryError } from '../../core/errors'
import type { Logger } from '../../core/logger'
import type { StoredResult } from '../../core/result'
import type { ResultFacts } from '../execution/query'
import { taskCancelled } from '../execution/query'
import { isOutage } from './database'
import { encodeResult } from './encoding'
import type { Ledger } from './ledger'
import type { PostgresQuery } from './postgres-query'

/** How long to wait before a statement is sent again, in milliseconds: at first, and at most. */
const FIRST_PAUSE_MS = 50
const LONGEST_PAUSE_MS = 2_000

/** Writes outcomes of queries that others know, through outages of the database. */
export class Persistence {
  readonly #ledger: Ledger
  readonly #clock: Clock
  readonly #logger: Logger
  #isClosed = false

  constructor(ledger: Ledger, { clock, logger }: { clock: Clock; logger: Logger }) {
    this.#ledger = ledger
    this.#clock = clock
    this.#logger = logger
  }

  /** Rejects with `task_cancelled_exception` if the query is gone, or belongs to this process no more. */
  async writeResult(query: PostgresQuery, result: StoredResult, facts: ResultFacts): Promise<void> {
    const { key } = query
    const encoded = await encodeResult(result)
    let body: Uint8Array | undefined
    let bytes = 0
    let count = 0
    for (const each of encoded.chunks) {
      const chunk = await each
      bytes += chunk.length
      count += 1
      // A result of one chunk stands in the row of its query.
      if (count === 1) body = chunk
      else {
        if (body) await this.#put(query, 0, body)
        body = undefined
        await this.#put(query, count - 1, chunk)
      }
    }
    const rows = { body, chunks: count > 1 ? count : 0, bytes }
    assertThere(await this.#insist(query, () => this.#ledger.complete(key, facts, encoded, rows)))
  }

  /** Never rejects. */
  async writeFailure(query: PostgresQuery, error: QueryError): Promise<void> {
    if (error.cause !== undefined) {
      this.#logger.warn({ error: describeError(error) }, 'an async query has failed')
    }
    try {
      await this.#insist(query, () => this.#ledger.fail(query.key, error))
    } catch (fault) {
      this.#logger.error({ error: describeError(fault) }, 'the failure of an async query cannot be stored')
    }
  }

  /** From now on, a statement that fails is not sent again. */
  close(): void {
    this.#isClosed = true
  }

  async #put(query: PostgresQuery, no: number, chunk: Uint8Array): Promise<void> {
    assertThere(await this.#insist(query, () => this.#ledger.putChunk(query.key, no, chunk)))
  }

  /** Sends a statement again until it succeeds, as long as the query is wanted. It must be one that may come twice. */
  async #insist<T>(query: PostgresQuery, send: () => Promise<T>): Promise<T> {
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
      try {
        return await send()
      } catch (error) {
        if (!isOutage(error) || this.#isClosed || query.outcome) throw error
        if (pauseMs === FIRST_PAUSE_MS) {
          this.#logger.warn({ error: describeError(error) }, 'PostgreSQL takes no outcome now; trying on')
        }
      }
      await new Promise<void>((resolve) => {
        this.#clock.setTimer(resolve, pauseMs)
      })
    }
  }
}

function assertThere(isThere: boolean): void {
  if (!isThere) throw taskCancelled('it is gone, or another process has taken it for lost')
}
