import type { Matcher } from '../catalogue/matching'
import { Question } from '../catalogue/matching'
import { unknownQuery } from '../catalogue/unknown-query'
import type { Owner } from '../core/caller'
import type { Clock } from '../core/clock'
import { abbreviated } from '../core/errors'
import type { QueryResult } from '../core/result'
import type { AsyncQueryStore, QueryParam, QueryRequest } from '../core/store'
import type { ExecuteContext } from '../stores/execution/execute'
import type { Journal } from './journal'
import { DoubleQuery } from './queries/double-query'
import { Queries } from './queries/queries'
import type { Plan } from './scripts/plan'
import { BY_HAND } from './scripts/plan'
import { StandingClock } from './standing-clock'

/** What a double knows to answer. */
export interface Knowledge {
  readonly matchers: readonly Matcher[]
  knows(question: Question): boolean
  /** What becomes of a query that asks this. Each call counts. */
  take(question: Question): Plan | undefined
  /** The longest time that such a query is kept, in milliseconds. */
  keepAliveMs?(question: Question): number | undefined
}

/** The store that runs queries with the engine, as far as the engine asks it. */
export type EngineStore = Required<Pick<AsyncQueryStore, 'get' | 'delete' | 'list'>>

/** A query that nobody has announced, with what was answered. */
export interface Unknown {
  readonly query: string
  readonly params: readonly QueryParam[]
  readonly reason: string
}

export function describeUnknown({ query, reason }: Unknown): string {
  return `the query was unknown: ${abbreviated(query)}\n  ${reason.replaceAll('\n', '\n  ')}`
}

/** An expiry this long from now is now, and still counts as one. */
const NO_TIME_MS = Number.MIN_VALUE

/** Runs the queries of a double. */
export class Engine {
  readonly queries = new Queries()
  readonly unknown: Unknown[] = []
  readonly #knowledge: readonly Knowledge[]
  readonly #journal: Journal
  readonly #clock: Clock
  readonly #onChange: () => void
  readonly #storeNow: () => EngineStore

  /** `knowledge`: the first that knows a query decides. */
  constructor(
    knowledge: readonly Knowledge[],
    {
      journal,
      clock,
      onChange,
      store,
    }: { journal: Journal; clock: Clock; onChange: () => void; store: () => EngineStore },
  ) {
    this.#knowledge = knowledge
    this.#journal = journal
    this.#clock = clock
    this.#onChange = onChange
    this.#storeNow = store
  }

  /** Throws at once for an unknown query, so that its submit fails, however short it waits. */
  execute(request: QueryRequest, context: ExecuteContext): Promise<QueryResult> {
    const plan = this.#planFor(request)
    const store = this.#storeNow()
    const { owner } = context
    const query = new DoubleQuery(request, context, plan, {
      clock: this.#clock,
      onChange: this.#onChange,
      id: this.#idOf(request, store, owner),
      waitsFor: (one) =>
        [...this.#journal.open].filter((visit) => visit.query === one && visit.isWaiting).length,
      expire: (id) => this.#expire(id, store, owner),
      forget: (id) => this.#forget(id, store, owner),
    })
    this.#journal.current?.concern(query)
    const outcome = query.run()
    this.queries.begin(query)
    return outcome
  }

  /** Whether there is an answer, or a test waits for the query. */
  knows(request: QueryRequest): boolean {
    const question = new Question(request)
    return this.#knowledge.some((each) => each.knows(question)) || this.queries.isSought(question)
  }

  /** The longest time that a query is kept, in milliseconds. */
  keepAliveMs(request: QueryRequest): number | undefined {
    const question = new Question(request)
    const known = this.#knowledge.find((each) => each.knows(question))
    return known?.keepAliveMs?.(question)
  }

  forget(why: string): void {
    this.queries.forget(why)
    this.unknown.length = 0
  }

  #planFor(request: QueryRequest): Plan {
    const question = new Question(request)
    for (const knowledge of this.#knowledge) {
      const plan = knowledge.take(question)
      if (plan) return plan
    }
    if (this.queries.isSought(question)) return BY_HAND
    const matchers = this.#knowledge.flatMap((knowledge) => knowledge.matchers)
    const refusal = unknownQuery('the double', matchers, question)
    const { query, params = [] } = request
    this.unknown.push({ query, params, reason: refusal.reason })
    throw refusal
  }

  /** The store makes ids, and tells them only to clients. Of the queries that run, this one has begun last. */
  async #idOf({ query }: QueryRequest, store: EngineStore, owner: Owner): Promise<string | undefined> {
    const last = (await store.list(owner)).at(-1)
    return last?.query === query && !this.queries.find(last.id) ? last.id : undefined
  }

  async #expire(id: string, store: EngineStore, owner: Owner): Promise<void> {
    await settled(store.get(id, owner, { waitForCompletionTimeoutMs: 0, keepAliveMs: NO_TIME_MS }))
    if (this.#clock instanceof StandingClock) await this.#clock.advance(0)
  }

  /** Those who wait have the outcome of the query before it is forgotten. */
  async #forget(id: string, store: EngineStore, owner: Owner): Promise<void> {
    await settled(store.get(id, owner, { waitForCompletionTimeoutMs: Number.POSITIVE_INFINITY }))
    await store.delete(id, owner)
  }
}

async function settled(promise: Promise<unknown>): Promise<void> {
  await Promise.allSettled([promise])
}
