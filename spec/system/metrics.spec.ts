import { once } from 'node:events'
import type { Server } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { newSealingKey } from 'express-esql-async-query'
import { API_KEY, startCluster } from '../support/cluster'
import { freePort } from '../support/free-port'
import { Issuer, jwk } from '../support/issuer'
import type { BuiltPackage } from '../support/server-process'
import { buildPackage, ServerProcess } from '../support/server-process'
import { audience, rsaKeys, token } from '../support/tokens'

let built: BuiltPackage
const opened: (() => unknown)[] = []

beforeAll(() => {
  built = buildPackage()
})
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close()
})
afterAll(() => built.remove())

function start(environment: Record<string, string>): ServerProcess {
  const server = new ServerProcess(built, { ESQL_ASYNC_PORT: '0', ...environment })
  opened.push(async () => {
    server.kill('SIGKILL')
    await server.exited
  })
  return server
}

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*'
const LABELS = String.raw`\{(?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\[\\"n])*",?)*\}`
const SAMPLE = new RegExp(String.raw`^(${NAME})(${LABELS})? (-?\d+(?:\.\d+)?(?:e[+-]?\d+)?|[+-]Inf|NaN)$`)

/** The samples of a text of Prometheus, version 0.0.4, each of which belongs to a type. */
function samplesOf(text: string): { name: string; labels: string; value: number }[] {
  expect(text.endsWith('\n')).toBe(true)
  const types = new Set<string>()
  return text.split('\n').flatMap((line) => {
    const [, typed] = new RegExp(`^# TYPE (${NAME}) (?:counter|gauge|histogram)$`).exec(line) ?? []
    if (typed !== undefined) types.add(typed)
    if (line === '' || /^# (?:TYPE|HELP|UNIT) /.test(line)) return []
    const [, name = '', labels = '', value] = SAMPLE.exec(line) ?? []
    expect([line, name]).not.toEqual([line, ''])
    const base = name.replace(/_(?:bucket|sum|count)$/, '')
    expect([name, types.has(name) || types.has(base)]).toEqual([name, true])
    return [{ name, labels, value: Number(value) }]
  })
}

describe('ESQL_ASYNC_METRICS=prometheus', () => {
  it('serves requests, limits, keys and cluster on a port of its own, and nothing on that of the gateway', async () => {
    const issuer = await new Issuer().start()
    opened.push(() => issuer.stop())
    issuer.keys = [jwk(rsaKeys.publicKey, { kid: 'first', use: 'sig' })]
    const cluster = await startCluster()
    opened.push(() => cluster.close())
    const port = String(await freePort())
    const server = start({
      ESQL_ASYNC_METRICS: 'prometheus',
      OTEL_EXPORTER_PROMETHEUS_PORT: port,
      ESQL_ASYNC_JWT_JWKS: `${issuer.url}/keys`,
      ESQL_ASYNC_JWT_JWKS_ALLOW_HTTP: 'true',
      ESQL_ASYNC_JWT_ALGORITHMS: 'RS256',
      ESQL_ASYNC_JWT_ISSUER: 'https://issuer.example',
      ESQL_ASYNC_JWT_AUDIENCE: audience,
      ELASTICSEARCH_URL: cluster.url,
      ELASTICSEARCH_API_KEY: API_KEY.encoded,
      ESQL_ASYNC_SEALING_KEYS: newSealingKey(),
      ESQL_ASYNC_MAX_WAITS: '1',
      ESQL_ASYNC_MAX_WAITS_PER_OWNER: '1',
    })
    const url = await server.url()
    const authorization = `Bearer ${token({ sub: 'alice', iss: 'https://issuer.example' })}`
    const headers = { authorization, 'content-type': 'application/json' }
    const body = JSON.stringify({ query: 'RUN', wait_for_completion_timeout: '1h' })
    const leaving = new AbortController()
    const submit = (signal?: AbortSignal) =>
      fetch(`${url}/_query/async`, { method: 'POST', headers, body, ...(signal && { signal }) })
    const waiting = submit(leaving.signal).catch(() => {})
    while (cluster.queries.length === 0) await new Promise((resolve) => setImmediate(resolve))
    expect((await submit()).status).toBe(429)

    const scraped = await fetch(`http://127.0.0.1:${port}/metrics`)
    const samples = samplesOf(await scraped.text())
    const valuesOf = (name: string, label = '') =>
      samples
        .filter((sample) => sample.name === name && sample.labels.includes(label))
        .map(({ value }) => value)
    expect(valuesOf('esql_async_request_refusals_total', 'esql_async_limit="maxWaitsPerOwner"')).toEqual([1])
    expect(valuesOf('esql_async_requests_waiting')).toEqual([1])
    expect(valuesOf('esql_async_keys_fetch_duration_count', 'server_address="127.0.0.1"')).toEqual([1])
    expect(valuesOf('esql_async_keys_age')).toEqual([expect.any(Number)])
    expect(valuesOf('db_client_connection_count', 'db_client_connection_state="used"')).toEqual([1])
    expect(valuesOf('target_info', 'service_name="express-esql-async-query"')).toEqual([1])
    expect((await fetch(`${url}/metrics`)).status).toBe(400)

    leaving.abort()
    await waiting
    server.kill('SIGTERM')
    expect(await server.exited).toBe(0)
  })
})

describe('ESQL_ASYNC_METRICS=otlp', () => {
  const received: { url: string | undefined; type: string | undefined; body: Buffer }[] = []

  async function startCollector(status = 200): Promise<Server> {
    received.length = 0
    const collector = createServer(async (request, response) => {
      const body = await buffer(request)
      received.push({ url: request.url, type: request.headers['content-type'], body })
      response.writeHead(status, { 'content-type': 'application/x-protobuf' }).end()
      collector.emit('received')
    }).listen(0, '127.0.0.1')
    opened.push(() => {
      collector.closeAllConnections()
      collector.close()
    })
    await once(collector, 'listening')
    return collector
  }

  const settings = (collector: Server): Record<string, string> => ({
    ESQL_ASYNC_METRICS: 'otlp',
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(collector.address() as AddressInfo).port}`,
  })

  it('sends measurements to a collector again and again, and the last ones when it ends', async () => {
    const collector = await startCollector()
    const server = start({
      ...settings(collector),
      OTEL_METRIC_EXPORT_INTERVAL: '1000',
      OTEL_SERVICE_NAME: 'our-gateway',
    })
    const url = await server.url()
    expect((await fetch(`${url}/_query/async/none`)).status).toBe(401)
    while (received.length < 2) await once(collector, 'received')
    const [{ type, url: path } = {}] = received
    expect([path, type]).toEqual(['/v1/metrics', 'application/x-protobuf'])
    expect((await fetch(`${url}/_query/async`, { method: 'PUT' })).status).toBe(401)
    server.kill('SIGTERM')
    expect(await server.exited).toBe(0)
    const last = received.at(-1)?.body ?? Buffer.of()
    const texts = ['esql_async.request.refusals', 'security_exception', 'service.name', 'our-gateway']
    expect(texts.filter((text) => !last.includes(text))).toEqual([])
    expect(server.log.filter(({ level }) => level !== 'info')).toEqual([])
  })

  it('logs that a collector does not take them, goes on, and ends with 0', async () => {
    const collector = await startCollector(400)
    const server = start({ ...settings(collector), OTEL_METRIC_EXPORT_INTERVAL: '1000' })
    const url = await server.url()
    expect((await fetch(`${url}/_query/async/none`)).status).toBe(401)
    while (!server.stderr.includes('OpenTelemetry: ')) await once(server.pipe('stderr'), 'data')
    expect((await fetch(`${url}/healthz`)).status).toBe(200)
    server.kill('SIGTERM')
    expect(await server.exited).toBe(0)
    const warning = server.log.find(({ level }) => level === 'warn')
    expect(warning?.message).toMatch(/^OpenTelemetry: .*metrics export failed/)
  })
})
