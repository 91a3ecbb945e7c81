import { PostgresServer } from './server'

/** Where specs put their schemas. */
export interface TestDatabase {
  url: string
  close(): Promise<void>
}

/**
 * The database that `ESQL_ASYNC_TEST_POSTGRES` names, otherwise one on a server that starts now. Each spec file has its own
 * server: it costs a second, and no file disturbs another.
 */
export async function openDatabase(
  environment: NodeJS.ProcessEnv = process.env,
  start = () => PostgresServer.start(),
): Promise<TestDatabase> {
  const url = environment.ESQL_ASYNC_TEST_POSTGRES
  if (url) return { url, close: async () => {} }
  const server = await start().catch((cause) => {
    const remedy = 'Set ESQL_ASYNC_TEST_POSTGRES to the URL of a database that is there.'
    throw new Error(`No PostgreSQL starts on this machine. ${remedy}\n${cause.message}`, { cause })
  })
  return { url: server.url, close: () => server.remove() }
}
