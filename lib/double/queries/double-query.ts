import type { Clock } from '../../core/clock'
import { isQueryError, QueryError } from '../../core/errors'
import type { QueryResult } from '../../core/result'
import type { QueryParam, QueryRequest } from '../../core/store'
import type { ExecuteContext } from '../../stores/execution/execute'
import type { Plan, Step } from '../scripts/plan'
import { tableIn } from '../scripts/plan'
import type { RowsOrTable } from '../scripts/table'
import { checkedTable, tableOf } from '../scripts/table'
import type { RunningDouble } from './running-double'

/** What a query needs of the double that runs it. */
export interface Surroundings {
  readonly clock: Clock
  /** Called when the query begins or ends to rest. */
  readonly onChange: () => void
  /** The id in the store. `undefined`: it has expired at once. */
  readonly id: Promise<string | undefined>
  /** How many requests wait for a query. */
  readonly waitsFor: (query: DoubleQuery) => number
  /** Lets the query of an id expire, or forgets it, in the store. */
  readonly expire: (id: string) => Promise<void>
  readonly forget: (id: string) => Promise<void>
}

const EMPTY: QueryResult = { columns: [], values: [] }

/** A query while it runs: what its script says, and what a test does by hand. */
export class DoubleQuery implements RunningDouble {
  readonly text: string
  readonly params: readonly QueryParam[]
  readonly owner: string
  /** The id in the store, as soon as it is known. */
  id: string | undefined
  isResting = false
  readonly #context: ExecuteContext
  readonly #surroundings: Surroundings
  readonly #plan: Plan
  readonly #outcome: Promise<QueryResult>
  #resolve: (result: QueryResult) => void = () => {}
  #reject: (reason: unknown) => void = () => {}
  /** Fires when the query has its outcome, so that its script ends too. */
  readonly #over = new AbortController()
  #reported: QueryResult | undefined

  constructor(
    { query, params = [] }: QueryRequest,
    context: ExecuteContext,
    plan: Plan,
    surroundings: Surroundings,
  ) {
    this.text = query
    this.params = params
    this.owner = context.owner
    this.#context = context
    this.#surroundings = surroundings
    this.#plan = plan
    void surroundings.id.then((id) => {
      this.id = id
    })
    this.#outcome = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    const { signal } = context
    signal.addEventListener('abort', () => this.#fail(signal.reason), { once: true })
  }

  get isOver(): boolean {
    return this.#over.signal.aborted
  }

  get waits(): number {
    return this.#surroundings.waitsFor(this)
  }

  /** Runs the query to its end, of which there is one: by the script, by hand, or from outside. */
  run(): Promise<QueryResult> {
    void this.#play().catch((fault) => this.#fail(fault))
    return this.#outcome
  }

  report(rows: RowsOrTable): void {
    this.#assertRunning('report')
    this.#report(rows)
  }

  complete(table?: QueryResult): void {
    this.#assertRunning('complete')
    this.#complete(table && checkedTable(table))
  }

  fail(error: QueryError): void {
    this.#assertRunning('fail')
    if (!isQueryError(error)) throw new TypeError('fail takes a QueryError')
    this.#fail(error)
  }

  async expire(): Promise<void> {
    const id = await this.#surroundings.id
    if (id === undefined) return
    const wasOver = this.isOver
    await this.#surroundings.expire(id)
    if (!wasOver) await this.#outcome.catch(() => {})
  }

  async lose(): Promise<void> {
    this.#fail(
      new QueryError('node_disconnected_exception', 'the node that ran the query has left the cluster'),
    )
    const id = await this.#surroundings.id
    if (id !== undefined) await this.#surroundings.forget(id)
  }

  #assertRunning(method: string): void {
    if (this.isOver) throw new Error(`${method}: the query has ended: ${this.text}`)
  }

  async #play(): Promise<void> {
    for (const step of this.#plan.steps) {
      await this.#take(step)
      if (this.isOver) return
    }
    const ending = this.#plan.ending ?? this.#reported ?? EMPTY
    if (ending === 'never') return this.#setResting(true)
    if (isQueryError(ending)) return this.#fail(ending)
    this.#complete(ending)
  }

  async #take(step: Step): Promise<void> {
    if ('reports' in step) return this.#report(step.reports)
    if (step.runsForMs > 0) await this.#rest(step.runsForMs)
  }

  #rest(ms: number): Promise<void> {
    const { signal } = this.#over
    return new Promise((resolve) => {
      const end = (): void => {
        cancelTimer()
        signal.removeEventListener('abort', end)
        this.#setResting(false)
        resolve()
      }
      const cancelTimer = this.#surroundings.clock.setTimer(end, ms)
      signal.addEventListener('abort', end)
      this.#setResting(true)
    })
  }

  #report(rows: RowsOrTable): void {
    this.#reported = tableOf(rows, tableIn(this.#plan) ?? this.#reported)
    this.#context.report(this.#withWarnings(this.#reported))
  }

  #complete(table: QueryResult = tableIn(this.#plan) ?? this.#reported ?? EMPTY): void {
    this.#resolve(this.#withWarnings(table))
    this.#end()
  }

  #fail(reason: unknown): void {
    this.#reject(reason)
    this.#end()
  }

  #end(): void {
    this.#over.abort()
    this.#setResting(false)
  }

  #withWarnings(table: QueryResult): QueryResult {
    const { warnings } = this.#plan
    return warnings.length === 0 ? table : { ...table, warnings: [...(table.warnings ?? []), ...warnings] }
  }

  #setResting(isResting: boolean): void {
    this.isResting = isResting
    this.#surroundings.onChange()
  }
}
