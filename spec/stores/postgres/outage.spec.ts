import { createHash } from 'node:crypto'
import { batchesOf } from '../../../lib/core/result'
import type { Execute } from '../../../lib/stores/execution/execute'
import { PostgresStore } from '../../../lib/stores/postgres/postgres-store'
import { PostgresServer } from '../../support/postgres/server'
import { ObservedPool } from '../../support/postgres-harness'
import { AT_ONCE, alice, FOREVER, rows } from '../../support/store-bench'

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

describe('a server that is killed while a query runs', () => {
  let server: PostgresServer
  let pool: ObservedPool

  beforeEach(async () => {
    server = await PostgresServer.start()
    pool = new ObservedPool(server.url)
  })
  afterEach(async () => {
    await pool.end()
    await server.remove()
  })

  it('loses neither its waits nor its result', async () => {
    const expected = { isRunning: false, result: rows('a') }
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
