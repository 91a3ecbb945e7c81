import type { QueryError } from '../../core/errors'
import type { QueryResult } from '../../core/result'
import type { RowsOrTable } from '../scripts/table'

/** A query that a test drives by hand. Each method throws an `Error` once the query has ended, but `expire` and `lose`. */
export interface RunningDouble {
  /** How many requests wait for the query. */
  readonly waits: number
  /** Sets the rows that a stop keeps. Without columns, they get those of the script, of the last report, or made-up ones. */
  report(rows: RowsOrTable): void
  /** Completes the query. Left out, the table is that of its script, or what it has reported. */
  complete(table?: QueryResult): void
  /** Fails the query. */
  fail(error: QueryError): void
  /** Lets the query and its result expire now: requests that wait get a 400, later ones a 404. */
  expire(): Promise<void>
  /** Loses the query with its node: requests that wait get a 500, later ones a 404. */
  lose(): Promise<void>
}
