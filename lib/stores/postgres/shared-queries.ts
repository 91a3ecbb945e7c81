import type { Clock } from '../../core/clock'
import type { WaitOptions } from '../../core/operations'
import type { StoredResult } from '../../core/result'
import type { AsyncQuery } from '../../core/store'
import { withPadding } from '../execution/query-id'
import { encodeResult } from './encoding'
import { LOST } from './failures'
import { Hints } from './hints'
import type { Ledger } from './ledger'
import type { Listener } from './listener'
import type { LocalRuns, Onlookers } from './local-runs'
import type { PostgresMetrics } from './metrics'
import { Results } from './results'
import { completed } from './rows'
import type { Watched } from './watch'
import { Watch } from './watch'

export interface SharedQueryOptions {
  clock: Clock
  maxCachedBytes: number
  interruptGraceMs: number
  pollMs: number | undefined
}

/** A query, or what to wait for while it runs. */
export interface FoundOrWatched {
  query?: AsyncQuery | undefined
  watched?: Watched | undefined
}

/** Queries by their keys, whichever process runs them. */
export class SharedQueries implements Onlookers {
  /** Those that run in this process. */
  readonly runs: LocalRuns
  readonly #ledger: Ledger
  readonly #metrics: PostgresMetrics
  readonly #results: Results
  readonly #watch: Watch
  readonly #hints: Hints
  /** How long another process may take for what it has been told, in milliseconds. */
  readonly #patienceMs: number

  constructor(
    ledger: Ledger,
    listener: Listener,
    options: SharedQueryOptions,
    createRuns: (onlookers: Onlookers) => LocalRuns,
    metrics: PostgresMetrics,
  ) {
    this.#ledger = ledger
    this.#metrics = metrics
    this.#results = new Results(ledger, options.maxCachedBytes)
    const taker = {
      over: (key: Buffer) => void this.#watch.look(key),
      look: (key: Buffer, isMoved: boolean) => this.runs.look(key, isMoved),
      adopt: () => this.#adopt(),
      catchUp: () => {
        this.runs.catchUp()
        this.#watch.pollNow()
      },
    }
    this.#hints = new Hints(ledger, listener, taker, options)
    const source = {
      pollMs: () => this.pollMs(),
      ended: (keys: readonly Buffer[]) => ledger.ended(keys),
      read: (key: Buffer, id: string) => this.read(key, id),
      isHere: (key: Buffer) => this.runs.find(key) !== undefined,
    }
    this.#watch = new Watch(source, options.clock)
    this.#patienceMs = options.interruptGraceMs + 1_000
    this.runs = createRuns(this)
  }

  pollMs(): number {
    return this.#hints.pollMs
  }

  begin(): void {
    this.#hints.listen()
  }

  /** Who finds a query in a list before its submit has its answer, and waits for it, finds out by asking. */
  over(key: Buffer, why?: string, isAwaited = true): void {
    void this.#watch.look(key, why)
    if (isAwaited) this.#hints.send('done', key)
  }

  interrupted(key: Buffer): void {
    this.#hints.send('ended', key)
  }

  left(key: Buffer): void {
    this.#hints.send('left', key)
  }

  /** `seesHidden`: the query was found by its key. */
  async read(key: Buffer, id: string, seesHidden = false): Promise<AsyncQuery | undefined> {
    const found = await this.#results.read(key)
    if (!found || (found.stored.isHidden && !seesHidden)) return undefined
    const { stored, result } = found
    const local = this.runs.find(key)
    if (stored.isLost && !local) {
      if (await this.#ledger.bury(key, LOST)) {
        this.#metrics.lost?.add(1)
        this.#hints.send('done', key)
      }
      return this.read(key, id, seesHidden)
    }
    if (stored.isOrphan && !local) this.#adopt()
    // Its process was taken for lost, or did not answer.
    if (local && stored.state !== 'running') this.runs.look(key, false)
    const { startTimeMs, expirationTimeMs } = stored
    const times = { startTimeMs, expirationTimeMs }
    if (stored.failure) throw stored.failure
    if (!result) return { isRunning: true, id: withPadding(id), ...times, ...local?.progress() }
    return { ...(stored.isKept && { id: withPadding(id) }), ...times, ...completed(stored, result) }
  }

