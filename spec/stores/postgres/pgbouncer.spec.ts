import type { PostgresStoreOptions } from '../../../lib/stores/postgres/options'
import { PostgresStore } from '../../../lib/stores/postgres/postgres-store'
import { describeAsyncQueryStore } from '../../../lib/test-kit'
import { foundRows } from '../../support/found-rows'
import { PgBouncer, pgBouncerProgram } from '../../support/postgres/pgbouncer'
import { TestSchema } from '../../support/postgres/schema'
import { PostgresServer } from '../../support/postgres/server'
import { ObservedPool, PostgresHarness } from '../../support/postgres-harness'
import { AT_ONCE, alice, FOREVER, rows } from '../../support/store-bench'

const KEPT = { keepAliveMs: 600_000, keepOnCompletion: true }
const DEAF = 'a pooler keeps notifications from this process, so it asks PostgreSQL again and again'

const describeBehind = pgBouncerProgram ? describe : describe.skip

describeBehind('PgBouncer in transaction mode, where it is installed', () => {
  let server: PostgresServer
  let bouncer: PgBouncer

  beforeAll(async () => {
    server = await PostgresServer.start()
    bouncer = await PgBouncer.start(server, pgBouncerProgram ?? '')
  })
  afterAll(async () => {
    await bouncer.remove()
    await server.remove()
  })

  describe('two processes behind it', () => {
    const stores: PostgresStore[] = []
    let pool: ObservedPool
    let schema: TestSchema
    let warn: jest.Mock
    let complete: () => void

    beforeEach(() => {
      pool = new ObservedPool(bouncer.url)
      schema = new TestSchema(bouncer.url)
      warn = jest.fn()
    })
    afterEach(async () => {
      await Promise.all(stores.splice(0).map((store) => store.close()))
      await schema.drop()
      await pool.end()
    })

    function create(options: Partial<PostgresStoreOptions>): PostgresStore {
      const logger = { debug() {}, info() {}, error() {}, warn }
      const execute = () =>
        new Promise<ReturnType<typeof rows>>((resolve) => {
          complete = () => resolve(rows('a'))
        })
      const store = new PostgresStore({ pool, execute, logger, schema: schema.name, ...options })
      stores.push(store)
      return store
    }

    it('hear nothing, say so once, and end their waits by asking', async () => {
      const options = { statementTimeoutMs: 1_000, pollMs: 50 }
      const [one, two] = [create(options), create(options)]
      await one.migrate()
      const { id = '' } = await one.submit({ query: 'FROM x' }, alice, { ...AT_ONCE, ...KEPT })
      const wait = two.get(id, alice, FOREVER)
      const isDeaf = new Promise<void>((resolve) => {
        warn.mockImplementation((_, text) => {
          if (text === DEAF && warn.mock.calls.filter(([, other]) => other === DEAF).length === 2) resolve()
        })
      })
      await isDeaf
      complete()
      expect(await wait).toMatchObject({ isRunning: false, result: foundRows('a') })
      expect(warn).toHaveBeenCalledTimes(2)
    })

    it('hear each other past it', async () => {
      const options = { listener: { connectionString: server.url }, pollMs: 600_000 }
      const [one, two] = [create(options), create(options)]
      await one.migrate()
      const { id = '' } = await one.submit({ query: 'FROM x' }, alice, { ...AT_ONCE, ...KEPT })
      const wait = two.get(id, alice, FOREVER)
      complete()
      expect(await wait).toMatchObject({ isRunning: false, result: foundRows('a') })
      expect(warn).not.toHaveBeenCalled()
    })
  })

  describe('a store behind it', () => {
    const harness = new PostgresHarness(() => bouncer.url, { listener: false })

    afterAll(() => harness.end())
    describeAsyncQueryStore('PostgresStore', harness, { describe, it })
  })
})
