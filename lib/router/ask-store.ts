import { isQueryError, QueryError } from '../core/errors'
import type { RequestRecord } from '../telemetry/request-record'

/** Calls the store for a request. What it throws that is no {@link QueryError} is an outage. */
export async function askStore<T>(record: RequestRecord, call: () => Promise<T>): Promise<T> {
  record.askedMs = performance.now()
  try {
    return await call()
  } catch (error) {
    throw storeFailure(error)
  } finally {
    record.answeredMs = performance.now()
  }
}

export function storeFailure(error: unknown): unknown {
  if (isQueryError(error)) return error
  return new QueryError(
    'no_shard_available_action_exception',
    'the async query store is not available, try again later',
    { cause: error },
  )
}
