import type { Owner } from '../core/caller'
import type { Clock } from '../core/clock'
import type { DeleteOptions, GetOptions, ListOptions, SubmitOptions } from '../core/operations'
import type { AsyncQuery, AsyncQueryStore, CompletedQuery, ListedQuery, QueryRequest } from '../core/store'
import { unpadded } from '../core/unpadded'
import { whyNoOutcome } from './outcome'
import type { Recording, Run, Seen } from './recording'

/** A store whose queries can be recorded. */
export type RecordableStore = AsyncQueryStore & Required<Pick<AsyncQueryStore, 'submit' | 'stop' | 'delete'>>

/** A query whose outcome nobody has seen. */
interface OpenQuery {
  readonly id: string
  readonly run: Run
  readonly owner: Owner
  readonly beganMs: number
  /** A client has asked for its stop. */
  isStopped: boolean
  /** Cancels the look that is planned. */
  cancelLook(): void
}

/** The part of a keep-alive after which to look at a query whose end is unseen. */
const LOOK_AFTER = 0.75

/**
 * The store behind it, with a recording of what its queries are and what they come to: at the submit, get or stop that shows it.
 * It looks itself at a query that nobody has seen the end of, before it is deleted or expires, and at the end.
 */
export class RecordingStore implements AsyncQueryStore {
  readonly #store: RecordableStore
  readonly #recording: Recording
  readonly #clock: Clock
  readonly #open = new Map<string, OpenQuery>()

  /** What passes through `store` is not used: bytes of a client's own format cannot be recorded. */
  constructor(store: RecordableStore, recording: Recording, clock: Clock) {
    this.#store = store
    this.#recording = recording
    this.#clock = clock
  }

  async submit(request: QueryRequest, owner: Owner, options: SubmitOptions): Promise<AsyncQuery> {
    const run = this.#recording.begin(request)
    const beganMs = this.#clock.now()
    try {
      const query = await this.#store.submit(request, owner, options)
      if (!run) return query
      if (!query.isRunning)
        await this.#recording.complete(run, query, { ids: query.id === undefined ? [] : idsOf(query.id) })
      else this.#begin(query.id, { run, owner, beganMs }, options.keepAliveMs)
      return query
    } catch (error) {
      if (run) await this.#recording.fail(run, error, { ids: [] })
      throw error
    }
  }

  async get(id: string, owner: Owner, options: GetOptions): Promise<AsyncQuery | undefined> {
    const query = await this.#watched(id, owner, () => this.#store.get(id, owner, options))
    if (query?.isRunning && options.keepAliveMs !== undefined) this.#lookInTime(id, options.keepAliveMs)
    return query
  }

  async stop(id: string, owner: Owner): Promise<CompletedQuery | undefined> {
    const open = this.#openOf(id, owner)
    // A get that waits may see the end first.
    if (open) open.isStopped = true
    return this.#watched(id, owner, () => this.#store.stop(id, owner))
  }

  async delete(id: string, owner: Owner, options: DeleteOptions = {}): Promise<boolean> {
    await this.#look(id, options.anyOwner ? undefined : owner)
    const isDeleted = await this.#store.delete(id, owner, options)
    if (isDeleted) this.#leave(id, 'deleted before its end')
    return isDeleted
  }

