import type { ErrorType, QueryErrorOptions } from '../../core/errors'
import { ERROR_STATUS, QueryError } from '../../core/errors'
import type { QueryResult } from '../../core/result'
import { readDuration } from '../duration'
import type { Ending, Plan, Step } from './plan'
import { tableIn } from './plan'
import type { RowsOrTable } from './table'
import { checkedTable, copied, tableOf } from './table'

/**
 * What happens to a query, step by step, on the clock of the double: `runsFor('1s').reports(rows).runsFor('2s').completes(table)`.
 * A script without an end completes with the rows that it has reported.
 */
export interface Script {
  /** The query runs for this time: milliseconds, or a time value such as `3s`. */
  runsFor(time: string | number): this
  /** The query has found these rows so far: a stop keeps them. Without columns, they get those of `completes`, or made-up ones. */
  reports(rows: RowsOrTable): this
  /** The query completes. Throws a `TypeError` for a cell that its column cannot hold. */
  completes(table: QueryResult): this
  /** The query fails. A type that Elasticsearch's own table of this package lacks needs `status` in `options`. */
  fails(type: ErrorType | (string & {}), reason: string, options?: QueryErrorOptions): this
  /** The result has this text as a `Warning` header. */
  warns(text: string): this
  /** The query runs until it is stopped, deleted or expires, or until a test ends it by hand. */
  neverEnds(): this
  /** The script is for one submit, and `assertDone` insists on it. */
  once(): this
  /** The script is for so many submits, and `assertDone` insists on them. */
  times(submits: number): this
  /** Another script, for the submits after these. Without `once` or `times`, this one is for a single submit then. */
  then(): Script
}

/** A computed name, because a class with a method of the name itself is taken for a promise by mistake. This one guards itself. */
const NEXT = 'then' as const

/** A script for one submit or some, in a chain of them. */
export class ScriptLink implements Script, Plan {
  readonly steps: Step[] = []
  readonly warnings: string[] = []
  ending: Ending | undefined
  /** How many submits it is for, and must get. */
  limit: number | undefined
  /** How many submits it has had. */
  used = 0
  readonly #addLink: () => Script

  constructor(addLink: () => Script) {
    this.#addLink = addLink
  }

  runsFor(time: string | number): this {
    return this.#add({ runsForMs: readDuration('runsFor', time) })
  }

  reports(rows: RowsOrTable): this {
    return this.#add({ reports: copied(rows) })
  }

  completes(table: QueryResult): this {
    return this.#end(checkedTable(table))
  }

  fails(type: string, reason: string, options?: QueryErrorOptions): this {
    if (!Object.hasOwn(ERROR_STATUS, type) && options?.status === undefined) {
      throw new TypeError(`fails('${type}', …) needs a status among its options: { status: 404 }`)
    }
    return this.#end(new QueryError(type, reason, options))
  }

  warns(text: string): this {
    this.warnings.push(text)
    return this
  }

  neverEnds(): this {
    return this.#end('never')
  }

  once(): this {
    return this.times(1)
  }

  times(submits: number): this {
    if (!Number.isSafeInteger(submits) || submits < 1)
      throw new TypeError(`times(${submits}) needs a whole number > 0`)
    this.limit = submits
    return this
  }

  [NEXT](...awaited: unknown[]): Script {
    const [resolve] = awaited
    // `await` takes whatever has this method for a promise.
    if (typeof resolve === 'function') {
      resolve()
      return this
    }
    this.limit ??= 1
    return this.#addLink()
  }

  #add(step: Step): this {
    if (this.ending) throw new TypeError('a script has no steps after its end; `then()` begins the next one')
    this.steps.push(step)
    return this
  }

  #end(ending: Ending): this {
    if (this.ending) throw new TypeError('a script has one end; `then()` begins the next one')
    this.ending = ending
    // A wrong cell shows here, and not when the query runs.
    for (const step of this.steps) if ('reports' in step) tableOf(step.reports, tableIn(this))
    return this
  }
}
