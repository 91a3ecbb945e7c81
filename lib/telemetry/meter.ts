/**
 * Where measurements go: what is used of a `MeterProvider` of `@opentelemetry/api`, whose own fits, and so does that
 * of any OpenTelemetry SDK.
 */
export interface MeterProvider {
  getMeter(name: string): Meter
}

/** Names of attributes follow OpenTelemetry's semantic conventions where those have one. */
export type Attributes = Record<string, string | number>

/** The instruments of `@opentelemetry/api` that are used. */
export interface Meter {
  createCounter(name: string, options: InstrumentOptions): Adding
  createUpDownCounter(name: string, options: InstrumentOptions): Adding
  createHistogram(name: string, options: InstrumentOptions): Recording
}

export interface InstrumentOptions {
  description: string
  unit: string
  advice?: { explicitBucketBoundaries: number[] }
}

export interface Adding {
  add(value: number, attributes?: Attributes): void
}

export interface Recording {
  record(value: number, attributes?: Attributes): void
}

/** The meter of this package, or `undefined` where nobody measures. */
export function meterOf(provider: MeterProvider | undefined): Meter | undefined {
  return (provider ?? globalMeterProvider())?.getMeter('express-esql-async-query')
}

/** That of `@opentelemetry/api`, an optional package: who measures has installed it. */
function globalMeterProvider(): MeterProvider | undefined {
  try {
    return require('@opentelemetry/api').metrics.getMeterProvider()
  } catch {
    return undefined
  }
}
