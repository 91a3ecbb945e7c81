import { createHash } from 'node:crypto'
import { batchesOf } from '../../../lib/core/result'
import type { Execute } from '../../../lib/stores/execution/execute'
import { isOutage } from '../../../lib/stores/postgres/database'
import type { PostgresStoreOptions } from '../../../lib/stores/postgres/options'
import { PostgresStore } from '../../../lib/stores/postgres/postgres-store'
import { foundRows } from '../../support/found-rows'
import { PostgresServer } from '../../support/postgres/server'
import { PostgresBench } from '../../support/postgres-bench'
import { ObservedPool } from '../../support/postgres-harness'
import { AT_ONCE, alice, errorOf, FOREVER, rows } from '../../support/store-bench'

const KEPT = { keepAliveMs: 600_000, keepOnCompletion: true }

/** What the logger has been told at the level of warnings, and a way to wait for it. */
class Warnings {
  readonly #waiting: { text: string; resolve: () => void }[] = []
  readonly logger = {
    debug() {},
    info() {},
    error() {},
    warn: (_details: object, message: string): void => {
      for (const { text, resolve } of this.#waiting) if (message === text) resolve()
    },
  }

  next(text: string): Promise<void> {
    return new Promise((resolve) => this.#waiting.push({ text, resolve }))
  }
}

describe('a server that is killed while queries run', () => {
  let server: PostgresServer
  let pool: ObservedPool

  // Each test leaves it running, and takes the tables as it finds them.
  beforeAll(async () => {
    server = await PostgresServer.start()
  })
  beforeEach(() => {
    pool = new ObservedPool(server.url)
  })
  afterEach(() => pool.end())
  afterAll(() => server.remove())

  it('loses neither its waits nor its result', async () => {
    const expected = { isRunning: false, result: foundRows('a') }
    const warnings = new Warnings()
    let complete = (): void => {}
    const execute: Execute = () =>
      new Promise((resolve) => {
        complete = () => resolve(rows('a'))
      })
    const store = new PostgresStore({ pool, execute, logger: warnings.logger })
    await store.migrate()
    const { id = '' } = await store.submit({ query: 'FROM x' }, alice, { ...AT_ONCE, ...KEPT })
    const before = await store.get(id, alice, AT_ONCE)
    expect(before).toMatchObject({ isRunning: true, id })
    const wait = store.get(id, alice, FOREVER)
    await pool.idle()
    await server.kill()

    for (const ask of [
      () => store.get(id, alice, AT_ONCE),
      () => store.submit({ query: 'FROM x' }, alice, { ...AT_ONCE, ...KEPT }),
    ]) {
      // The router answers 503 to whatever is no QueryError.
      await expect(ask()).rejects.not.toHaveProperty('status')
    }
    const tried = warnings.next('PostgreSQL takes no outcome now; trying on')
    complete()
    await tried
    await server.start()
    expect(await wait).toMatchObject(expected)
    expect(await store.get(id, alice, AT_ONCE)).toMatchObject(expected)
    await store.close()
  })

  it('loses no wait of another process', async () => {
    const other = new ObservedPool(server.url)
    let complete = (): void => {}
    const execute: Execute = () =>
      new Promise((resolve) => {
        complete = () => resolve(rows('a'))
      })
    const logger = new Warnings().logger
    const one = new PostgresStore({ pool, execute, logger })
    const two = new PostgresStore({ pool: other, execute, logger })
    try {
      await one.migrate()
      const { id = '' } = await one.submit({ query: 'FROM x' }, alice, { ...AT_ONCE, ...KEPT })
      const waits = Array.from({ length: 1_000 }, () => two.get(id, alice, FOREVER))
      await other.idle()
      await server.kill()
      complete()
      await server.start()
      for (const query of await Promise.all(waits)) {
        expect(query).toMatchObject({ isRunning: false, result: foundRows('a') })
      }
    } finally {
      await Promise.all([one.close(), two.close()])
      await other.end()
    }
  })

  it('takes no process for lost before it could have said that it is there', async () => {
    const options: Partial<PostgresStoreOptions> = { listener: false, logger: new Warnings().logger }
    const bench = await PostgresBench.create(server.url, options)
    const two = bench.replica(options)
    await bench.removeWitness()
    try {
      const { id = '' } = await bench.submit({ keepAliveMs: 600_000 })
      await server.kill()
      await server.start()
      const { name } = bench.schema
      await bench.schema.query(`UPDATE ${name}.executors SET seen_at = seen_at - interval '1 hour'`)
      expect(await two.get(id)).toMatchObject({ isRunning: true })
      // It has to be there itself for as long.
      for (let beats = 0; beats < 6; beats += 1) await two.advance(5_000)
      expect(await errorOf(two.get(id))).toMatchObject({ type: 'node_disconnected_exception' })
    } finally {
      await two.close()
      await bench.remove()
    }
  })

  it('lets close end everything', async () => {
    const logger = new Warnings().logger
    const execute: Execute = () => new Promise(() => {})
    const [one, two] = [
      new PostgresStore({ pool, execute, logger, closeGraceMs: 0 }),
      new PostgresStore({ pool, execute, logger, closeGraceMs: 0 }),
    ]
    await one.migrate()
    const { id = '' } = await one.submit({ query: 'FROM x' }, alice, { ...AT_ONCE, ...KEPT })
    const waits = [one, two].map((store) => store.get(id, alice, FOREVER).catch((error) => error))
    await pool.idle()
    await server.kill()
    await Promise.all([one.close(), two.close()])
    for (const error of await Promise.all(waits)) expect(isOutage(error)).toBe(true)
    await server.start()
  })

  it('loses no row of a result that is being written', async () => {
    const cell = (row: number): string => createHash('sha512').update(String(row)).digest('base64')
    const batch = (no: number) => Array.from({ length: 2_000 }, (_, row) => [cell(no * 2_000 + row)])
    const execute: Execute = () => ({
      columns: [{ name: 'x', type: 'keyword' }],
      values: (async function* () {
        for (let no = 0; no < 20; no += 1) {
          yield batch(no)
          if (no !== 9) continue
          await server.kill()
          void server.start()
        }
      })(),
    })
    const store = new PostgresStore({ pool, execute, logger: new Warnings().logger })
    await store.migrate()
    const { id = '' } = await store.submit({ query: 'FROM x' }, alice, { ...AT_ONCE, ...KEPT })
    const query = await store.get(id, alice, FOREVER)
    if (query?.isRunning !== false) throw new Error('It has not completed')
    const read: unknown[] = []
    for (const some of batchesOf(query.result.values)) read.push(...(await some))
    expect(read).toEqual(Array.from({ length: 20 }, (_, no) => batch(no)).flat())
    await store.close()
  })
})
