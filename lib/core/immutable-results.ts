import type { QueryResult } from './result'

const immutable = new WeakSet<QueryResult>()

/**
 * Notes that nothing in a result will ever change, so that what was made of it once can be used again. Only who has
 * copied and frozen all of it can promise that: of frozen objects of somebody else it cannot be told, as they may
 * compute their members.
 */
export function markImmutable(result: QueryResult): QueryResult {
  immutable.add(result)
  return result
}

export function isImmutable(result: QueryResult): boolean {
  return immutable.has(result)
}
