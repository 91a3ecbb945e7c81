import { errorKind } from '../../../core/error-kind'
import type { MeterProvider } from '../../../core/meter'
import { meterOf } from '../../../core/meter'
import type { UpstreamRequest } from './transport'

/** In seconds. Requests wait for queries, by default for up to 15 seconds. */
const DURATION_BUCKETS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 15, 30, 60, 300, 1_800]

const SYSTEM = { 'db.system.name': 'elasticsearch' }
const POOL = { 'db.client.connection.pool.name': 'elasticsearch' }
const USED = { ...POOL, 'db.client.connection.state': 'used' }

type Endpoint = Pick<UpstreamRequest, 'method' | 'path'>

/** What Elasticsearch calls its endpoints. */
const OPERATIONS: readonly (readonly [RegExp, string])[] = [
  [/^POST \/_query$/, 'esql.query'],
  [/^POST \/_query\/async$/, 'esql.async_query'],
  [/^POST \/_query\/async\//, 'esql.async_query_stop'],
  [/^GET \/_query\/async\//, 'esql.async_query_get'],
  [/^DELETE \/_query\/async\//, 'esql.async_query_delete'],
  [/^GET \/_query\/queries$/, 'esql.list_queries'],
  [/^GET \/_query\/queries\//, 'esql.get_query'],
]

function operationOf({ method, path }: Endpoint): string {
  return OPERATIONS.find(([endpoint]) => endpoint.test(`${method} ${path}`))?.[1] ?? 'info'
}

/** What is measured about the cluster, by the semantic conventions of OpenTelemetry. Without it, nothing is. */
export interface ClusterMetrics {
  /** Records a request that has ended with a status, or with an error or a word for it. */
  asked(request: Endpoint, durationMs: number, outcome: { status: number } | { error: unknown }): void
  /** Counts connections that are in use. */
  used(change: number): void
  /** Counts requests that queue for a connection, by what they need one for. */
  queued(need: string, change: number): void
}

export function clusterMetrics(provider: MeterProvider | undefined): ClusterMetrics | undefined {
  const meter = meterOf(provider)
  if (!meter) return undefined
  const duration = meter.createHistogram('db.client.operation.duration', {
    description: 'Time from the need for a request to the cluster to the head of its answer.',
    unit: 's',
    advice: { explicitBucketBoundaries: DURATION_BUCKETS },
  })
  const connections = meter.createUpDownCounter('db.client.connection.count', {
    description: 'Connections to the cluster that are in use.',
    unit: '{connection}',
  })
  const pending = meter.createUpDownCounter('db.client.connection.pending_requests', {
    description: 'Requests that queue for a connection to the cluster.',
    unit: '{request}',
  })
  return {
    asked(request, durationMs, outcome) {
      const attributes = { ...SYSTEM, 'db.operation.name': operationOf(request), ...attributesOf(outcome) }
      duration.record(durationMs / 1_000, attributes)
    },
    used: (change) => connections.add(change, USED),
    queued: (need, change) => pending.add(change, { ...POOL, 'esql_async.need': need }),
  }
}

function attributesOf(outcome: { status: number } | { error: unknown }): Record<string, string> {
  if ('status' in outcome) {
    const status = String(outcome.status)
    return { 'db.response.status_code': status, ...(outcome.status >= 400 && { 'error.type': status }) }
  }
  const { error } = outcome
  return { 'error.type': typeof error === 'string' ? error : errorKind(error) }
}
