import assert from 'node:assert/strict'
import { inspect } from 'node:util'
import type { QueryError } from '../core/errors'
import { isQueryError } from '../core/errors'
import type { QueryResult } from '../core/result'
import type { AsyncQuery, CompletedQuery, RunningQuery } from '../core/store'

/** A value within a sentence. */
export function shown(value: unknown): string {
  if (value instanceof Error) return String(value)
  return inspect(value, { breakLength: Number.POSITIVE_INFINITY, maxArrayLength: 10, maxStringLength: 200 })
}

/** Fails with a sentence that is made only then, since the values in it may be long. */
export function must(condition: boolean, sentence: () => string): asserts condition {
  if (!condition) assert.fail(sentence())
}

export function assertRunning(query: AsyncQuery | undefined): asserts query is RunningQuery {
  must(query?.isRunning === true, () => `${shown(query)} came in place of a running query`)
  assert.ok(typeof query.id === 'string' && query.id !== '', 'a running query has no id')
  assert.ok(!('result' in query), 'a running query shows rows')
}

/** The query has the result of the harness, to the last digit. */
export function assertCompleted(
  query: AsyncQuery | undefined,
  { columns, values }: QueryResult,
): asserts query is CompletedQuery {
  must(query?.isRunning === false, () => `${shown(query)} came in place of a completed query`)
  assert.deepEqual({ columns: query.result.columns, values: query.result.values }, { columns, values })
}

export async function errorOf(call: Promise<unknown>): Promise<QueryError> {
  let answer: unknown
  try {
    answer = await call
  } catch (error) {
    // An assertion of the kit itself, such as a call without an end.
    if (error instanceof assert.AssertionError) throw error
    must(isQueryError(error), () => `a call threw ${shown(error)} in place of a QueryError`)
    return error
  }
  return assert.fail(`${shown(answer)} came in place of an error`)
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
