import type { ErrorCause, QueryError } from '../core/errors'
import { isQueryError } from '../core/errors'
import type { Column, ValueObject } from '../core/result'
import type { CompletedQuery } from '../core/store'
import { withoutMissing } from '../core/without-missing'

/** Statuses that tell of the cluster or the credentials, and not of the query. */
const OUTAGES = [401, 502, 503, 504]
const NO_OUTCOMES = ['task_cancelled_exception', 'es_rejected_execution_exception']

/** Why an error is not what the query has come to. `undefined`: it is. */
export function whyNoOutcome(error: unknown): string | undefined {
  if (!isQueryError(error)) return 'the cluster was not available'
  if (error.type === 'task_cancelled_exception') return 'cancelled'
  // What the gateway finds wrong itself has a cause for its log.
  const isOwn =
    error.cause !== undefined || OUTAGES.includes(error.status) || NO_OUTCOMES.includes(error.type)
  return isOwn ? 'the cluster was not available' : undefined
}

/** The fields of an answer in front of its rows. Left out is what tells of the cluster: `profile`, `_clusters`, ids, times. */
export function headOf({ tookNanos, isPartial, result }: CompletedQuery): ValueObject {
  const { statistics = {}, approximationApplied, columns } = result
  return withoutMissing({
    took: tookNanos === undefined ? undefined : Math.round(tookNanos / 1e6),
    is_partial: isPartial || undefined,
    documents_found: statistics.documentsFound,
    values_loaded: statistics.valuesLoaded,
    rows_emitted: statistics.rowsEmitted,
    bytes_read: statistics.bytesRead,
    read_nanos: statistics.readNanos,
    cpu_nanos: statistics.cpuNanos,
    approximation_applied: approximationApplied,
    columns: columns.map(columnFields),
  })
}

function columnFields({ name, type, originalTypes, suggestedCast, meta }: Column): ValueObject {
  return withoutMissing({
    name,
    type,
    original_types: originalTypes,
    suggested_cast: suggestedCast,
    _meta: meta,
  })
}

/** The body of a failure. Names of nodes are no part of it. */
export function errorBody({ type, reason, status, metadata, causedBy }: QueryError): ValueObject {
  const facts = Object.entries(metadata).filter(([name]) => !/node/i.test(name))
  return {
    error: withoutMissing({
      type,
      reason,
      ...Object.fromEntries(facts),
      caused_by: causedBy && causeOf(causedBy),
    }),
    status,
  }
}

function causeOf({ type, reason, causedBy }: ErrorCause): ValueObject {
  return withoutMissing({ type, reason, caused_by: causedBy && causeOf(causedBy) })
}
