import type { QueryError } from '../../core/errors'
import { isQueryError } from '../../core/errors'
import type { QueryResult } from '../../core/result'
import type { RowsOrTable } from './table'

/** How a query ends: with a table, with an error, or not by itself. */
export type Ending = QueryResult | QueryError | 'never'

/** What happens before the end. */
export type Step = { readonly runsForMs: number } | { readonly reports: RowsOrTable }

/** What becomes of one query. */
export interface Plan {
  readonly steps: readonly Step[]
  /** `undefined`: with the rows that it has reported. */
  readonly ending: Ending | undefined
  /** Texts for the answer, beside those of the table. */
  readonly warnings: readonly string[]
}

/** A query that a test ends by hand. */
export const BY_HAND: Plan = { steps: [], ending: 'never', warnings: [] }

/** The table that the query completes with, if it does. */
export function tableIn({ ending }: Plan): QueryResult | undefined {
  return typeof ending === 'object' && !isQueryError(ending) ? ending : undefined
}
