import type { TestDatabase } from '../../support/postgres/database'
import { openDatabase } from '../../support/postgres/database'
import { PostgresBench } from '../../support/postgres-bench'
import { AT_ONCE, errorOf } from '../../support/store-bench'

const fail = (): never => {
  throw new Error('the disk is full')
}

describe('a store whose log fails', () => {
  let database: TestDatabase
  let bench: PostgresBench

  beforeAll(async () => {
    database = await openDatabase()
  })
  afterAll(() => database.close())
  beforeEach(async () => {
    const logger = { debug: fail, info: fail, warn: fail, error: fail }
    bench = await PostgresBench.create(database.url, { logger, listener: false })
  })
  afterEach(() => bench.remove())

  it('keeps a failure that it cannot tell', async () => {
    const id = await bench.start()
    bench.run.fail(new Error('broken'))
    await bench.pool.idle()
    expect(await errorOf(bench.get(id, AT_ONCE))).toMatchObject({ status: 500 })
  })

  it('says on that it is there after an outage that it cannot tell', async () => {
    const { name } = bench.schema
    const id = await bench.start()
    await bench.schema.query(`ALTER TABLE ${name}.executors RENAME TO away`)
    await bench.advance(5_000)
    await bench.schema.query(`ALTER TABLE ${name}.away RENAME TO executors`)
    for (let beats = 0; beats < 6; beats += 1) await bench.advance(5_000)
    expect(await bench.replica({ listener: false }).get(id)).toMatchObject({ id, isRunning: true })
  })
})
