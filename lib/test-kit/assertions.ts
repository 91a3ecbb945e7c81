import assert from 'node:assert/strict'
import { inspect } from 'node:util'
import type { QueryError } from '../core/errors'
import { isQueryError } from '../core/errors'
import type { QueryResult } from '../core/result'
import type { AsyncQuery, CompletedQuery, RunningQuery } from '../core/store'

export function assertRunning(query: AsyncQuery | undefined): asserts query is RunningQuery {
  assert.equal(query?.isRunning, true, `expected a running query, got ${inspect(query)}`)
  assert.ok(typeof query.id === 'string' && query.id !== '', 'a running query has an id')
  assert.ok(!('result' in query), 'a running query shows no rows')
}

/** The query has the result of the harness, to the last digit. */
export function assertCompleted(
  query: AsyncQuery | undefined,
  { columns, values }: QueryResult,
): asserts query is CompletedQuery {
  assert.equal(query?.isRunning, false, `expected a completed query, got ${inspect(query)}`)
  assert.deepEqual({ columns: query.result.columns, values: query.result.values }, { columns, values })
}

export async function errorOf(call: Promise<unknown>): Promise<QueryError> {
  let answer: unknown
  try {
    answer = await call
  } catch (error) {
    // An assertion of the kit itself, such as a call without an end.
    if (error instanceof assert.AssertionError) throw error
    assert.ok(isQueryError(error), `expected a QueryError, got ${inspect(error)}`)
    return error
  }
  return assert.fail(`expected an error, got ${inspect(answer)}`)
}

export async function assertFails(call: Promise<unknown>, expected: QueryError): Promise<void> {
  assert.deepEqual(wordsOf(await errorOf(call)), wordsOf(expected))
}

export async function assertCancelled(call: Promise<unknown>): Promise<void> {
  const { type } = await errorOf(call)
  assert.equal(type, 'task_cancelled_exception')
}

function wordsOf({ type, reason, status, metadata }: QueryError): object {
  return { type, reason, status, metadata: { ...metadata } }
}
