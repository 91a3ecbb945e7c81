import type { Counter, Histogram, MeterProvider } from '../../core/meter'
import { meterOf } from '../../core/meter'

/** In seconds. */
const DURATION_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]

/** What is measured beyond that what every store measures that runs queries. Without OpenTelemetry, it is empty. */
export interface PostgresMetrics {
  lost?: Counter
  duration?: Histogram
  connected?: Counter
  waiting?: Counter
  used?: Counter
  failures?: Counter
}

export function postgresMetrics(provider: MeterProvider | undefined): PostgresMetrics {
  const meter = meterOf(provider)
  if (!meter) return {}
  return {
    lost: meter.createCounter('esql_async.store.lost', {
      description: 'Queries that have failed because their process was lost.',
      unit: '{query}',
    }),
    duration: meter.createHistogram('esql_async.store.statement.duration', {
      description: 'Time from the need for a statement to its answer, the wait for a connection included.',
      unit: 's',
      advice: { explicitBucketBoundaries: DURATION_BUCKETS },
    }),
    connected: meter.createUpDownCounter('esql_async.store.listener.connected', {
      description: 'Connections on which the process hears the notifications of others.',
      unit: '{connection}',
    }),
    waiting: meter.createUpDownCounter('esql_async.store.pool.waiting', {
      description: 'Statements that wait for one of the connections of the pool that the store may use.',
      unit: '{statement}',
    }),
    used: meter.createUpDownCounter('esql_async.store.pool.used', {
      description: 'Connections of the pool on which the store has a statement.',
      unit: '{connection}',
    }),
    failures: meter.createCounter('esql_async.store.listener.failures', {
      description: 'Times that the connection which hears notifications was lost, or could not be made.',
      unit: '{failure}',
    }),
  }
}
