import { QueryError } from 'express-esql-async-query'
import { encodeFailure, queryKey } from '../../../lib/stores/postgres/encoding'
import { LOST } from '../../../lib/stores/postgres/failures'
import { statementsFor } from '../../../lib/stores/postgres/statements'
import type { TestDatabase } from '../../support/postgres/database'
import { openDatabase } from '../../support/postgres/database'
import { PostgresBench } from '../../support/postgres-bench'
import { AT_ONCE, alice, errorOf } from '../../support/store-bench'

describe('fail', () => {
  let database: TestDatabase
  let bench: PostgresBench

  beforeAll(async () => {
    database = await openDatabase()
  })
  afterAll(() => database.close())
  beforeEach(async () => {
    bench = await PostgresBench.create(database.url)
  })
  afterEach(() => bench.remove())

  it('may be sent again, and replaces no other failure: a process may take a query for one of its lost ones late', async () => {
    const { name } = bench.schema
    const id = await bench.start()
    const failure = new QueryError('verification_exception', 'Unknown index [x]')
    bench.run.fail(failure)
    await bench.pool.idle()
    const { rows } = await bench.schema.query(`SELECT executor FROM ${name}.queries`)
    const again = async (error: QueryError) => {
      const values = [queryKey(alice, id), rows[0].executor, encodeFailure(error)]
      return (await bench.schema.query(statementsFor(name, false).fail, values)).rowCount
    }
    expect([await again(failure), await again(LOST)]).toEqual([1, 0])
    expect(await errorOf(bench.get(id, AT_ONCE))).toMatchObject({ reason: 'Unknown index [x]', status: 400 })
  })
})
