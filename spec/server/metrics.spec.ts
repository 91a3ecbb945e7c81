import { once } from 'node:events'
import type { Server } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { metrics } from '@opentelemetry/api'
import { MeterProvider } from '@opentelemetry/sdk-metrics'
import { lineLogger } from '../../lib/server/line-logger'
import { startMetrics } from '../../lib/server/metrics'
import { freePort } from '../support/free-port'

describe('startMetrics', () => {
  let lines: { level: string; message: string }[]
  let end: () => Promise<void>
  const logger = lineLogger('debug', (line) => lines.push(JSON.parse(line)))

  beforeEach(() => {
    lines = []
    end = async () => {}
  })
  afterEach(async () => {
    await end()
    metrics.disable()
  })

  const count = (): void =>
    metrics.getMeter('spec').createCounter('esql_async.test', { unit: '{thing}' }).add(7)

  it('starts nothing without a setting', async () => {
    end = await startMetrics(undefined, {}, logger)
    expect(metrics.setGlobalMeterProvider(new MeterProvider())).toBe(true)
  })

  it('serves the text of Prometheus on this machine, until it is ended', async () => {
    const port = String(await freePort())
    end = await startMetrics('prometheus', { OTEL_EXPORTER_PROMETHEUS_PORT: port }, logger)
    count()
    const url = `http://127.0.0.1:${port}/metrics`
    expect(lines).toEqual([expect.objectContaining({ level: 'info', message: 'metrics are served', url })])
    const answer = await fetch(url)
    expect(answer.headers.get('content-type')).toMatch(/^text\/plain/)
    expect(await answer.text()).toMatch(/^esql_async_test_total(\{.*\})? 7$/m)
    await end()
    await expect(fetch(url)).rejects.toThrow('fetch failed')
  })

  it('refuses a port that is taken, and leaves nothing behind', async () => {
    const taken: Server = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    const port = String((taken.address() as AddressInfo).port)
    const environment = { OTEL_EXPORTER_PROMETHEUS_PORT: port }
    await expect(startMetrics('prometheus', environment, logger)).rejects.toThrow(
      /^the metrics cannot be served: listen EADDRINUSE/,
    )
    taken.close()
    expect(metrics.setGlobalMeterProvider(new MeterProvider())).toBe(true)
  })

  it('refuses to measure where something else does', async () => {
    metrics.setGlobalMeterProvider(new MeterProvider())
    const port = String(await freePort())
    await expect(startMetrics('prometheus', { OTEL_EXPORTER_PROMETHEUS_PORT: port }, logger)).rejects.toThrow(
      'ESQL_ASYNC_METRICS is set, and something else has started OpenTelemetry already; remove one',
    )
  })

  it.each([
    ['prometheus', 'OTEL_EXPORTER_PROMETHEUS_PORT', '70000', 'must be a port, 1 to 65535'],
    ['prometheus', 'OTEL_EXPORTER_PROMETHEUS_PORT', 'http', 'must be a port, 1 to 65535'],
    ['otlp', 'OTEL_EXPORTER_OTLP_PROTOCOL', 'grpc', 'must be http/protobuf, got `grpc`'],
    ['otlp', 'OTEL_EXPORTER_OTLP_METRICS_PROTOCOL', 'http/json', 'must be http/protobuf, got `http/json`'],
    ['otlp', 'OTEL_METRIC_EXPORT_INTERVAL', '1m', 'must be a number of milliseconds, got `1m`'],
  ] as const)('with %s refuses %s=%s', async (exporter, name, value, message) => {
    await expect(startMetrics(exporter, { [name]: value }, logger)).rejects.toThrow(`${name} ${message}`)
  })

  it.each([
    ['prometheus', 'exporter-prometheus'],
    ['otlp', 'exporter-metrics-otlp-proto'],
  ] as const)('with %s says what to install', async (exporter, name) => {
    jest.resetModules()
    jest.doMock(`@opentelemetry/${name}`, () => {
      throw new Error(`Cannot find module '@opentelemetry/${name}'\nRequire stack:`)
    })
    try {
      await expect(startMetrics(exporter, {}, logger)).rejects.toThrow(
        `ESQL_ASYNC_METRICS is ${exporter}, which needs packages of OpenTelemetry; run ` +
          `npm install @opentelemetry/api @opentelemetry/${name} (Cannot find module '@opentelemetry/${name}')`,
      )
    } finally {
      jest.dontMock(`@opentelemetry/${name}`)
    }
  })
})
