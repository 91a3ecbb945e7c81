import { describeAsyncQueryStore } from '../../../lib/test-kit'
import type { TestDatabase } from '../../support/postgres/database'
import { openDatabase } from '../../support/postgres/database'
import { PostgresHarness } from '../../support/postgres-harness'

let database: TestDatabase
const harness = new PostgresHarness(() => database.url)

beforeAll(async () => {
  database = await openDatabase()
})
afterAll(async () => {
  await harness.end()
  await database.close()
})

describeAsyncQueryStore('PostgresStore', harness, { describe, it })
