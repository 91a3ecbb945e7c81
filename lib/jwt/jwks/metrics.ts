import type { MeterProvider } from '../../core/meter'
import { meterOf } from '../../core/meter'

/** In seconds. */
const DURATION_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

/** Records a fetch, and the kind of the error that it has failed with. */
export type MeasureFetch = (durationMs: number, error?: string) => void

/** `server`: who publishes the keys. `ageMs`: the age of those that are known. */
export function keyMetrics(
  provider: MeterProvider | undefined,
  server: string,
  ageMs: () => number | undefined,
): MeasureFetch {
  const meter = meterOf(provider)
  if (!meter) return () => {}
  const of = { 'server.address': server }
  const duration = meter.createHistogram('esql_async.keys.fetch.duration', {
    description: 'Time that a fetch of the keys of an issuer has taken, discovery included.',
    unit: 's',
    advice: { explicitBucketBoundaries: DURATION_BUCKETS },
  })
  const age = meter.createObservableGauge?.('esql_async.keys.age', {
    description: 'Time since the last successful fetch of the keys of an issuer began.',
    unit: 's',
  })
  age?.addCallback((result) => {
    const ms = ageMs()
    if (ms !== undefined) result.observe(ms / 1_000, of)
  })
  return (durationMs, error) =>
    duration.record(durationMs / 1_000, error === undefined ? of : { ...of, 'error.type': error })
}
