import assert from 'node:assert/strict'
import type { Owner } from '../core/caller'
import { ownerOf } from '../core/caller'
import { untouchedClock } from '../core/clock'
import { isObject } from '../core/is-object'
import type { DeleteOptions, GetOptions, ListOptions, SubmitOptions, WaitOptions } from '../core/operations'
import type { StoredResult } from '../core/result'
import type { AsyncQuery, AsyncQueryStore, CompletedQuery, ListedQuery, QueryRequest } from '../core/store'
import { must, shown } from './assertions'
import type { HarnessQueries, OptionalMethod, ResolvedHarness, SeedOptions } from './harness'
import { withRows } from './read-rows'

export const alice: Owner = ownerOf('https://issuer.example', 'alice')
/** A stranger to the queries of {@link alice}. */
export const mallory: Owner = ownerOf('https://issuer.example', 'mallory')

export const FOREVER = { waitForCompletionTimeoutMs: Number.POSITIVE_INFINITY }

/** The states of a query that has an id. The methods of {@link Subject} with these names make such a query. */
export const STATES = ['running', 'finished', 'failed'] as const

type QueryName = keyof HarnessQueries
type AsOwner = { owner?: Owner }
type Start = AsOwner &
  Partial<SeedOptions & Pick<SubmitOptions, 'idempotency'>> & { request?: Partial<QueryRequest> }

export class Pending<T> {
  readonly #what: string
  readonly #promise: Promise<T>
  readonly #patienceMs: number
  #isSettled = false

  constructor(what: string, promise: Promise<T>, patienceMs: number) {
    this.#what = what
    this.#promise = promise
    this.#patienceMs = patienceMs
    const onSettled = (): void => {
      this.#isSettled = true
    }
    promise.then(onSettled, onSettled)
  }

  get isSettled(): boolean {
    return this.#isSettled
  }

