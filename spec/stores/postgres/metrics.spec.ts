import type { Attributes, InstrumentOptions } from '../../../lib/core/meter'
import type { TestDatabase } from '../../support/postgres/database'
import { openDatabase } from '../../support/postgres/database'
import { PostgresBench } from '../../support/postgres-bench'
import { FOREVER, refusal } from '../../support/store-bench'

let database: TestDatabase

beforeAll(async () => {
  database = await openDatabase()
})
afterAll(() => database.close())

/** Adds up what instruments get. */
function sums() {
  const sum: Record<string, number> = {}
  const instrument = (name: string, _options: InstrumentOptions) => {
    const add = (value: number, { 'error.type': error }: Attributes = {}): void => {
      const key = error === undefined ? name : `${name} ${error}`
      sum[key] = (sum[key] ?? 0) + value
    }
    return {
      add,
      record: (value: number, attributes?: Attributes) => add(value >= 0 ? 1 : Number.NaN, attributes),
    }
  }
  const meter = {
    createCounter: instrument,
    createUpDownCounter: instrument,
    createHistogram: instrument,
  }
  return { sum, meterProvider: { getMeter: () => meter } }
}

it('PostgresStore measures lost queries, statements, those that wait, and whether it hears others', async () => {
  const { sum, meterProvider } = sums()
  const one = await PostgresBench.create(database.url, { listener: false })
  const two = one.replica({ meterProvider })
  const connected = () => sum['esql_async.store.listener.connected']
  try {
    const id = await one.start()
    const before = one.pool.statements.length
    const gets = Array.from({ length: 10 }, () => two.get(id, FOREVER))
    const more = await Promise.all([
      two.store.check(),
      two.store.check(),
      two.store.check(),
      two.store.check(),
    ])
    expect(more).toHaveLength(4)
    while (connected() !== 1) await one.pool.idle()
    await one.schema.advance(21_000)
    const lost = await refusal(two.get(id))
    expect(lost).toMatchObject({ type: 'node_disconnected_exception' })
    for (const get of gets) expect(await refusal(get)).toEqual(lost)
    await one.pool.idle()
    expect(sum).toMatchObject({
      'esql_async.store.lost': 1,
      'esql_async.store.statement.duration': one.pool.statements.length - before,
      'esql_async.store.pool.waiting': 0,
      'esql_async.store.pool.used': 0,
    })
    await two.close()
    while (connected() !== 0) await one.pool.idle()
  } finally {
    await two.close()
    await one.remove()
  }
})

it('PostgresStore measures why statements fail, and how often it loses the connection that listens', async () => {
  const { sum, meterProvider } = sums()
  const one = await PostgresBench.create(database.url, { listener: false })
  const two = one.replica({ meterProvider })
  try {
    await two.start()
    while (sum['esql_async.store.listener.connected'] !== 1) await one.pool.idle()
    await one.schema.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN "${one.schema.name}"%'
        OR query LIKE '%${one.schema.name}%' AND pid <> pg_backend_pid()`,
    )
    while (!sum['esql_async.store.listener.failures 57P01']) await one.pool.idle()
    await one.schema.query(`ALTER TABLE ${one.schema.name}.queries RENAME TO hidden`)
    await two.submit().catch(() => {})
    const failed = sum['esql_async.store.statement.duration 42P01']
    await one.schema.query(`ALTER TABLE ${one.schema.name}.hidden RENAME TO queries`)
    expect(failed).toBeGreaterThan(0)
  } finally {
    await two.close()
    await one.remove()
  }
})
