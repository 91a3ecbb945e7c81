import { AsyncLocalStorage } from 'node:async_hooks'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Owner } from '../../../lib/core/caller'
import type { QueryErrorOptions } from '../../../lib/core/errors'
import { QueryError } from '../../../lib/core/errors'
import type { Execute } from '../../../lib/stores/execution/execute'
import { MemoryStore } from '../../../lib/stores/memory/memory-store'
import { collectGarbage, heapGrowth } from '../../support/memory-heap'
import { AT_ONCE, alice, errorOf, FOREVER, rows } from '../../support/store-bench'

const KEPT = { ...FOREVER, keepAliveMs: 432_000_000, keepOnCompletion: true }

describe('a MemoryStore', () => {
  let store: MemoryStore
  /** What must not stay alive. */
  let engineObject: WeakRef<object>

  function storeWith(execute: Execute): MemoryStore {
    store = new MemoryStore({ execute })
    return store
  }

  /** Something big of the engine or the host. */
  function large(): object {
    const object = { body: 'x'.repeat(1_000) }
    engineObject = new WeakRef(object)
    return object
  }

  async function startAndAwait(): Promise<string> {
    const { id = '' } = await store.submit({ query: 'FROM x' }, alice, { ...KEPT, ...AT_ONCE })
    await store.get(id, alice, FOREVER).catch(() => {})
    return id
  }

  afterEach(() => store.close())

  it('does not keep what the host ties to the request of a kept query', async () => {
    storeWith(() => rows('a'))
    const host = new AsyncLocalStorage<object>()
    let id = ''
    await (async () => {
      id = await host.run(large(), () => startAndAwait())
      await host.run({}, () => store.get(id, alice, { ...AT_ONCE, keepAliveMs: 864_000_000 }))
    })()
    await collectGarbage()
    expect(engineObject.deref()).toBeUndefined()
    expect(await store.get(id, alice, AT_ONCE)).toMatchObject({ isRunning: false })
  })

  /** A piece of a large text, such as a line of a file or a field of a body. */
  const piece = (): string => `${'x'.repeat(100)}${Math.random()}`.padEnd(500_000, 'y').slice(0, 100)

  const failure =
    (options: QueryErrorOptions, type = 'exception') =>
    (): never => {
      throw new QueryError(type, 'broken', options)
    }

  it.each<[string, () => ReturnType<Execute>]>([
    ['the cells of a result', () => rows(piece(), piece())],
    ['lists in a result', () => ({ ...rows(), values: [[[piece(), piece()]]] })],
    ['the name of a column', () => ({ columns: [{ name: piece(), type: 'keyword' }], values: [] })],
    [
      'a suggested cast',
      () => ({ columns: [{ name: 'x', type: 'ip', suggestedCast: piece() }], values: [] }),
    ],
    ['a profile', () => ({ ...rows('a'), profile: { plan: [{ [piece()]: piece() }] } })],
    ['clusters', () => ({ ...rows('a'), clusters: { details: piece() } })],
    ['the type of a failure', () => failure({}, piece())()],
    ['the metadata of a failure', () => failure({ metadata: { index: piece() } })()],
    ['the headers of a failure', () => failure({ headers: { warning: piece() } })()],
    ['the causes of a failure', () => failure({ causedBy: { type: piece(), reason: piece() } })()],
  ])('does not keep the large texts that %s are pieces of', async (_what, execute) => {
    storeWith(async () => {
      await nextTurn()
      return execute()
    })
    const growth = await heapGrowth(async () => {
      for (let times = 0; times < 20; times += 1) await startAndAwait()
    })
    expect(growth).toBeLessThan(2_000_000)
  })

  it('does not keep the large texts that time zones and owners are pieces of', async () => {
    storeWith(() => rows('a'))
    const growth = await heapGrowth(async () => {
      for (let times = 0; times < 20; times += 1) {
        await store.submit({ query: 'FROM x', timeZone: piece() }, piece() as Owner, { ...KEPT, ...AT_ONCE })
      }
    })
    expect(growth).toBeLessThan(2_000_000)
  })

  it('does not grow with keep-alives that are moved', async () => {
    storeWith(() => rows('a'))
    const id = await startAndAwait()
    const growth = await heapGrowth(async () => {
      for (let index = 0; index < 30_000; index += 1) {
        await store.get(id, alice, { ...AT_ONCE, keepAliveMs: 400_000_000 - 7 * index })
      }
    })
    expect(growth).toBeLessThan(1_500_000)
  })

  it.each<[string, (held: object) => unknown]>([
    ['error', (held) => Object.assign(new Error('broken'), { held })],
    ["error's cause", (held) => new Error('broken', { cause: Object.assign(new Error('why'), { held }) })],
    ['object', (held) => ({ held })],
    ['function', (held) => () => held],
    [
      "QueryError's cause",
      (held) =>
        new QueryError('parsing_exception', 'line 1:1', { cause: Object.assign(new Error('why'), { held }) }),
    ],
    ['QueryError', (held) => Object.assign(new QueryError('parsing_exception', 'line 1:1'), { held })],
  ])('does not keep what hangs on the %s that a query failed with', async (_what, faultWith) => {
    storeWith(async () => {
      await nextTurn()
      throw faultWith(large())
    })
    const id = await startAndAwait()
    await collectGarbage()
    expect(engineObject.deref()).toBeUndefined()
    expect(await errorOf(store.get(id, alice, AT_ONCE))).toBeInstanceOf(QueryError)
  })

  it.each<[string, () => Promise<ReturnType<typeof rows>>]>([
    ['completed', async () => rows('a')],
    [
      'failed',
      async () => {
        await nextTurn()
        throw new Error('broken')
      },
    ],
  ])('does not keep what the abort listener and the reports of a %s query hold', async (_state, end) => {
    storeWith((_request, { signal, report }) => {
      const held = large()
      signal.addEventListener('abort', () => Reflect.get(held, 'body'))
      report(Object.assign(rows('b'), { held }))
      return end()
    })
    await startAndAwait()
    await collectGarbage()
    expect(engineObject.deref()).toBeUndefined()
  })
})
