import { isQueryError, QueryError } from './errors'

/** Calls the store. What it throws that is no {@link QueryError} is an outage. */
export async function askStore<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (error) {
    throw storeFailure(error)
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
