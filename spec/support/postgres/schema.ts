import { randomBytes } from 'node:crypto'
import type { Pool, QueryResult } from 'pg'
import { Client } from 'pg'

/** A schema for one test. It is not there until somebody creates it. */
export class TestSchema {
  readonly name = `esql_async_test_${randomBytes(6).toString('hex')}`
  readonly #url: string
  readonly #pool: Pool | undefined

  /** With a pool for tests in which nothing happens to its connections: each new one costs the server a process. */
  constructor(databaseUrl: string, pool?: Pool) {
    this.#url = databaseUrl
    this.#pool = pool
  }

  /** Without a pool on a connection of its own, so it works whatever has become of others. */
  async query(text: string, values?: unknown[]): Promise<QueryResult> {
    if (this.#pool) return this.#pool.query(text, values)
    const client = new Client(this.#url)
    // A server that is killed is no accident here. The statement rejects.
    client.on('error', () => {})
    await client.connect()
    try {
      return await client.query(text, values)
    } finally {
      await client.end()
    }
  }

  /** From now on {@link advance} moves the function `clock()` of this schema, for every connection of every process. */
  async holdClock(): Promise<void> {
    await this.query(`
      CREATE TABLE ${this.name}.test_clock AS SELECT interval '0' AS shift;
      CREATE OR REPLACE FUNCTION ${this.name}.clock() RETURNS timestamptz LANGUAGE sql STABLE
        AS 'SELECT statement_timestamp() + (SELECT shift FROM ${this.name}.test_clock)'`)
  }

  /** Lets time pass for statements that begin after this. */
  async advance(ms: number): Promise<void> {
    await this.query(`UPDATE ${this.name}.test_clock SET shift = shift + $1 * interval '1 millisecond'`, [ms])
  }

  async drop(): Promise<void> {
    await this.query(`DROP SCHEMA IF EXISTS ${this.name} CASCADE`)
  }
}
