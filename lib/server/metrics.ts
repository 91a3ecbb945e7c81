import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { describeError } from '../core/describe-error'
import { isObject, parsedJson } from '../core/is-object'
import { messageOf } from '../core/message-of'
import type { Logger } from '../index'
import { ConfigError } from './config-error'
import { SETTINGS, variableOf } from './settings'

/** How measurements leave the gateway. */
export type MetricExporter = 'prometheus' | 'otlp'

/** How long the last export may take, in milliseconds. */
const LAST_EXPORT_MS = 3_000

const INTERVAL = 'OTEL_METRIC_EXPORT_INTERVAL'
const PROTOCOLS = ['OTEL_EXPORTER_OTLP_METRICS_PROTOCOL', 'OTEL_EXPORTER_OTLP_PROTOCOL']

type Environment = Readonly<Record<string, string | undefined>>

/** The packages of OpenTelemetry, which just this setting needs. */
type Api = typeof import('@opentelemetry/api')
type Sdk = typeof import('@opentelemetry/sdk-metrics')
type Reader = import('@opentelemetry/sdk-metrics').MetricReader
type PushExporter = import('@opentelemetry/sdk-metrics').PushMetricExporter
type Prometheus = typeof import('@opentelemetry/exporter-prometheus')
type Otlp = typeof import('@opentelemetry/exporter-metrics-otlp-proto')

/**
 * Starts OpenTelemetry for all that is created from now on. Returns a function that ends it, which never rejects. Throws a
 * {@link ConfigError} if that cannot be done.
 */
export async function startMetrics(
  exporter: MetricExporter | undefined,
  environment: Environment,
  logger: Logger,
): Promise<() => Promise<void>> {
  if (exporter === undefined) return async () => {}
  const { api, sdk, resource, reader, begin } = load(exporter, environment)
  listenTo(api, logger)
  const provider = new sdk.MeterProvider({ readers: [reader], resource })
  const end = async (): Promise<void> => {
    await provider.shutdown({ timeoutMillis: LAST_EXPORT_MS }).catch((error: unknown) => {
      logger.warn({ err: describeError(error) }, 'the last measurements could not be exported')
    })
    api.metrics.disable()
    api.diag.disable()
  }
  if (!api.metrics.setGlobalMeterProvider(provider)) {
    throw new ConfigError(
      `${setting()} is set, and something else has started OpenTelemetry already; remove one`,
    )
  }
  try {
    await begin(logger)
  } catch (cause) {
    await end()
    throw cause
  }
  return end
}

interface Loaded {
  api: Api
  sdk: Sdk
  resource: ReturnType<typeof resourceOf>
  reader: Reader
  /** Rejects with a {@link ConfigError}. */
  begin(logger: Logger): Promise<void>
}

/** Throws a {@link ConfigError} where packages are missing, or a variable of OpenTelemetry is wrong. Starts nothing. */
export function assertMetrics(exporter: MetricExporter, environment: Environment): void {
  load(exporter, environment)
}

function load(exporter: MetricExporter, environment: Environment): Loaded {
  try {
    // Not `import()`: test runners that run CommonJS in a context of their own refuse it.
    const api: Api = require('@opentelemetry/api')
    return { api, ...(exporter === 'otlp' ? otlp(environment) : prometheus(environment)) }
  } catch (cause) {
    if (cause instanceof ConfigError) throw cause
    const last = exporter === 'otlp' ? 'exporter-metrics-otlp-proto' : 'exporter-prometheus'
    const packages = ['api', last].map((name) => `@opentelemetry/${name}`).join(' ')
    const text = `${setting()} is ${exporter}, which needs packages of OpenTelemetry; run npm install ${packages}`
    throw new ConfigError(`${text} (${messageOf(cause).split('\n')[0]})`, { cause })
  }
}

