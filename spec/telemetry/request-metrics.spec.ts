import { connect } from 'node:net'
import { metrics } from '@opentelemetry/api'
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import { asyncQueryRouter, MemoryStore, type Meter } from 'express-esql-async-query'
import { type Gateway, type GatewayOptions, startGateway } from '../support/gateway'
import { token } from '../support/tokens'
import { until } from '../support/until'

/** What an OpenTelemetry SDK has measured, by the names of the instruments. */
type Measured = Record<string, { attributes: object; value: unknown }[]>

describe('the measurements', () => {
  let exporter: InMemoryMetricExporter
  let meterProvider: MeterProvider
  let gateway: Gateway

  function sdk(): MeterProvider {
    exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
    const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 })
    return new MeterProvider({ readers: [reader] })
  }

  async function start(options: GatewayOptions = {}): Promise<void> {
    meterProvider = sdk()
    gateway = await startGateway({ meterProvider, memory: { meterProvider }, ...options })
  }
  afterEach(async () => {
    await gateway.close()
    await meterProvider.shutdown()
  })

  async function measured(): Promise<Measured> {
    exporter.reset()
    await meterProvider.forceFlush()
    const instruments = exporter.getMetrics().flatMap((resource) =>
      resource.scopeMetrics.flatMap(({ scope, metrics }) => {
        expect(scope.name).toBe('express-esql-async-query')
        return metrics
      }),
    )
    return Object.fromEntries(
      instruments.map(({ descriptor, dataPoints }) => [
        `${descriptor.name} ${descriptor.unit}`,
        dataPoints.map(({ attributes, value }) => ({
          attributes,
          // Of a histogram, how many there were.
          value: typeof value === 'object' ? value.count : value,
        })),
      ]),
    )
  }

  const submit = async (body: object = {}) => {
    const { headers } = await gateway.alice('POST /_query/async', {
      body: { query: 'RUN', wait_for_completion_timeout: '0', ...body },
    })
    return headers['x-elasticsearch-async-id'] ?? ''
  }

  it('are of requests by operation, status and type of error', async () => {
    await start()
    const id = await submit()
    for (const _ of [1, 2]) await gateway.alice(`GET /_query/async/${id}?wait_for_completion_timeout=0`)
    await gateway.mallory(`GET /_query/async/${id}`)
    await gateway.anonymous(`GET /_query/async/${id}`)
    await gateway.alice('PUT /_query/async')
    const operation = (name: string) => ({ 'esql_async.operation': name })
    const notFound = { ...operation('get'), 'error.type': 'resource_not_found_exception' }
    const anonymous = { ...operation('get'), 'error.type': 'security_exception' }
    const status = (code: number) => ({ 'http.response.status_code': code })
    expect(await measured()).toMatchObject({
      'esql_async.request.duration s': [
        { attributes: { ...operation('submit'), ...status(200) }, value: 1 },
        { attributes: { ...operation('get'), ...status(200) }, value: 2 },
        { attributes: { ...notFound, ...status(404) }, value: 1 },
        { attributes: { ...anonymous, ...status(401) }, value: 1 },
        { attributes: { 'error.type': '405', ...status(405) }, value: 1 },
      ],
      'esql_async.request.wait s': [
        { attributes: operation('submit'), value: 1 },
        { attributes: operation('get'), value: 3 },
      ],
      'esql_async.response.size By': [
        { attributes: operation('submit'), value: 1 },
        { attributes: operation('get'), value: 4 },
        { attributes: {}, value: 1 },
      ],
      'esql_async.request.refusals {request}': [
        { attributes: notFound, value: 1 },
        { attributes: anonymous, value: 1 },
        { attributes: { 'error.type': '405' }, value: 1 },
      ],
    })
  })

  it('are of what waits, runs and is held, at this moment', async () => {
    await start()
    const id = await submit()
    const other = await submit()
    const waiting = [1, 2, 3].map(() => gateway.alice(`GET /_query/async/${id}`))
    await until(() => gateway.router.waiting === 3)
    const now = async () => {
      const all = await measured()
      const value = (name: string) => all[name]?.map((point) => point.value)
      return {
        waiting: value('esql_async.requests.waiting {request}'),
        running: value('esql_async.store.running {query}'),
        held: value('esql_async.store.queries {query}'),
        hasBytes: Number(value('esql_async.store.size By')?.[0]) > 0,
      }
    }
    expect(await now()).toEqual({ waiting: [3], running: [2], held: [2], hasBytes: true })
    gateway.engine.runs[0]?.complete()
    await Promise.all(waiting)
    expect(await now()).toEqual({ waiting: [0], running: [1], held: [2], hasBytes: true })
    for (const each of [id, other]) await gateway.alice(`DELETE /_query/async/${each}`)
    gateway.engine.runs[1]?.complete()
    await until(() => gateway.router.waiting === 0)
    expect(await now()).toMatchObject({ waiting: [0], held: [0] })
    await gateway.clock.advance(1_000)
    expect(await now()).toEqual({ waiting: [0], running: [0], held: [0], hasBytes: false })
  })

  it('are of failures after the store was asked', async () => {
    await start({ store: { get: () => Promise.reject(new Error('x')) } })
    for (const _ of [1, 2]) await gateway.alice('GET /_query/async/a')
    const { 'esql_async.store.errors {request}': errors } = await measured()
    const attributes = {
      'esql_async.operation': 'get',
      'error.type': 'no_shard_available_action_exception',
    }
    expect(errors).toEqual([{ attributes, value: 2 }])
  })

  it('go to the global MeterProvider by default', async () => {
    meterProvider = sdk()
    metrics.setGlobalMeterProvider(meterProvider)
    try {
      gateway = await startGateway()
    } finally {
      metrics.disable()
    }
    await submit()
    const names = Object.keys(await measured()).sort()
    expect(names).toEqual([
      'esql_async.request.duration s',
      'esql_async.request.wait s',
      'esql_async.requests.waiting {request}',
      'esql_async.response.size By',
      'esql_async.store.queries {query}',
      'esql_async.store.running {query}',
      'esql_async.store.size By',
    ])
  })

  it('that fail are no reason to fail', async () => {
    const broken = () => {
      throw new Error('the meter is broken')
    }
    const meter = {
      createCounter: () => ({ add: broken }),
      createUpDownCounter: () => ({ add: broken }),
      createHistogram: () => ({ record: broken }),
    }
    const meterProvider = { getMeter: () => meter }
    await start({ meterProvider, memory: { meterProvider, maxQueries: 1 }, maxWaits: 1 })
    for (const _ of [1, 2, 3]) {
      const { status, json } = await gateway.alice('POST /_query/async', { body: { query: 'ROW n = 1' } })
      expect([status, json]).toEqual([200, expect.objectContaining({ is_running: false })])
      expect(gateway.router.waiting).toBe(0)
    }
  })

  it('are not of clients that left, where they count refusals', async () => {
    await start()
    const id = await submit()
    const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1')
    socket.write(
      `GET /_query/async/${id} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token({ sub: 'alice' })}\r\n\r\n`,
    )
    await until(() => gateway.router.waiting === 1)
    socket.destroy()
    await until(() => gateway.router.waiting === 0)
    const all = await measured()
    expect(all['esql_async.request.refusals {request}']).toBeUndefined()
    expect(all['esql_async.request.duration s']).toContainEqual({
      attributes: { 'esql_async.operation': 'get', 'error.type': '499', 'http.response.status_code': 499 },
      value: 1,
    })
  })

  it('have bounds that rise', async () => {
    const bounds: number[][] = []
    const instrument = () => ({ add() {}, record() {} })
    const meter: Meter = {
      createCounter: instrument,
      createUpDownCounter: instrument,
      createHistogram(_name, { advice }) {
        bounds.push(advice?.explicitBucketBoundaries ?? [])
        return instrument()
      },
    }
    await start({ meterProvider: { getMeter: () => meter } })
    expect(bounds.length).toBe(3)
    for (const each of bounds) expect(each).toEqual([...new Set(each)].sort((a, b) => a - b))
  })

  it.each([5, null, {}, { getMeter: 5 }])('cannot go to %j', async (wrong) => {
    await start()
    const options = { meterProvider: wrong as never }
    const message = 'expects `meterProvider` to be a MeterProvider of OpenTelemetry'
    const execute = async () => ({ columns: [], values: [] })
    expect(() => new MemoryStore({ execute, ...options })).toThrow(message)
    const store = new MemoryStore({ execute })
    expect(() => asyncQueryRouter({ store, resolveCaller: () => undefined, ...options })).toThrow(message)
  })
})