  /** Nobody waits for that. What fails is tried again with the next heartbeat. */
  #adopt(): void {
    void this.runs.adopt().catch(() => {})
  }

  /** Moves the expiry. Whether the query is there. */
  async extend(key: Buffer, keepAliveMs: number): Promise<boolean> {
    const moved = await this.#ledger.touch(key, keepAliveMs)
    const local = this.runs.find(key)
    if (moved && local) this.runs.extend(local, moved.leftMs)
    else if (moved?.isEarlier) this.#hints.send('moved', key)
    return moved !== undefined
  }

  async stop(key: Buffer, id: string): Promise<AsyncQuery> {
    const watched = this.#watch.open(key, id)
    let askedMs = 0
    try {
      const local = this.runs.find(key)
      if (local) await this.runs.stop(local)
      else askedMs = await this.#askToStop(key)
    } catch (error) {
      this.#watch.release(watched)
      throw error
    }
    // Its process may not have heard of that, and find out by asking. Until then its rows count.
    const patienceMs = this.#hints.longestPollMs + this.#patienceMs
    await this.#watch.wait(watched, { waitForCompletionTimeoutMs: patienceMs })
    const query = await this.#watch.answer(watched)
    if (!query.isRunning) return query
    await this.#ledger.conclude(key, await encodeResult(NO_ROWS), askedMs)
    const concluded = this.#watch.open(key, id)
    this.over(key)
    await this.#watch.wait(concluded, { waitForCompletionTimeoutMs: Number.POSITIVE_INFINITY })
    return this.#watch.answer(concluded)
  }

  /** Asks the process that runs the query. Resolves with the time of the tables. */
  async #askToStop(key: Buffer): Promise<number> {
    this.#hints.listen()
    const askedMs = await this.#ledger.stop(key)
    this.#hints.send('stop', key)
    return askedMs
  }

  /** A query, or what to wait for: what else a request has is forgotten meanwhile. */
  async find(key: Buffer, id: string): Promise<FoundOrWatched> {
    this.#hints.listen()
    const watched = this.#watch.open(key, id)
    let query: AsyncQuery | undefined
    try {
      query = await this.read(key, id)
    } finally {
      if (!query?.isRunning) this.#watch.release(watched)
    }
    return query?.isRunning ? { watched } : { query }
  }

  wait(watched: Watched, options: WaitOptions): Promise<void> {
    return this.#watch.wait(watched, options)
  }

  /** Answers with the query when a wait for it is over. */
  answerLater(watched: Watched, options: WaitOptions, answer: (query: Promise<AsyncQuery>) => void): void {
    this.#watch.answerLater(watched, options, answer)
  }

  /** The query after a wait. Rejects if it has failed or is gone. */
  answer(watched: Watched): Promise<AsyncQuery> {
    return this.#watch.answer(watched)
  }

  release(watched: Watched): void {
    this.#watch.release(watched)
  }

  /** Whether there was one to delete. Waits for its executor to end. */
  async remove(target: { key: Buffer } | { id: string }): Promise<boolean> {
    const removed = await this.#ledger.remove(target)
    if (!removed) return false
    const { key, isRunning } = removed
    const local = this.runs.find(key)
    if (local) await this.runs.drop(local, 'cancelled by user')
    else if (isRunning) {
      this.#hints.listen()
      this.#hints.send('gone', key)
      await this.#hints.untilInterrupted(key, this.#patienceMs)
    }
    return true
  }

  async close(): Promise<void> {
    await this.runs.close()
    await this.#watch.close()
    await this.#hints.close()
  }
}

/** Of a stopped query whose process does not answer. */
const NO_ROWS: StoredResult = { columns: [], values: [], isFrozen: true }
