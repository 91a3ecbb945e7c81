import { QueryError } from '../../core/errors'
import { tooLarge, tooMany } from '../execution/budget'
import type { OwnLimits, Registered } from './ledger'

/** Of a query whose process does not say any more that it is there, or has lost track of it. */
export const LOST = new QueryError(
  'node_disconnected_exception',
  'the process that ran the query is gone; submit it again',
)
/** Of a query whose process has shut down. */
export const CLOSED = new QueryError(
  'node_closed_exception',
  'the process that ran the query has shut down; submit it again',
)

/** The 429 for a query that the limits of its owner have kept out. */
export function refusal({ queries, bytes }: Registered['used'], limits: OwnLimits): QueryError {
  const { maxQueriesPerOwner, maxBytesPerOwner } = limits
  return queries >= maxQueriesPerOwner
    ? tooMany({ of: 'owner', used: queries, wanted: queries + 1, limit: maxQueriesPerOwner })
    : tooLarge({ of: 'owner', used: bytes, wanted: bytes, limit: maxBytesPerOwner })
}
