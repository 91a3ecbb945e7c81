import type { Caller, QueryResult } from 'express-esql-async-query'
import { startCluster, TABLE } from './cluster'
import { startElasticsearchGateway } from './elasticsearch-gateway'
import type { Gateway, GatewayOptions } from './gateway'
import { startGateway } from './gateway'

/** The stores of the package, each behind a gateway. */
export const SETUPS = [
  'MemoryStore',
  'ElasticsearchStore with url',
  'ElasticsearchStore with client',
] as const
export type SetupName = (typeof SETUPS)[number]

/** A gateway whose queries the test controls, wherever they run. */
export interface Setup {
  gateway: Gateway
  /** How many queries were started, and how many of them run. */
  started(): number
  running(): number
  /** Timers of the store. */
  timers(): number
  /** Ends the query that was started last. */
  complete(result?: QueryResult): void
  /** Gives it the rows that a stop keeps. */
  report(rows: QueryResult): void
  close(): Promise<void>
}

/** In front of a cluster, the cluster knows the callers, and Alice may see running queries. */
export async function startSetup(name: SetupName, options: GatewayOptions = {}): Promise<Setup> {
  if (name === 'MemoryStore') {
    const gateway = await startGateway({
      ...options,
      memory: { maxQueriesPerOwner: 1_000, ...options.memory },
    })
    const { engine, clock } = gateway
    return {
      gateway,
      started: () => engine.runs.length,
      running: () => engine.runs.filter(({ signal }) => !signal.aborted).length,
      timers: () => clock.pendingTimers,
      complete: (result = TABLE) => engine.run.complete(result),
      report: (rows) => engine.run.report(rows),
      close: () => gateway.close(),
    }
  }
  const cluster = await startCluster({ monitors: ['alice'] })
  const transport = name.endsWith('url') ? 'url' : 'client'
  const runAs = ({ owner }: Caller) => String(JSON.parse(owner)[1])
  const { store: _, ...others } = options
  const gateway = await startElasticsearchGateway(transport, cluster.url, { ...others, store: { runAs } })
  return {
    gateway,
    started: () => cluster.queries.length,
    running: () => cluster.running.length,
    timers: () => gateway.storeClock.pendingTimers,
    complete: (result = TABLE) => cluster.query.complete(result),
    report: (rows) => cluster.query.report(rows),
    async close() {
      await gateway.close()
      await cluster.close()
    },
  }
}
