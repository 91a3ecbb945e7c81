import type { Clock } from '../../core/clock'
import { describeError } from '../../core/describe-error'
import type { QueryError } from '../../core/errors'
import type { Logger } from '../../core/logger'
import type { StoredResult } from '../../core/result'
import type { StoredChunk } from '../execution/kept-rows'
import type { ResultFacts } from '../execution/query'
import { taskCancelled } from '../execution/query'
import { isOutage } from './database'
import { encodeResult } from './encoding'
import type { Ledger } from './ledger'
import { BackOff } from './pause'
import type { PostgresQuery } from './postgres-query'
import { storedChunk } from './results'

const GONE = 'it is gone, or another process has taken it for lost'

/** Writes outcomes of queries that others know, through outages of the database. */
export class Persistence {
  readonly #ledger: Ledger
  readonly #backOff: BackOff
  readonly #logger: Logger
  readonly #onKept: (query: PostgresQuery) => void

  /** `onKept` gets a query when the tables have its outcome, or never will. */
  constructor(
    ledger: Ledger,
    { clock, logger }: { clock: Clock; logger: Logger },
    onKept: (query: PostgresQuery) => void,
  ) {
    this.#ledger = ledger
    this.#onKept = onKept
    // An outcome that is not stored yet keeps the process alive.
    this.#backOff = new BackOff(clock, { background: false })
    this.#logger = logger
  }

  /** Keeps the result of a query that others know. Its waits end after that. */
  keepResult(query: PostgresQuery, result: StoredResult, facts: ResultFacts): void | Promise<void> {
    if (!query.registration) return
    query.keeping ??= this.#keepResult(query, result, facts)
    return query.keeping
  }

  keepFailure(query: PostgresQuery, error: QueryError): void | Promise<void> {
    if (!query.registration) return
    query.keeping = this.#keepFailure(query, error, query.keeping)
    return query.keeping
  }

  /** Rejects with `task_cancelled_exception` if the query is gone, or belongs to this process no more. */
  async #writeResult(query: PostgresQuery, result: StoredResult, facts: ResultFacts): Promise<void> {
    const { key } = query
    const encoded = await encodeResult(result)
    const { chunks } = encoded
    const [first] = chunks
    // A result of one chunk stands in the row of its query.
    const body = chunks.length === 1 && first instanceof Uint8Array ? first : undefined
    let bytes = 0
    for (const [no, chunk] of chunks.entries()) {
      bytes += chunk.length
      if (chunk instanceof Uint8Array && !body) await this.#put(query, no, chunk)
    }
    const rows = { body, chunks: body ? 0 : chunks.length, bytes }
    this.#assertHere(query, await this.#insist(query, () => this.#ledger.complete(key, facts, encoded, rows)))
  }

  /** Writes a chunk while its query runs. `undefined`: nobody knows the query yet, and maybe nobody ever will. */
  async writeChunk(query: PostgresQuery, chunk: Uint8Array, no: number): Promise<StoredChunk | undefined> {
    if (!query.registration) return undefined
    await query.registration
    await this.#put(query, no, chunk)
    return storedChunk(this.#ledger, { key: query.key, attempt: query.attempt, no }, chunk.length)
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

  /** Sends what waits to be sent again, now. From now on, a statement that fails is not sent again. */
  close(): void {
    this.#backOff.end()
  }

  async #keepResult(query: PostgresQuery, result: StoredResult, facts: ResultFacts): Promise<void> {
    await query.registration
    await this.#writeResult(query, result, facts)
    this.#onKept(query)
  }

  /** `before` is the outcome that the query has already, unless it cannot be kept. */
  async #keepFailure(query: PostgresQuery, error: QueryError, before?: Promise<void>): Promise<void> {
    const [isKept, isRegistered] = await Promise.all([succeeds(before), succeeds(query.registration)])
    if (isKept) return
    if (isRegistered) await this.writeFailure(query, error)
    this.#onKept(query)
  }

  async #put(query: PostgresQuery, no: number, chunk: Uint8Array): Promise<void> {
    this.#assertHere(query, await this.#insist(query, () => this.#ledger.putChunk(query.key, no, chunk)))
  }

  /** Ends a query that does not belong to this process any more: its executor works for nobody. */
  #assertHere(query: PostgresQuery, isHere: boolean): void {
    if (isHere) return
    query.cancel(GONE)
    this.#onKept(query)
    throw taskCancelled(GONE)
  }

  /** Sends a statement again until it succeeds, as long as the query is wanted. It must be one that may come twice. */
  async #insist<T>(query: PostgresQuery, send: () => Promise<T>): Promise<T> {
    for (let failures = 1; ; failures += 1) {
      try {
        return await send()
      } catch (error) {
        if (!isOutage(error) || this.#backOff.isEnded || query.outcome) throw error
        if (failures === 1) {
          this.#logger.warn({ error: describeError(error) }, 'PostgreSQL takes no outcome now; trying on')
        }
      }
      await this.#backOff.pause(failures)
    }
  }
}

export function succeeds(promise: Promise<void> | undefined): Promise<boolean> {
  return (
    promise?.then(
      () => true,
      () => false,
    ) ?? Promise.resolve(false)
  )
}
