import type { AsyncQueryStore, Logger, PostgresPool } from '../index'
import { ElasticsearchStore, MemoryStore, PostgresStore } from '../index'
import { sampleEngine } from '../sample/engine'
import type { ServerConfig } from './config'
import { ConfigError, messageOf } from './config-error'
import { SETTINGS, variableOf } from './settings'

/** A store that can be asked. `close` also ends what it was opened with. */
export interface OpenStore {
  store: AsyncQueryStore
  close(): Promise<void>
}

/** Throws a {@link ConfigError} if the database of the configuration cannot be used. */
export async function openStore(config: ServerConfig, logger: Logger): Promise<OpenStore> {
  const { elasticsearch, postgresUrl, queries, store: bounds } = config
  if (postgresUrl !== undefined) return openPostgres(postgresUrl, config, logger)
  const store = elasticsearch
    ? new ElasticsearchStore(elasticsearch)
    : new MemoryStore({ execute: sampleEngine(queries), ...bounds })
  return { store, close: () => store.close() }
}

async function openPostgres(
  connectionString: string,
  { queries, store: bounds }: ServerConfig,
  logger: Logger,
): Promise<OpenStore> {
  const { Pool } = loadPg()
  const pool = new Pool({
    connectionString,
    application_name: 'express-esql-async-query',
    // A database that does not answer is an outage, and no reason to wait for good.
    connectionTimeoutMillis: 5_000,
    query_timeout: 10_000,
    keepAlive: true,
  })
  // The server has given what it answers its time already.
  const options = { pool, execute: sampleEngine(queries), logger, closeGraceMs: 0, ...bounds }
  const store = new PostgresStore(options)
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

/** `pg` is an optional package, which just this setting needs. */
function loadPg(): { Pool: new (options: object) => PostgresPool & { end(): Promise<void> } } {
  try {
    // Not `import()`: test runners that run CommonJS in a context of their own refuse it.
    return require('pg')
  } catch (cause) {
    const text = `${variableOf(SETTINGS.postgresUrl)} needs the package \`pg\`; run npm install pg`
    throw new ConfigError(text, { cause })
  }
}

/** Where a name has several addresses, the error of a socket has its text in the parts, and only its code itself. */
function reasonOf(error: unknown): string {
  const [first = error] = error instanceof AggregateError ? error.errors : []
  return `the database cannot be used: ${messageOf(first)}`
}