/** On this machine only by default: what is measured has no token to check, and the exporter would take all addresses. */
function prometheus(environment: Environment): Omit<Loaded, 'api'> {
  const { PrometheusExporter }: Prometheus = require('@opentelemetry/exporter-prometheus')
  const { OTEL_EXPORTER_PROMETHEUS_HOST: host = '127.0.0.1', OTEL_EXPORTER_PROMETHEUS_PORT: text = '9464' } =
    environment
  const port = Number(text)
  if (!/^\d+$/.test(text) || port === 0 || port > 65_535) {
    throw new ConfigError('OTEL_EXPORTER_PROMETHEUS_PORT must be a port, 1 to 65535')
  }
  const exporter = new PrometheusExporter({ host, port, preventServerStart: true })
  return {
    ...sdkOf('@opentelemetry/exporter-prometheus'),
    reader: exporter as unknown as Reader,
    async begin(logger) {
      try {
        await exporter.startServer()
      } catch (cause) {
        const hint = 'OTEL_EXPORTER_PROMETHEUS_HOST and OTEL_EXPORTER_PROMETHEUS_PORT choose another address'
        throw new ConfigError(`the metrics cannot be served: ${messageOf(cause)}; ${hint}`, { cause })
      }
      logger.info(
        { url: `http://${host.includes(':') ? `[${host}]` : host}:${port}/metrics` },
        'metrics are served',
      )
    },
  }
}

function otlp(environment: Environment): Omit<Loaded, 'api'> {
  const protocol = PROTOCOLS.find((name) => environment[name])
  if (protocol !== undefined && environment[protocol] !== 'http/protobuf') {
    throw new ConfigError(`${protocol} must be http/protobuf, got \`${environment[protocol]}\``)
  }
  const { [INTERVAL]: text = '60000' } = environment
  const exportIntervalMillis = Number(text)
  if (!/^[1-9]\d{0,8}$/.test(text))
    throw new ConfigError(`${INTERVAL} must be a number of milliseconds, got \`${text}\``)
  const { OTLPMetricExporter }: Otlp = require('@opentelemetry/exporter-metrics-otlp-proto')
  // The exporter reads its other variables, OTEL_EXPORTER_OTLP_ENDPOINT and _HEADERS, by itself.
  const { sdk, resource } = sdkOf(
    '@opentelemetry/exporter-metrics-otlp-proto',
    '@opentelemetry/exporter-metrics-otlp-http',
  )
  const exporter = new OTLPMetricExporter() as unknown as PushExporter
  const exportTimeoutMillis = Math.min(exportIntervalMillis, 30_000)
  return {
    sdk,
    resource,
    reader: new sdk.PeriodicExportingMetricReader({ exporter, exportIntervalMillis, exportTimeoutMillis }),
    begin: async (logger) => logger.info({ intervalMs: exportIntervalMillis }, 'metrics are sent'),
  }
}

/** The SDK that an exporter has itself, by the packages that lead to it. Another copy of it may not fit. */
function sdkOf(...exporters: string[]): Pick<Loaded, 'sdk' | 'resource'> {
  const ofExporter = exporters.reduce<NodeJS.Require>(
    (from, name) => createRequire(from.resolve(name)),
    require,
  )
  const sdk: Sdk = ofExporter('@opentelemetry/sdk-metrics')
  const ofSdk = createRequire(ofExporter.resolve('@opentelemetry/sdk-metrics'))
  return { sdk, resource: resourceOf(ofSdk('@opentelemetry/resources')) }
}

/** What measures: this package, unless OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES say something else. */
function resourceOf(resources: typeof import('@opentelemetry/resources')) {
  const { defaultResource, detectResources, envDetector, resourceFromAttributes } = resources
  const file = path.join(__dirname, '..', '..', 'package.json')
  const { name, version } = JSON.parse(readFileSync(file, 'utf8'))
  return defaultResource()
    .merge(resourceFromAttributes({ 'service.name': name, 'service.version': version }))
    .merge(detectResources({ detectors: [envDetector] }))
}

/** The log gets what OpenTelemetry has to complain about: a collector that does not answer. */
function listenTo({ diag, DiagLogLevel }: Api, logger: Logger): void {
  const tell = (text: string, ...details: unknown[]): void => {
    // It writes errors as JSON, with their stack.
    const error = parsedJson(text)
    const message = isObject(error) && typeof error.message === 'string' ? error.message : text
    logger.warn(details.length > 0 ? { details: details.map(String) } : {}, `OpenTelemetry: ${message}`)
  }
  const quiet = (): void => {}
  const listener = { error: tell, warn: tell, info: quiet, debug: quiet, verbose: quiet }
  diag.setLogger(listener, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true })
}

function setting(): string {
  return variableOf(SETTINGS.metrics)
}
