import type { QueryResult } from '../../../lib/core/result'
import type { ClusterQuery, Failure } from './query'

/** The result of a submitted query, unless the test chooses another. */
export const TABLE: QueryResult = {
  columns: [
    { name: 'n', type: 'long' },
    { name: 'name', type: 'keyword' },
    { name: 'gone', type: 'keyword' },
  ],
  values: [
    [9007199254740993n, 'one, "1"', null],
    [2, 'tw\u00f6', null],
  ],
}

export const FAILURE: Failure = {
  status: 400,
  type: 'verification_exception',
  reason: 'Found 1 problem\nline 1:6: Unknown index [nope]',
}

export const WARNING = 'No limit defined, adding default limit of [1000]'

/**
 * Makes a query do what its text says: `RUN` until the test ends it, `FAIL`, `WARN` and complete, complete with a
 * `HUGE n` body of n bytes, or complete with {@link TABLE}.
 */
export function execute(query: ClusterQuery): void {
  const [word, count] = query.submitted.query.split(' ')
  if (word === 'RUN') return
  if (word === 'FAIL') query.fail(FAILURE)
  if (word === 'WARN') query.warnings.push(WARNING)
  query.complete(word === 'HUGE' ? { bytes: Number(count) } : TABLE)
}
