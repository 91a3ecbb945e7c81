import { setImmediate as nextTurn } from 'node:timers/promises'
import { ManualClock } from 'express-esql-async-query/test-kit'
import type { AsyncQuery, AsyncQueryStore } from '../../lib/core/store'
import { runToEnd } from '../../lib/router/sync-query'
import { foundRows } from '../support/found-rows'
import { alice, MemoryBench, rows } from '../support/store-bench'

const request = { query: 'FROM x' }

describe('runToEnd', () => {
  let bench: MemoryBench
  let controller: AbortController

  beforeEach(() => {
    bench = new MemoryBench({ interruptGraceMs: 0 })
    controller = new AbortController()
  })
  afterEach(() => bench.store.close())

  /** The same store, with fewer methods. */
  function storeWith(...names: readonly ('submit' | 'delete')[]): AsyncQueryStore {
    const { store } = bench
    const methods = names.map((name) => [name, store[name].bind(store)])
    return { get: store.get.bind(store), ...Object.fromEntries(methods) }
  }

  const begin = (store: AsyncQueryStore) =>
    runToEnd(store, request, { owner: alice, caller: { owner: alice } }, controller.signal)

  /** How many of the store's queries have not been forgotten. */
  async function kept(): Promise<number> {
    await bench.clock.advance(0)
    return bench.clock.pendingTimers
  }

  describe('in a store that does not answer', () => {
    const running: AsyncQuery = { isRunning: true, id: 'a' }
    const never = (): Promise<never> => new Promise(() => {})

    it.each<[string, AsyncQueryStore]>([
      ['submit', { submit: never, get: never, delete: never }],
      ['get', { submit: async () => running, get: never }],
      [
        'delete',
        {
          submit: (_request, _owner, { signal }) =>
            new Promise((resolve) => signal?.addEventListener('abort', () => resolve(running))),
          get: never,
          delete: never,
        },
      ],
    ])('ends soon after the signal has fired: %s', async (_method, store) => {
      const clock = new ManualClock()
      let outcome: unknown = 'none'
      void runToEnd(
        store,
        request,
        { owner: alice, caller: { owner: alice } },
        controller.signal,
        clock,
      ).then((answer) => {
        outcome = answer
      })
      await clock.advance(3_600_000)
      controller.abort()
      await clock.advance(1_999)
      expect(outcome).toBe('none')
      await clock.advance(1)
      expect([outcome, clock.pendingTimers]).toEqual([undefined, 0])
    })
  })

  describe('in a store that can delete', () => {
    it('resolves with the result', async () => {
      const outcome = begin(storeWith('submit', 'delete'))
      await nextTurn()
      bench.run.complete(rows('a'))
      expect(await outcome).toMatchObject({ isRunning: false, result: foundRows('a') })
      expect(await kept()).toBe(0)
    })

    it('deletes the query when the signal fires', async () => {
      const outcome = begin(storeWith('submit', 'delete'))
      await nextTurn()
      controller.abort()
      await nextTurn()
      bench.run.fail(bench.run.signal.reason)
      expect([await outcome, bench.run.signal.aborted]).toEqual([undefined, true])
      expect(await kept()).toBe(0)
    })
  })

  describe('in a store that cannot delete', () => {
    it('goes on asking, so that the query lives as long as it runs', async () => {
      const outcome = begin(storeWith('submit'))
      await nextTurn()
      for (let passed = 0; passed < 600; passed += 1) await bench.clock.advance(1_000)
      expect(bench.run.signal.aborted).toBe(false)
      bench.run.complete(rows('a'))
      expect(await outcome).toMatchObject({ isRunning: false, result: foundRows('a') })
      await bench.clock.advance(30_000)
      expect(await kept()).toBe(0)
    })

    it('lets the query expire soon after the signal has fired', async () => {
      const outcome = begin(storeWith('submit'))
      await nextTurn()
      await bench.clock.advance(25_000)
      controller.abort()
      expect(await outcome).toBeUndefined()
      await bench.clock.advance(30_000)
      expect(bench.run.signal.reason).toMatchObject({ reason: 'task cancelled [keep_alive expired]' })
      expect(await kept()).toBe(0)
    })

    it('rejects with the error of the query', async () => {
      const outcome = begin(storeWith('submit'))
      await nextTurn()
      await bench.clock.advance(10_000)
      bench.run.fail(new Error('broken'))
      await expect(outcome).rejects.toMatchObject({ type: 'exception' })
    })

    it('rejects when the store has lost the query', async () => {
      const submit = async (): Promise<AsyncQuery> => ({ isRunning: true, id: 'a' })
      await expect(begin({ submit, get: async () => undefined })).rejects.toMatchObject({
        type: 'task_cancelled_exception',
        status: 400,
      })
    })

    it('lets others have their turn, even if the store does not wait', async () => {
      const running: AsyncQuery = { isRunning: true, id: 'a' }
      const outcome = begin({ submit: async () => running, get: async () => running })
      for (let turn = 0; turn < 10; turn += 1) await nextTurn()
      controller.abort()
      expect(await outcome).toBeUndefined()
    })
  })
})
