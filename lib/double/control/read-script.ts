import { readEntry } from '../../catalogue/read-catalogue'
import { readResponse } from '../../catalogue/read-response'
import { isQueryError, type QueryError } from '../../core/errors'
import type { QueryResult, Rows, Value } from '../../core/result'
import type { Announcement } from '../scripts/script-book'
import type { RowsOrTable } from '../scripts/table'
import { tableOf } from '../scripts/table'
import type { ScriptFields } from './bodies'

const WHERE = 'the body'

/** A script of what a request says. Throws an error that names the place and what is wrong there. */
export function readScript(fields: ScriptFields): Announcement {
  const { times, never_ends: neverEnds = false, partial_values: rows, partial_columns: columns } = fields
  const entry = readEntry({ params: 'any', filter: 'any', ...fields }, WHERE, {
    version: 2,
    readBeside: () => '',
  })
  const partial =
    rows && columns ? readTable(rows, columns, `${WHERE}.partial_values`) : (entry.partial ?? rows)
  // Rows that do not fit each other show here, and not when the query runs.
  if (partial) tableOf(partial)
  return {
    matcher: entry.matcher,
    delayMs: entry.delayMs,
    keepAliveMs: entry.keepAliveMs,
    partial,
    endings: neverEnds ? ['never'] : entry.outcomes,
    warnings: neverEnds ? (fields.warnings ?? []) : [],
    times,
  }
}

/** Rows with columns as answers have them. */
export function readTable(
  values: Rows,
  columns: ScriptFields['partial_columns'],
  where = `${WHERE}.values`,
): RowsOrTable {
  if (!columns) return values
  const table = readResponse({ columns, values }, where.replace(/\.\w+$/, ''), false)
  if (isQueryError(table)) throw table
  return table
}

/** The outcome that a request gives to a query. */
export function readOutcome(response: Readonly<Record<string, Value>>): QueryResult | QueryError {
  return readResponse(response, `${WHERE}.response`, false)
}