  assertPending(): void {
    assert.ok(!this.#isSettled, `${this.#what} has settled too early`)
  }

  /** The outcome of the call, which is now due. Rejects with an assertion error when it takes too long. */
  end(): Promise<T> {
    return new Promise((resolve, reject) => {
      const message = `${this.#what} has not settled within ${this.#patienceMs} ms`
      const giveUp = (): void => reject(new assert.AssertionError({ message }))
      const cancelTimer = untouchedClock.setTimer(giveUp, this.#patienceMs)
      this.#promise.finally(cancelTimer).then(resolve, reject)
    })
  }
}

/**
 * The store under test, in words that keep tests short: queries have names, options have defaults, calls have an end, and
 * results have their rows in memory.
 */
export class Subject {
  readonly store: AsyncQueryStore
  readonly stepMs: number
  /** Longer than any test lets pass. */
  readonly longMs: number
  readonly unknownId: string
  readonly #resolved: ResolvedHarness

  constructor(store: AsyncQueryStore, resolved: ResolvedHarness) {
    this.store = store
    this.stepMs = resolved.stepMs
    this.longMs = 1_000 * resolved.stepMs
    this.unknownId = resolved.unknownId
    this.#resolved = resolved
  }

  in(store: AsyncQueryStore): Subject {
    return new Subject(store, this.#resolved)
  }

  /** Submits a query, by default with `keepOnCompletion`, and does not wait for it. */
  submit(query: QueryName, options: Start & Partial<SubmitOptions> = {}): Promise<AsyncQuery> {
    return this.beginSubmit(query, options).end()
  }

  beginSubmit(query: QueryName, options: Start & Partial<SubmitOptions> = {}): Pending<AsyncQuery> {
    const { request, owner = alice, ...rest } = options
    const submitted = { query: this.#textOf(query), ...request }
    const kept = { keepAliveMs: this.longMs, keepOnCompletion: true }
    const submitOptions = { waitForCompletionTimeoutMs: 0, ...kept, ...rest }
    return this.begin('submit', async () => {
      const answer = await this.#method('submit').call(this.store, submitted, owner, submitOptions)
      must(isObject(answer), () => `submit answers ${shown(answer)}, which is no query`)
      return withRows(answer)
    })
  }

  get(id: string, options: AsOwner & Partial<GetOptions> = {}): Promise<AsyncQuery | undefined> {
    return this.beginGet(id, options).end()
  }

  beginGet(
    id: string,
    { owner = alice, ...options }: AsOwner & Partial<GetOptions> = {},
  ): Pending<AsyncQuery | undefined> {
    const getOptions = { waitForCompletionTimeoutMs: 0, ...options }
    return this.begin('get', async () => withRows(await this.store.get(id, owner, getOptions)))
  }

  /** The result of a completed query as the store returns it, with its rows wherever they are. */
  async result(id: string): Promise<StoredResult> {
    const options = { waitForCompletionTimeoutMs: 0 }
    const query = await this.begin('get', () => this.store.get(id, alice, options)).end()
    must(query?.isRunning === false, () => `${shown(query)} came in place of a completed query`)
    return query.result
  }

  stop(id: string, options: AsOwner = {}): Promise<CompletedQuery | undefined> {
    return this.beginStop(id, options).end()
  }

  beginStop(id: string, { owner = alice }: AsOwner = {}): Pending<CompletedQuery | undefined> {
    return this.begin('stop', async () => withRows(await this.#method('stop').call(this.store, id, owner)))
  }

  delete(id: string, whose: AsOwner = {}, ...options: [DeleteOptions?]): Promise<boolean> {
    return this.beginDelete(id, whose, ...options).end()
  }

  beginDelete(id: string, { owner = alice }: AsOwner = {}, ...options: [DeleteOptions?]): Pending<boolean> {
    return this.begin('delete', async () => this.#method('delete').call(this.store, id, owner, ...options))
  }

  list({ owner = alice, ...options }: AsOwner & ListOptions = {}): Promise<readonly ListedQuery[]> {
    return this.begin('list', async () => {
      const queries = await this.#method('list').call(this.store, owner, options)
      must(Array.isArray(queries), () => `list answers ${shown(queries)}, which is no list`)
      return queries
    }).end()
  }

  /** The ids of a list, in its order. */
  async listedIds(options?: AsOwner & ListOptions): Promise<string[]> {
    return (await this.list(options)).map((query) => query?.id)
  }

  close(): Promise<void> {
    return this.begin('close', async () => this.#method('close').call(this.store)).end()
  }

  begin<T>(what: string, call: () => Promise<T>): Pending<T> {
    return new Pending(what, call(), this.#resolved.patienceMs)
  }

  async start(query: QueryName, options: Start & Partial<WaitOptions> = {}): Promise<string> {
    if (!this.store.submit) return this.#seed(query, options)
    const { id } = await this.submit(query, options)
    assert.ok(id, `the submit of ${query} gives no id to a query that runs or is kept`)
    return id
  }

  running(options?: Start): Promise<string> {
    return this.start('keepsRunning', options)
  }

  async finished(options: Start = {}, query: 'completes' | 'completesLarge' = 'completes'): Promise<string> {
    const id = await this.start(query, { ...options, ...FOREVER })
    if (!this.store.submit) await this.#untilEnded(id, options)
    return id
  }

  async failed(options: Start = {}): Promise<string> {
    const id = await this.start('failsLater', options)
    await this.release()
    await this.#untilEnded(id, options)
    return id
  }

  release(): Promise<void> {
    return this.#resolved.harness.release()
  }

  async advance(steps: number): Promise<void> {
    const { harness, stepMs } = this.#resolved
    if (harness.advance) await harness.advance(steps * stepMs)
    else await new Promise<void>((resolve) => void untouchedClock.setTimer(resolve, steps * stepMs))
  }

  #textOf(query: QueryName): string {
    const text = this.#resolved.harness.queries[query]
    assert.ok(text !== undefined, `the harness has no query ${query}`)
    return text
  }

  #method<Name extends OptionalMethod>(name: Name): NonNullable<AsyncQueryStore[Name]> {
    const method = this.store[name]
    assert.ok(method, `the store has no ${name}`)
    return method
  }

  /** Ignores the outcome, which the test looks at itself. */
  async #untilEnded(id: string, { owner = alice }: Start): Promise<void> {
    await this.get(id, { owner, ...FOREVER }).catch(() => {})
  }

  async #seed(
    query: QueryName,
    { request, owner = alice, keepAliveMs = this.longMs, keepOnCompletion = true }: Start,
  ): Promise<string> {
    const { harness } = this.#resolved
    assert.ok(harness.seed, 'the harness has no seed')
    const seeded = { query: this.#textOf(query), ...request }
    return harness.seed(this.store, seeded, owner, { keepAliveMs, keepOnCompletion })
  }
}
