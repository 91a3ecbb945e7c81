import type { PostgresStoreOptions } from '../../lib/stores/postgres/options'
import { PostgresStore } from '../../lib/stores/postgres/postgres-store'
import { TestSchema } from './postgres/schema'
import { ObservedPool } from './postgres-harness'
import { StoreBench } from './store-bench'

/** A process with a store on tables that others may use too. */
export class PostgresBench extends StoreBench<PostgresStore> {
  readonly pool: ObservedPool
  readonly schema: TestSchema

  private constructor(schema: TestSchema, pool: ObservedPool, options: Partial<PostgresStoreOptions>) {
    super((own) => new PostgresStore({ ...own, pool, schema: schema.name, closeGraceMs: 0, ...options }))
    this.schema = schema
    this.pool = pool
  }

  /** A store on tables of its own, whose time stands still. Another process is always there, which takes part in nothing. */
  static async create(url: string, options: Partial<PostgresStoreOptions> = {}): Promise<PostgresBench> {
    const bench = new PostgresBench(new TestSchema(url), new ObservedPool(url), options)
    await bench.store.migrate()
    await bench.schema.holdClock()
    const { name } = bench.schema
    await bench.schema.query(
      `INSERT INTO ${name}.executors SELECT gen_random_uuid(), 'infinity', '-infinity'`,
    )
    bench.pool.statements.length = 0
    return bench
  }

  /** From now on, there are no other processes than those of the test. */
  async removeWitness(): Promise<void> {
    await this.schema.query(`DELETE FROM ${this.schema.name}.executors WHERE seen_at = 'infinity'`)
  }

  /** Another process on the same tables, with timers of its own. */
  replica(options: Partial<PostgresStoreOptions> = {}, pool = this.pool): PostgresBench {
    return new PostgresBench(this.schema, pool, options)
  }

  /** Lets time pass for the tables, then for the timers of these processes, and waits for what that brings about. */
  async advance(ms: number, ...others: PostgresBench[]): Promise<void> {
    await this.pool.idle()
    await this.schema.advance(ms)
    for (const { clock } of [this, ...others]) await clock.advance(ms)
    await this.pool.idle()
  }

  /** Every cell of the tables, as text. */
  async dump(): Promise<string> {
    const { name } = this.schema
    const { rows } = await this.schema.query(
      `SELECT q::text AS row FROM ${name}.queries q UNION ALL SELECT c::text FROM ${name}.chunks c`,
    )
    return rows.map(({ row }) => row).join('\n')
  }

  async count(table: 'queries' | 'chunks' | 'executors'): Promise<number> {
    const some = table === 'executors' ? `WHERE seen_at < 'infinity'` : ''
    const { name } = this.schema
    const { rows } = await this.schema.query(`SELECT count(*)::int AS n FROM ${name}.${table} ${some}`)
    return rows[0].n
  }

  /** Closes the store. Its executors ignore their signals, so their grace has to pass. */
  async close(): Promise<void> {
    const closing = this.store.close()
    await this.pool.idle()
    await this.clock.advance(10_000)
    await closing
  }

  async remove(): Promise<void> {
    await this.close()
    await this.schema.drop()
    await this.pool.end()
  }
}
