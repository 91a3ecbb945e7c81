import { setTimeout as pause } from 'node:timers/promises'
import { QueryError } from 'express-esql-async-query'

const COLUMNS = [
  { name: 'mark', type: 'keyword' },
  { name: 'n', type: 'integer' },
  { name: 'text', type: 'keyword' },
]

const TEXT = 'so that rows are about as long as those of logs are'

/**
 * The text of a query that runs for `runMs`, and then has so many rows or fails. Each row and the failure bear the mark.
 */
export function queryText({ mark, rows, runMs, outcome }) {
  return `FROM soak | ${JSON.stringify({ mark, rows, runMs, outcome })}`
}

/** The engine of the memory stores and of the cluster. */
export async function execute({ query }, { signal, report }) {
  const { mark, rows, runMs, outcome } = JSON.parse(query.slice('FROM soak | '.length))
  report({ columns: COLUMNS, values: makeRows(mark, rowsWhenStopped(rows)) })
  if (runMs > 0) await pause(runMs, undefined, { signal })
  if (outcome === 'fails') throw new QueryError('verification_exception', failureOf(mark))
  return { columns: COLUMNS, values: makeRows(mark, rows) }
}

/** How many rows a query has found when it is stopped. */
export function rowsWhenStopped(rows) {
  return Math.ceil(rows / 2)
}

export function failureOf(mark) {
  return `Unknown index [${mark}]`
}

function makeRows(mark, count) {
  return Array.from({ length: count }, (_, n) => [mark, n, TEXT])
}
