import { mkdtempSync, rmdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Client } from 'pg'
import type { TestDatabase } from './database'
import { openDatabase } from './database'
import { TestSchema } from './schema'
import { PostgresServer } from './server'

let database: TestDatabase

beforeAll(async () => {
  database = await openDatabase()
})
afterAll(() => database.close())

describe('openDatabase', () => {
  it('opens the database that ESQL_ASYNC_TEST_POSTGRES names, and lets it run', async () => {
    const named = await openDatabase({ ESQL_ASYNC_TEST_POSTGRES: database.url })
    expect(named.url).toBe(database.url)
    await named.close()
    const { rows } = await new TestSchema(named.url).query('SELECT 1 AS cell')
    expect(rows).toEqual([{ cell: 1 }])
  })

  it('says what to do where no server starts', async () => {
    const empty = mkdtempSync(path.join(tmpdir(), 'esql-async-binaries-'))
    const start = () => PostgresServer.start({}, empty)
    await expect(openDatabase({}, start)).rejects.toThrow(
      /^No PostgreSQL starts on this machine\. Set ESQL_ASYNC_TEST_POSTGRES to .*\nThe programs of .* ENOENT$/,
    )
    rmdirSync(empty)
  })
})

describe('TestSchema', () => {
  let schema: TestSchema

  beforeEach(async () => {
    schema = new TestSchema(database.url)
    await schema.query(`
      CREATE SCHEMA ${schema.name};
      CREATE FUNCTION ${schema.name}.clock() RETURNS timestamptz LANGUAGE sql STABLE AS 'SELECT statement_timestamp()'`)
  })
  afterEach(() => schema.drop())

  it('has a name of its own, which needs no quotes', () => {
    expect(schema.name).toMatch(/^[a-z_][a-z0-9_]*$/)
    expect(new TestSchema(database.url).name).not.toBe(schema.name)
  })

  it('drops what is in it, and what is not there', async () => {
    await schema.query(`CREATE TABLE ${schema.name}.rows ()`)
    await schema.drop()
    await schema.drop()
    const { rows } = await schema.query('SELECT FROM pg_namespace WHERE nspname = $1', [schema.name])
    expect(rows).toEqual([])
  })

  it('moves its clock for every connection, also for statements that were prepared before', async () => {
    const clients = [new Client(database.url), new Client(database.url)]
    const text = `SELECT extract(epoch FROM ${schema.name}.clock() - statement_timestamp())::float8 AS seconds`
    const readAll = async () => {
      const answers = await Promise.all(clients.map((client) => client.query({ name: 'clock', text })))
      return answers.map(({ rows }) => rows[0].seconds)
    }
    try {
      await Promise.all(clients.map((client) => client.connect()))
      expect(await readAll()).toEqual([0, 0])
      await schema.holdClock()
      expect(await readAll()).toEqual([0, 0])
      await schema.advance(90_000)
      await schema.advance(0.5)
      expect(await readAll()).toEqual([90.0005, 90.0005])
    } finally {
      await Promise.all(clients.map((client) => client.end()))
    }
  })
})
