import { newSealingKey } from 'express-esql-async-query'
import { HELP, parseCommandLine } from '../../lib/server/config'
import { ConfigError } from '../../lib/server/config-error'

const URL = 'postgres://gateway:pass%20word@db.example:5432/queries?sslmode=verify-full'

function configOf(environment: Record<string, string>, args: string[] = []) {
  const command = parseCommandLine(args, environment)
  if (command.action !== 'serve') throw new Error(`it asks for ${command.action}`)
  return command.config
}

function refusal(environment: Record<string, string>, args: string[] = []): string {
  try {
    configOf(environment, args)
  } catch (error) {
    if (error instanceof ConfigError) return error.message
    throw error
  }
  throw new Error('it is not refused')
}

describe('a database in the configuration of the standalone server', () => {
  it('keeps the sample queries, with the bounds that it knows', () => {
    const { postgresUrl, queries, store } = configOf({
      ESQL_ASYNC_POSTGRES_URL: URL,
      ESQL_ASYNC_MAX_QUERIES_PER_OWNER: '10',
      ESQL_ASYNC_MAX_BYTES: '1000000',
      ESQL_ASYNC_MAX_BYTES_PER_OWNER: '100000',
      ESQL_ASYNC_MAX_RUN: '1h',
      ESQL_ASYNC_ON_MAX_RUN: 'fail',
      ESQL_ASYNC_IDEMPOTENCY_WINDOW: '1m',
    })
    expect([postgresUrl, queries]).toEqual([URL, configOf({}).queries.map(() => expect.anything())])
    expect(store).toEqual({
      maxQueriesPerOwner: 10,
      maxBytes: 1_000_000,
      maxBytesPerOwner: 100_000,
      maxRunMs: 3_600_000,
      onMaxRun: 'fail',
      idempotencyWindowMs: 60_000,
    })
  })

  it.each([
    'postgres://localhost/queries',
    'postgresql://user@[::1]:5433/queries',
    'postgres://user@localhost/queries?host=/run/postgresql',
  ])('takes %s', (url) => {
    expect(configOf({ ESQL_ASYNC_POSTGRES_URL: url }).postgresUrl).toBe(url)
  })

  it.each([
    '',
    'localhost',
    'mysql://gateway:secret@db/queries',
    'postgres://gateway:secret@one:1,two:2/queries',
  ])('refuses %j, and does not repeat it', (url) => {
    expect(refusal({ ESQL_ASYNC_POSTGRES_URL: url })).toBe(
      'ESQL_ASYNC_POSTGRES_URL must be a URL such as postgres://user:password@host:5432/database',
    )
  })

  it('is refused beside a cluster', () => {
    expect(
      refusal({
        ESQL_ASYNC_POSTGRES_URL: URL,
        ELASTICSEARCH_URL: 'https://es.example:9200',
        ESQL_ASYNC_SEALING_KEYS: newSealingKey(),
        ESQL_ASYNC_DEVELOPMENT: 'true',
      }),
    ).toBe('ESQL_ASYNC_POSTGRES_URL: for sample queries only; remove it, or ELASTICSEARCH_URL')
  })

  it('is refused with bounds of queries in memory', () => {
    expect(refusal({ ESQL_ASYNC_POSTGRES_URL: URL }, ['--max-queries', '5'])).toBe(
      '--max-queries: for queries in memory only; remove it, or ESQL_ASYNC_POSTGRES_URL',
    )
  })

  it('has no flag, which others could read', () => {
    expect(HELP).toMatch(/\n +\(no flag\) +ESQL_ASYNC_POSTGRES_URL\n/)
    expect(refusal({}, ['--postgres-url', URL])).toBe(
      'the flag --postgres-url is not known; did you mean the variable ESQL_ASYNC_POSTGRES_URL?',
    )
  })
})
