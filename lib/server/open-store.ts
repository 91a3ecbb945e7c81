import { messageOf } from '../core/message-of'
import type { AsyncQueryStore, Logger, PostgresPool, PostgresStoreOptions } from '../index'
import { ElasticsearchStore, MemoryStore, PostgresStore } from '../index'
import { keepAliveLimit, sampleEngine } from '../sample/engine'
import type { ServerConfig } from './config'
import { ConfigError } from './config-error'
import type { LiveCatalogue } from './live-catalogue'
import { SETTINGS, variableOf } from './settings'

/** A store that can be asked. `close` also ends what it was opened with. */
export interface OpenStore {
  store: AsyncQueryStore
  close(): Promise<void>
}

/** Throws a {@link ConfigError} if the database of the configuration cannot be used. */
export async function openStore(
  { elasticsearch, postgresUrl, store: bounds }: ServerConfig,
  catalogue: LiveCatalogue,
  logger: Logger,
): Promise<OpenStore> {
  const queries = () => catalogue.queries
  const execute = sampleEngine(queries)
  const engine = { execute, limitKeepAlive: keepAliveLimit(queries), ...bounds }
  if (postgresUrl !== undefined) return openPostgres(postgresUrl, { logger, ...engine })
  const store = elasticsearch ? new ElasticsearchStore(elasticsearch) : new MemoryStore(engine)
  return { store, close: () => store.close() }
}

/** Connections to the database. Throws a {@link ConfigError} where `pg` is missing. */
export function openPool(connectionString: string): Pool {
  const { Pool } = loadPg()
  return new Pool({
    connectionString,
    application_name: 'express-esql-async-query',
    // A database that does not answer is an outage, and no reason to wait for good.
    connectionTimeoutMillis: 5_000,
    query_timeout: 10_000,
    keepAlive: true,
  })
}

async function openPostgres(
  connectionString: string,
  given: Omit<PostgresStoreOptions, 'pool'>,
): Promise<OpenStore> {
  const pool = openPool(connectionString)
  // The server has given what it answers its time already.
  const store = new PostgresStore({ ...given, pool, closeGraceMs: 0 })
  const close = async (): Promise<void> => {
    await store.close()
    await pool.end()
  }
  try {
    await store.migrate()
  } catch (cause) {
    await close()
    throw new ConfigError(`${variableOf(SETTINGS.postgresUrl)}: ${reasonOf(cause)}`, { cause })
  }
  return { store, close }
}

type Pool = PostgresPool & { end(): Promise<void> }

/** `pg` is an optional package, which just this setting needs. */
function loadPg(): { Pool: new (options: object) => Pool } {
  try {
    // Not `import()`: test runners that run CommonJS in a context of their own refuse it.
    return require('pg')
  } catch (cause) {
    const text = `${variableOf(SETTINGS.postgresUrl)} needs the package \`pg\`; run npm install pg`
    throw new ConfigError(text, { cause })
  }
}

/** Where a name has several addresses, the error of a socket has its text in the parts, and only its code itself. */
export function reasonOf(error: unknown): string {
  const [first = error] = error instanceof AggregateError ? error.errors : []
  return `the database cannot be used: ${messageOf(first)}`
}