  /** Those whose end nobody has seen, if they still run. To the cluster all callers are one, so it cannot tell whose they are. */
  async list(owner: Owner, { anyOwner = false, id }: ListOptions = {}): Promise<readonly ListedQuery[]> {
    const open = [...this.#open.values()].filter(
      (query) =>
        (anyOwner || query.owner === owner) && (id === undefined || unpadded(id) === unpadded(query.id)),
    )
    const listed = await Promise.all(open.map((query) => this.#listed(query)))
    return listed.flat()
  }

  async #listed(query: OpenQuery): Promise<ListedQuery[]> {
    const present = await this.#ask(query).catch((error) => {
      if (whyNoOutcome(error) !== undefined) throw error
      return undefined
    })
    if (!present?.isRunning) return []
    const { id, startTimeMs = query.beganMs, documentsFound = 0, valuesLoaded = 0 } = present
    const runningTimeNanos = Math.round((this.#clock.now() - query.beganMs) * 1e6)
    return [{ id, query: query.run.asked.query, startTimeMs, runningTimeNanos, documentsFound, valuesLoaded }]
  }

  /** Looks once at each query whose end nobody has seen, and ends the recording. The store behind stays open. */
  async close(): Promise<void> {
    for (const id of [...this.#open.keys()]) {
      const query = await this.#look(id, undefined)
      this.#leave(id, query?.isRunning ? 'still running' : 'not to be found any more')
    }
    await this.#recording.close()
  }

  #begin(id: string, query: Pick<OpenQuery, 'run' | 'owner' | 'beganMs'>, keepAliveMs: number): void {
    this.#open.set(unpadded(id), { ...query, id, isStopped: false, cancelLook() {} })
    this.#lookInTime(id, keepAliveMs)
  }

  /** The query of an id, if its end is unseen and it is the owner's. */
  #openOf(id: string, owner: Owner | undefined): OpenQuery | undefined {
    const query = this.#open.get(unpadded(id))
    return owner === undefined || query?.owner === owner ? query : undefined
  }

  #end(query: OpenQuery): void {
    query.cancelLook()
    this.#open.delete(unpadded(query.id))
  }

  #leave(id: string, why: string): void {
    const query = this.#openOf(id, undefined)
    if (!query) return
    this.#end(query)
    this.#recording.leaveOut(query.run, why)
  }

  /** Plans a look before the query expires, and further ones while it runs. */
  #lookInTime(id: string, keepAliveMs: number): void {
    const query = this.#openOf(id, undefined)
    if (!query || keepAliveMs < 1) return
    query.cancelLook()
    query.cancelLook = this.#clock.setTimer(
      () => {
        void this.#look(id, undefined).then(() => this.#lookInTime(id, keepAliveMs * (1 - LOOK_AFTER)))
      },
      keepAliveMs * LOOK_AFTER,
      { background: true },
    )
  }

  /** Asks for the present state of a query whose end is unseen, as its owner. Never rejects. */
  async #look(id: string, owner: Owner | undefined): Promise<AsyncQuery | undefined> {
    const query = this.#openOf(id, owner)
    return query && this.#ask(query).catch(() => undefined)
  }

  #ask({ id, owner }: OpenQuery): Promise<AsyncQuery | undefined> {
    return this.#watched(id, owner, () => this.#store.get(id, owner, { waitForCompletionTimeoutMs: 0 }))
  }

  /** Asks the store, and records what shows the end of the query. */
  async #watched<Query extends AsyncQuery>(
    id: string,
    owner: Owner,
    ask: () => Promise<Query | undefined>,
  ): Promise<Query | undefined> {
    let query: Query | undefined
    try {
      query = await ask()
    } catch (error) {
      const failed = whyNoOutcome(error) === undefined ? this.#openOf(id, owner) : undefined
      if (failed) {
        this.#end(failed)
        await this.#recording.fail(failed.run, error, this.#seenOf(failed))
      }
      throw error
    }
    const ended = query && !query.isRunning ? this.#openOf(id, owner) : undefined
    if (ended && query && !query.isRunning) {
      this.#end(ended)
      const { isPartial, tookNanos } = query
      const isStopped = ended.isStopped && isPartial
      await this.#recording.complete(ended.run, query, { ...this.#seenOf(ended, tookNanos), isStopped })
    }
    return query
  }

  #seenOf({ id, beganMs }: OpenQuery, tookNanos?: number): Seen {
    const delayMs = tookNanos === undefined ? this.#clock.now() - beganMs : tookNanos / 1e6
    return { ids: idsOf(id), delayMs }
  }
}

function idsOf(id: string): string[] {
  return [...new Set([id, encodeURIComponent(id), unpadded(id)])]
}
