import { isObject } from '../core/is-object'
import type { QueryResult, RowBatches, Rows, StoredResult, Value } from '../core/result'
import { batchesOf, isRows } from '../core/result'
import type { AsyncQuery } from '../core/store'

/** All rows of a result, in memory or in batches. Rejects if a batch cannot be read. */
export async function readRows({ values }: StoredResult): Promise<Rows> {
  if (isRows(values)) return values
  const rows: (readonly Value[])[] = []
  for (const batch of batchesOf(values)) for (const row of await batch) rows.push(row)
  return rows
}

/** A query with its rows in memory, so that it can be compared. Leaves a query as it is that has them there. */
export async function withRows<Query extends AsyncQuery | undefined>(query: Query): Promise<Query> {
  if (!isObject(query) || query.isRunning !== false || !isObject(query.result)) return query
  const { result } = query
  return hasBatches(result) ? { ...query, result: { ...result, values: await readRows(result) } } : query
}

/** A store under test may return anything. */
function hasBatches(result: object): result is QueryResult<RowBatches> {
  const values = Reflect.get(result, 'values')
  return isObject(values) && typeof values.batches === 'function'
}
