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

/**
 * The meter of this package, or `undefined` where nobody measures. Its instruments never throw: that something cannot
 * be measured is no reason for it to fail.
 */
export function meterOf(provider: MeterProvider | undefined): Meter | undefined {
  const meter = (provider ?? globalMeterProvider())?.getMeter('express-esql-async-query')
  if (!meter) return undefined
  return {
    createCounter: (name, options) => safeAdding(meter.createCounter(name, options)),
    createUpDownCounter: (name, options) => safeAdding(meter.createUpDownCounter(name, options)),
    createHistogram(name, options) {
      const histogram = meter.createHistogram(name, options)
      return { record: (value, attributes) => attempt(() => histogram.record(value, attributes)) }
    },
  }
}

function safeAdding(counter: Adding): Adding {
  return { add: (value, attributes) => attempt(() => counter.add(value, attributes)) }
}

function attempt(measure: () => void): void {
  try {
    measure()
  } catch {
    // The one who measures finds out by what is missing.
  }
}

/** That of `@opentelemetry/api`, an optional package: who measures has installed it. */
function globalMeterProvider(): MeterProvider | undefined {
  try {
    return require('@opentelemetry/api').metrics.getMeterProvider()
  } catch {
    return undefined
  }
}
