import { AsyncResource } from 'node:async_hooks'
import type { Clock } from '../../core/clock'
import { QueryError } from '../../core/errors'
import type { WaitOptions } from '../../core/operations'
import type { AsyncQuery } from '../../core/store'
import { taskCancelled } from '../execution/query'
import { Waits } from '../execution/waits'
import { isOutage } from './database'

/** A query whose end requests wait for here. */
export interface Watched {
  readonly key: Buffer
  readonly id: string
  readonly waits: Waits
  /** How many requests have it. */
  users: number
  /** Settles when the tables have said what is new. */
  reading: Promise<void> | undefined
  /** Something has happened since the tables were asked. */
  isStale: boolean
  /** Of a query that runs no more. */
  answer: (() => AsyncQuery) | undefined
}

export interface WatchSource {
  /** Those of the keys whose queries run no more, or in no process. */
  ended(keys: readonly Buffer[]): Promise<readonly Buffer[]>
  read(key: Buffer, id: string): Promise<AsyncQuery | undefined>
  /** The query runs here, so its end is known without asking. */
  isHere(key: Buffer): boolean
  /** How often to ask, at this moment. */
  pollMs(): number
}

/**
 * The requests that wait for queries. Each query is read once for all of its waits. Asks the tables again and again, in one
 * statement for all queries, as long as anybody waits.
 */
export class Watch {
  readonly #source: WatchSource
  readonly #clock: Clock
  /** Its timer belongs to no request. */
  readonly #context = new AsyncResource('PostgresWatch')
  readonly #watched = new Map<string, Watched>()
  #cancelTimer: (() => void) | undefined
  #isPolling = false
  #isClosed = false

  constructor(source: WatchSource, clock: Clock) {
    this.#source = source
    this.#clock = clock
  }

  /** Notes what happens to a query from now on, until {@link answer} or {@link release}. */
  open(key: Buffer, id: string): Watched {
    const name = key.toString('latin1')
    let watched = this.#watched.get(name)
    if (!watched) {
      const waits = new Waits(this.#clock)
      watched = { key, id, waits, users: 0, reading: undefined, isStale: false, answer: undefined }
      this.#watched.set(name, watched)
    }
    watched.users += 1
    this.#arm()
    return watched
  }

  /**
   * Resolves when the query runs no more, the time has passed, the signal has fired, or the watch is closed. A wait holds nothing
   * but this promise.
   */
  wait(watched: Watched, options: WaitOptions): Promise<void> {
    return watched.answer || this.#isClosed ? Promise.resolve() : watched.waits.wait(options)
  }

  /** Answers with the query when {@link wait} would resolve. There may be tens of thousands of such waits. */
  answerLater(watched: Watched, options: WaitOptions, answer: (query: Promise<AsyncQuery>) => void): void {
    const end = (): void => answer(this.answer(watched))
    if (watched.answer) end()
    else watched.waits.whenOver(options, end)
  }

  /** The query after a wait. Rejects if it has failed or is gone. */
  async answer(watched: Watched): Promise<AsyncQuery> {
    this.release(watched)
    if (watched.answer) return watched.answer()
    return (await this.#source.read(watched.key, watched.id)) ?? gone()
  }

  release(watched: Watched): void {
    watched.users -= 1
    if (watched.users === 0) this.#forget(watched)
  }

  /** Something has happened to a query. `why` it is gone, if it is. */
  async look(key: Buffer, why?: string): Promise<void> {
    const watched = this.#watched.get(key.toString('latin1'))
    if (!watched) return
    watched.isStale = true
    watched.reading ??= this.#readOn(watched, why)
    await watched.reading
  }

  async #readOn(watched: Watched, why?: string): Promise<void> {
    while (watched.isStale && !watched.answer) {
      watched.isStale = false
      watched.answer = await this.#read(watched, why)
    }
    watched.reading = undefined
    if (!watched.answer) return
    this.#forget(watched)
    watched.waits.end()
  }

  /** Asks about every query now. */
  pollNow(): void {
    if (this.#watched.size > 0 && !this.#isPolling) void this.#poll()
  }

  /** Ends every wait. Resolves when all have their answers. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#disarm()
    await Promise.all([...this.#watched.values()].map(({ key }) => this.look(key)))
  }

  async #read({ key, id }: Watched, why?: string): Promise<Watched['answer']> {
    try {
      const query = await this.#source.read(key, id)
      if (!query) return () => gone(why)
      return query.isRunning && !this.#isClosed ? undefined : () => ({ ...query })
    } catch (error) {
      // An outage. The waits outlive it, and the next poll tells.
      if (!(error instanceof QueryError) && isOutage(error) && !this.#isClosed) return undefined
      return () => {
        throw error
      }
    }
  }

  #arm(): void {
    if (this.#cancelTimer || this.#isPolling || this.#isClosed || this.#watched.size === 0) return
    this.#context.runInAsyncScope(() => {
      this.#cancelTimer = this.#clock.setTimer(() => void this.#poll(), this.#source.pollMs())
    })
  }

  #disarm(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
  }

  async #poll(): Promise<void> {
    this.#disarm()
    this.#isPolling = true
    try {
      const keys = [...this.#watched.values()]
        .map(({ key }) => key)
        .filter((key) => !this.#source.isHere(key))
      const ended = keys.length > 0 ? await this.#source.ended(keys) : []
      for (const key of ended) void this.look(key)
    } catch {
      // An outage. The next poll tells.
    } finally {
      this.#isPolling = false
      this.#arm()
    }
  }

  #forget(watched: Watched): void {
    const name = watched.key.toString('latin1')
    if (this.#watched.get(name) === watched) this.#watched.delete(name)
    if (this.#watched.size === 0) this.#disarm()
  }
}

/** The end of a wait for a query that was there, and is there no more. */
function gone(why = 'it was deleted or has expired'): never {
  throw taskCancelled(why)
}
