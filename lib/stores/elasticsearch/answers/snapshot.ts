import type { QueryError } from '../../../core/errors'
import { isObject } from '../../../core/is-object'
import type { QueryState } from '../../../core/pass-through'
import type { Value, ValueObject } from '../../../core/result'
import type { AsyncQuery } from '../../../core/store'
import { readError, readResult, readState } from '../../../json/elasticsearch-body'
import { parseAnswer } from '../../../json/parse'
import type { Remembered } from '../ids/sealed-content'
import { UnusableAnswerError } from '../outage'
import type { QueryAnswer } from './answer'
import { readAll } from './peek'
import { readWarnings } from './warnings'

/** Longer answers are for a router to pass on, not to be held in memory at once. */
const LONGEST_SNAPSHOT = 256 * 2 ** 20

const WHERE = 'the answer of the cluster'

/** Reads an answer in JSON into our words. The id of the cluster becomes `id`. Throws the error of a failed query. */
export async function readAsyncQuery(
  { status, headers, body }: QueryAnswer,
  id: string | undefined,
  remembered: Remembered,
): Promise<AsyncQuery> {
  const bytes = Buffer.isBuffer(body) ? body : await readAll(body, LONGEST_SNAPSHOT)
  if (status >= 400) throw readQueryError(bytes, status)
  const answer = readBody(bytes)
  const { id: upstreamId, isRunning, tookNanos, ...times } = readState(answer)
  if (isRunning) {
    if (id === undefined) throw new UnusableAnswerError(`${WHERE} has no id for a running query`)
    return { isRunning, id, ...times }
  }
  const { columnar = false, timeZone } = remembered
  const result = readResult(answer, columnar)
  const warnings = readWarnings(headers.warning)
  return {
    isRunning,
    ...(upstreamId !== undefined && id !== undefined && { id }),
    ...times,
    ...(tookNanos !== undefined && { tookNanos }),
    isPartial: answer.is_partial === true,
    ...(columnar && { columnar }),
    ...(timeZone !== undefined && { timeZone }),
    // The cluster sends metadata only to a request that asks for it.
    ...(result.columns.some(({ meta }) => meta) && { columnMetadata: true }),
    result: { ...result, ...(warnings.length > 0 && { warnings }) },
  }
}

/** The same answer with its body in memory, so that its connection is free. */
export async function inMemory(answer: QueryAnswer): Promise<QueryAnswer> {
  const { body } = answer
  return Buffer.isBuffer(body) ? answer : { ...answer, body: await readAll(body, LONGEST_SNAPSHOT) }
}

/** Reads whether a query runs and when it expires, for a request that does not want its rows. */
export function readQueryState(bytes: Buffer): QueryState {
  const body = readBody(bytes)
  if (typeof body.is_running !== 'boolean') throw new UnusableAnswerError(`${WHERE} has no state`)
  const { isRunning, expirationTimeMs } = readState(body)
  return { isRunning, ...(expirationTimeMs !== undefined && { expirationTimeMs }) }
}

export function readQueryError(bytes: Buffer, status: number): QueryError {
  return readError(readBody(bytes), status)
}

/** The object of a body in JSON. */
export function readBody(bytes: Buffer): ValueObject {
  let value: Value | undefined
  try {
    value = parseAnswer(bytes.toString())?.value
  } catch {
    // The parser's own error would blame the client.
  }
  if (!isObject(value)) throw new UnusableAnswerError(`${WHERE} is not an object`)
  return value
}
