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
  createCounter(name: string, options: InstrumentOptions): Counter
  createUpDownCounter(name: string, options: InstrumentOptions): Counter
  createHistogram(name: string, options: InstrumentOptions): Histogram
}

/** What an instrument measures, and in which unit. */
export interface InstrumentOptions {
  description: string
  unit: string
  advice?: { explicitBucketBoundaries: number[] }
}

/** Adds to a sum. That of an `UpDownCounter` can also go down. */
export interface Counter {
  add(value: number, attributes?: Attributes): void
}

/** Records values, such as durations, to be counted by size. */
export interface Histogram {
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
    createCounter: (name, options) => safeCounter(meter.createCounter(name, options)),
    createUpDownCounter: (name, options) => safeCounter(meter.createUpDownCounter(name, options)),
    createHistogram(name, options) {
      const histogram = meter.createHistogram(name, options)
      return { record: (value, attributes) => attempt(() => histogram.record(value, attributes)) }
    },
  }
}

function safeCounter(counter: Counter): Counter {
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
