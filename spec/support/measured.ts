import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'

/** A measurement: its attributes, and its value, or of a histogram how many there were. */
export interface Point {
  attributes: object
  value: number
}

/** The SDK of OpenTelemetry, and what it has measured. */
export class Measurements {
  readonly #exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
  readonly meterProvider: MeterProvider

  constructor() {
    const reader = new PeriodicExportingMetricReader({
      exporter: this.#exporter,
      exportIntervalMillis: 3_600_000,
    })
    this.meterProvider = new MeterProvider({ readers: [reader] })
  }

  /** What an instrument has measured so far. */
  async of(name: string): Promise<Point[]> {
    this.#exporter.reset()
    await this.meterProvider.forceFlush()
    const metrics = this.#exporter
      .getMetrics()
      .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((scope) => scope.metrics))
    const points: { attributes: object; value: unknown }[] = metrics
      .filter(({ descriptor }) => descriptor.name === name)
      .flatMap(({ dataPoints }): { attributes: object; value: unknown }[] => dataPoints)
    return points.map(({ attributes, value }) => ({
      attributes,
      value: typeof value === 'number' ? value : (value as { count: number }).count,
    }))
  }

  async close(): Promise<void> {
    await this.meterProvider.shutdown()
  }
}
