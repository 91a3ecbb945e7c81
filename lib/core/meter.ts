/**
 * Receives measurements: the part of a `MeterProvider` of `@opentelemetry/api` that the package uses. That of any
 * OpenTelemetry SDK fits.
 */
export interface MeterProvider {
  getMeter(name: string): Meter
}

/** The attributes of a measurement. Their names follow the semantic conventions of OpenTelemetry. */
export type Attributes = Record<string, string | number>

/** Creates the instruments of `@opentelemetry/api` that the package uses. */
export interface Meter {
  createCounter(name: string, options: InstrumentOptions): Counter
  createUpDownCounter(name: string, options: InstrumentOptions): Counter
  createHistogram(name: string, options: InstrumentOptions): Histogram
  /** Left out, the age of keys is not measured. */
  createObservableGauge?(name: string, options: InstrumentOptions): ObservableGauge
}

/** What an instrument measures, its unit, and perhaps the bounds of its buckets. */
export interface InstrumentOptions {
  description: string
  unit: string
  advice?: { explicitBucketBoundaries: number[] }
}

/** Adds to a sum. The sum of an `UpDownCounter` can also go down. */
export interface Counter {
  add(value: number, attributes?: Attributes): void
}

/** Counts values, such as durations, by size. */
export interface Histogram {
  record(value: number, attributes?: Attributes): void
}

/** A value that is asked for whenever measurements are collected. */
export interface ObservableGauge {
  addCallback(callback: (result: { observe(value: number, attributes?: Attributes): void }) => void): void
}

/**
 * The meter of this package, or `undefined` without OpenTelemetry. Its instruments never throw, because a failed
 * measurement is no reason for a request to fail.
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
    createObservableGauge(name, options) {
      const gauge = meter.createObservableGauge?.(name, options)
      return { addCallback: (callback) => gauge?.addCallback((result) => attempt(() => callback(result))) }
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
    // The missing measurement shows it.
  }
}

/** The one of `@opentelemetry/api`, an optional package that users of OpenTelemetry have installed. */
function globalMeterProvider(): MeterProvider | undefined {
  try {
    return require('@opentelemetry/api').metrics.getMeterProvider()
  } catch {
    return undefined
  }
}
