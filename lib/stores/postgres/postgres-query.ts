import type { Owner } from '../../core/caller'
import type { SubmitOptions } from '../../core/operations'
import type { QueryRequest } from '../../core/store'
import type { QueryRules } from '../execution/query'
import { LocalQuery } from '../execution/query'
import { queryKey } from './encoding'

/** A query that runs in this process. */
export class PostgresQuery extends LocalQuery {
  readonly key: Buffer
  /** How often it has run, in this process and in those before. */
  attempt = 1
  /** Settles when the tables have the query. `undefined`: nobody but its submit knows it. */
  registration: Promise<void> | undefined
  /** It has ended before the tables had it, so nobody elsewhere waits for its end. */
  isEndedUnknown = false
  /** Settles when the tables have its outcome. */
  keeping: Promise<void> | undefined

  constructor(id: string, request: QueryRequest, owner: Owner, options: SubmitOptions, rules: QueryRules) {
    super(id, request, owner, options, rules)
    this.key = queryKey(owner, id)
  }
}
