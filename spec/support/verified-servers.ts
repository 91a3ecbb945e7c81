import path from 'node:path'
import type { Caller } from 'express-esql-async-query'
import { PostgresStore } from 'express-esql-async-query'
import { Pool } from 'pg'
import { systemClock } from '../../lib/core/clock'
import { startDouble } from '../../lib/double'
import type { EsqlAsyncApi } from '../../lib/test-kit'
import { startCluster } from './cluster'
import { startElasticsearchGateway } from './elasticsearch-gateway'
import { Engine } from './engine'
import type { GatewayOptions } from './gateway'
import { startGateway } from './gateway'
import { openDatabase } from './postgres/database'
import { TestSchema } from './postgres/schema'
import { token } from './tokens'

/** A server that listens, and what to ask it. */
export interface VerifiedServer {
  api: EsqlAsyncApi
  close(): Promise<void>
}

/** The stores of the package, each behind a gateway whose time is that of the machine, and the double. */
export const VERIFIED_SERVERS = {
  MemoryStore: () => startMemory(),
  PostgresStore: startPostgres,
  'ElasticsearchStore with url': () => startElasticsearch('url'),
  'ElasticsearchStore with client': () => startElasticsearch('client'),
  double: startVerifiedDouble,
} as const satisfies Record<string, () => Promise<VerifiedServer>>

/** Alice and Mallory ask what the engines of the specs know. */
export function apiAt(url: string): EsqlAsyncApi {
  const as = { alice: token({ sub: 'alice' }), mallory: token({ sub: 'mallory' }) }
  return { url, as, queries: { completes: 'FROM books', runs: 'RUN', fails: 'FAIL LATER' } }
}

export async function startMemory(options: GatewayOptions = {}): Promise<VerifiedServer> {
  const gateway = await startGateway({ memory: { clock: systemClock }, ...options })
  return { api: apiAt(gateway.url), close: () => gateway.close() }
}

async function startElasticsearch(transport: 'url' | 'client'): Promise<VerifiedServer> {
  const cluster = await startCluster({ monitors: ['alice'] })
  const runAs = ({ owner }: Caller) => String(JSON.parse(owner)[1])
  const store = { runAs, clock: systemClock }
  const gateway = await startElasticsearchGateway(transport, cluster.url, { store })
  return {
    api: apiAt(gateway.url),
    async close() {
      await gateway.close()
      await cluster.close()
    },
  }
}

async function startPostgres(): Promise<VerifiedServer> {
  const database = await openDatabase()
  const pool = new Pool({ connectionString: database.url, max: 5 })
  const schema = new TestSchema(database.url)
  const { execute } = new Engine()
  const store = new PostgresStore({ pool, execute, schema: schema.name })
  await store.migrate()
  const gateway = await startGateway({ store })
  return {
    api: apiAt(gateway.url),
    async close() {
      await gateway.close()
      await store.close()
      await schema.drop()
      await pool.end()
      await database.close()
    },
  }
}

async function startVerifiedDouble(): Promise<VerifiedServer> {
  const catalogue = path.join(__dirname, '..', '..', 'sample-queries.json')
  const double = await startDouble({ catalogue, delays: 'recorded', waitByDefault: true })
  const as = { alice: token({ sub: 'alice' }), mallory: token({ sub: 'mallory' }) }
  return {
    api: {
      url: double.url,
      as,
      queries: { completes: 'FROM books', runs: 'FROM slower', fails: 'FROM failing' },
    },
    close: () => double.close(),
  }
}
