import type { ValueObject } from '../core/result'
import type { ListedQuery } from '../core/store'
import { nearestInteger } from '../formats/cells/numbers'

/** The body of a list, as Elasticsearch writes it. */
export function listBody(queries: readonly ListedQuery[]): ValueObject {
  return { queries: Object.fromEntries(queries.map((query) => [query.id, itemOf(query, {})])) }
}

/** The body of the answer about one running query, which also tells how far it is. */
export function showBody(query: ListedQuery): ValueObject {
  const { documentsFound = 0, valuesLoaded = 0 } = query
  return itemOf(query, {
    documents_found: nearestInteger(documentsFound),
    values_loaded: nearestInteger(valuesLoaded),
  })
}

function itemOf({ query, startTimeMs, runningTimeNanos }: ListedQuery, progress: ValueObject): ValueObject {
  return {
    start_time_millis: nearestInteger(startTimeMs),
    running_time_nanos: nearestInteger(runningTimeNanos),
    ...progress,
    query,
  }
}
