import { AsyncLocalStorage } from 'node:async_hooks'
import type { Execute } from '../../../lib/stores/execution/execute'
import type { PostgresStoreOptions } from '../../../lib/stores/postgres/options'
import { foundRows } from '../../support/found-rows'
import type { TestDatabase } from '../../support/postgres/database'
import { openDatabase } from '../../support/postgres/database'
import { PostgresBench } from '../../support/postgres-bench'
import { ObservedPool } from '../../support/postgres-harness'
import { alice, bob, FOREVER, rows } from '../../support/store-bench'

const OPTIONS: Partial<PostgresStoreOptions> = { listener: false, onLost: 'rerun' }

/** A pool whose takeovers wait until the test says what becomes of them. */
class HoldingPool extends ObservedPool {
  fail = (): void => {}
  readonly #failed = new Promise<never>((_, reject) => {
    this.fail = () => reject(Object.assign(new Error('reset'), { code: 'ECONNRESET' }))
  })

  override async query(statement: Parameters<ObservedPool['query']>[0]): ReturnType<ObservedPool['query']> {
    if (statement.text.includes('SKIP LOCKED')) await this.#failed
    return super.query(statement)
  }
}

let database: TestDatabase
let one: PostgresBench
const others: PostgresBench[] = []
/** What the host ties to a request, such as its tenant. */
const host = new AsyncLocalStorage<string>()

beforeAll(async () => {
  database = await openDatabase()
})
beforeEach(async () => {
  one = await PostgresBench.create(database.url, OPTIONS)
})
afterEach(async () => {
  for (const bench of others.splice(0)) await bench.close()
  await one.remove()
})
afterAll(() => database.close())

describe('a process that takes over queries because a get has found one', () => {
  it('runs them outside of the context of that get, whoever owns them', async () => {
    const contexts: unknown[] = []
    const execute: Execute = async () => {
      contexts.push(host.getStore())
      return rows('second')
    }
    const two = one.replica({ ...OPTIONS, execute })
    others.push(two)
    const ids = [await one.start(), await one.start({ owner: bob })]
    await one.close()
    await host.run('request of bob', () => two.store.get(ids[1] ?? '', bob, FOREVER))
    expect(await two.store.get(ids[0] ?? '', alice, FOREVER)).toMatchObject({ result: foundRows('second') })
    expect(contexts).toEqual([undefined, undefined])
  })

  it('answers the get before, and also if the takeover fails', async () => {
    const pool = new HoldingPool(database.url)
    const two = one.replica(OPTIONS, pool)
    others.push(two)
    const id = await one.start()
    await one.close()
    expect(await two.get(id)).toMatchObject({ isRunning: true, id })
    pool.fail()
    expect(await two.get(id)).toMatchObject({ isRunning: true, id })
    await two.close()
    await pool.end()
  })
})

it('a process looks after its queries outside of the contexts of the requests that began them', async () => {
  const contexts: unknown[] = []
  const two = one.replica(OPTIONS)
  others.push(two)
  const { clock } = two
  const setTimer = clock.setTimer.bind(clock)
  jest.spyOn(clock, 'setTimer').mockImplementation((callback, ms) => {
    if (ms === 250) contexts.push(host.getStore())
    return setTimer(callback, ms)
  })
  await host.run('a request', () => two.start())
  for (let looks = 0; looks < 3; looks += 1) {
    await clock.advance(250)
    await two.pool.idle()
  }
  expect(contexts).toEqual([undefined, undefined, undefined, undefined])
})
