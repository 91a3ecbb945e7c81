import type { Attributes, Meter } from '../core/meter'
import type { RequestOutcome } from './request-record'
import { CLIENT_LEFT } from './request-record'

/** In seconds: the buckets that OpenTelemetry advises for HTTP, and longer ones, since requests wait for queries. */
const DURATION_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1_800, 7_200]

/** In bytes. */
const SIZE_BUCKETS = Array.from({ length: 10 }, (_, index) => 2 ** 10 * 4 ** index)

export function requestMetrics(meter: Meter): (outcome: RequestOutcome) => void {
  const seconds = { unit: 's', advice: { explicitBucketBoundaries: DURATION_BUCKETS } }
  const duration = meter.createHistogram('esql_async.request.duration', {
    description: 'Time from the head of a request to the end of its answer.',
    ...seconds,
  })
  const wait = meter.createHistogram('esql_async.request.wait', {
    description: 'Time that the store took to answer, the wait for the query included.',
    ...seconds,
  })
  const size = meter.createHistogram('esql_async.response.size', {
    description: 'Size of an answer on the connection, its head included.',
    unit: 'By',
    advice: { explicitBucketBoundaries: SIZE_BUCKETS },
  })
  const refusals = meter.createCounter('esql_async.request.refusals', {
    description: 'Requests that were answered with a status from 400 to 498.',
    unit: '{request}',
  })
  const storeErrors = meter.createCounter('esql_async.store.errors', {
    description: 'Requests that failed with a status of 500 and more after the router had asked the store.',
    unit: '{request}',
  })
  return ({ operation, status, durationMs, waitMs, bytes, type, limit }) => {
    const asked: Attributes = operation ? { 'esql_async.operation': operation } : {}
    const failed: Attributes = status < 400 ? asked : { 'error.type': type ?? String(status), ...asked }
    duration.record(durationMs / 1_000, { 'http.response.status_code': status, ...failed })
    size.record(bytes, asked)
    if (waitMs !== undefined) wait.record(waitMs / 1_000, asked)
    const limited = limit === undefined ? failed : { 'esql_async.limit': limit, ...failed }
    if (status >= 400 && status < CLIENT_LEFT) refusals.add(1, limited)
    if (status >= 500 && waitMs !== undefined) storeErrors.add(1, failed)
  }
}
