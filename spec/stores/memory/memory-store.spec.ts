/** @jest-environment node */

import { getEventListeners } from 'node:events'
import type { QueryResult } from '../../../lib/core/result'
import { MemoryStore } from '../../../lib/stores/memory/memory-store'
import type { MemoryStoreOptions } from '../../../lib/stores/memory/options'
import { describeAsyncQueryStore, ManualClock } from '../../../lib/test-kit'
import { foundRows } from '../../support/found-rows'
import { MemoryHarness } from '../../support/memory-harness'
import { AT_ONCE, alice, bob, FOREVER, MemoryBench, refusal, rows } from '../../support/store-bench'

const DAY_MS = 86_400_000

describeAsyncQueryStore('MemoryStore', new MemoryHarness(), { describe, it })

describe('MemoryStore', () => {
  it('returns every fact about a query', async () => {
    const bench = new MemoryBench()
    const startTimeMs = bench.clock.now()
    const id = await bench.start()
    expect(await bench.get(id)).toEqual({
      isRunning: true,
      id,
      startTimeMs,
      expirationTimeMs: startTimeMs + 60_000,
    })
    await bench.clock.advance(1_500.25)
    bench.run.complete(rows('a'))
    expect(await bench.get(id, { ...FOREVER, keepAliveMs: 1_000 })).toEqual({
      isRunning: false,
      id,
      startTimeMs,
      expirationTimeMs: startTimeMs + 2_500.25,
      tookNanos: 1_500_250_000,
      isPartial: false,
      result: { ...foundRows('a'), isFrozen: true },
    })
  })

  it('gives the request and the owner to the executor', async () => {
    const { store, runs } = new MemoryBench()
    const request = { query: 'FROM x', params: [{ value: 2n ** 60n }], extra: { pragma: {} } }
    await store.submit(request, bob, { ...AT_ONCE, keepAliveMs: 1, keepOnCompletion: false })
    expect(runs.map((run) => [run.request, run.owner])).toEqual([[request, bob]])
  })

  it('finds a query by its id without the padding', async () => {
    const bench = new MemoryBench()
    const id = await bench.start()
    const unpadded = id.replaceAll('=', '')
    bench.obeySignal()
    expect((await bench.get(unpadded))?.id).toBe(id)
    expect((await bench.stop(unpadded))?.id).toBe(id)
    expect(await bench.delete(unpadded)).toBe(true)
  })

  it('keeps no query longer than its limit, at its submit and at each get', async () => {
    const limitKeepAlive = ({ query }: { query: string }) => (query === 'FROM x' ? 1_000 : undefined)
    const clock = new ManualClock()
    const execute = () => rows('a')
    const store = new MemoryStore({ execute, limitKeepAlive, clock })
    const options = { ...AT_ONCE, keepAliveMs: 60_000, keepOnCompletion: true }
    const [limited, free] = await Promise.all(
      ['FROM x', 'FROM y'].map((query) => store.submit({ query }, alice, options)),
    )
    expect([limited?.expirationTimeMs, free?.expirationTimeMs]).toEqual([
      clock.now() + 1_000,
      clock.now() + 60_000,
    ])
    await clock.advance(600)
    const found = await store.get(`${limited?.id}`, alice, { ...AT_ONCE, keepAliveMs: 60_000 })
    expect(found?.expirationTimeMs).toBe(clock.now() + 1_000)
    await clock.advance(1_000)
    expect(await store.get(`${limited?.id}`, alice, AT_ONCE)).toBeUndefined()
    await store.close()
  })

  it.each([0, -1])('leaves the expiry when get has a keep-alive of %d', async (keepAliveMs) => {
    const bench = new MemoryBench()
    const id = await bench.start()
    const expirationTimeMs = bench.clock.now() + 60_000
    expect((await bench.get(id, { keepAliveMs }))?.expirationTimeMs).toBe(expirationTimeMs)
  })

  it.each([0, -1])(
    'answers a submit with a keep-alive of %d, although it expires at once',
    async (keepAliveMs) => {
      const bench = new MemoryBench()
      const submit = bench.submit({ ...FOREVER, keepAliveMs, keepOnCompletion: false })
      bench.run.complete(rows('a'))
      expect(await submit).toMatchObject({ isRunning: false, result: foundRows('a') })
      expect(bench.clock.pendingTimers).toBe(0)
    },
  )

  it('cancels a submit whose query expires during the wait', async () => {
    const bench = new MemoryBench()
    const submit = refusal(bench.submit({ ...FOREVER, keepAliveMs: 1_000 }))
    await bench.clock.advance(1_000)
    expect(await submit).toEqual({
      type: 'task_cancelled_exception',
      status: 400,
      reason: 'task cancelled [keep_alive expired]',
      metadata: {},
    })
  })

  // Node.js fires a timer of more than 24.8 days at once.
  it('keeps a query for months', async () => {
    jest.useFakeTimers()
    try {
      const store = new MemoryStore({ execute: () => new Promise(() => {}), interruptGraceMs: 0 })
      const options = { ...AT_ONCE, keepAliveMs: 60 * DAY_MS, keepOnCompletion: true }
      const { id = '' } = await store.submit({ query: 'FROM x' }, alice, options)
      jest.advanceTimersByTime(59 * DAY_MS)
      expect((await store.get(id, alice, AT_ONCE))?.isRunning).toBe(true)
      jest.advanceTimersByTime(1 * DAY_MS)
      expect(await store.get(id, alice, AT_ONCE)).toBeUndefined()
    } finally {
      jest.useRealTimers()
    }
  })

  it('keeps nothing of a hundred waits after their query completes', async () => {
    const bench = new MemoryBench()
    const id = await bench.start({ keepOnCompletion: false })
    const timersBefore = bench.clock.pendingTimers
    const waits = Array.from({ length: 100 }, (_, index) => {
      const { signal } = new AbortController()
      const waitForCompletionTimeoutMs = index % 2 ? Number.POSITIVE_INFINITY : 30_000
      return { signal, query: bench.get(id, { signal, waitForCompletionTimeoutMs }) }
    })
    const countListeners = (): number =>
      waits.reduce((count, { signal }) => count + getEventListeners(signal, 'abort').length, 0)
    expect([countListeners(), bench.clock.pendingTimers]).toEqual([100, timersBefore + 50])
    bench.run.complete(rows('a'))
    for (const { query } of waits) expect(await query).toMatchObject({ result: foundRows('a') })
    expect([countListeners(), bench.clock.pendingTimers]).toEqual([0, timersBefore])
    await bench.delete(id)
    expect(bench.clock.pendingTimers).toBe(0)
  })

  it('counts no result of a query that is deleted while the result is copied', async () => {
    const large = rows(...Array.from({ length: 5 }, () => 'x'.repeat(150_000)))
    const bench = new MemoryBench({ maxBytes: 1_000_000, interruptGraceMs: 0 })
    const id = await bench.start()
    // The executor ignores its signal, so the query counts until the end of the test.
    bench.run.report(large)
    const stopped = refusal(bench.stop(id))
    // The result is large enough to be copied in several turns of the event loop.
    await new Promise(process.nextTick)
    const deleted = bench.delete(id)
    await bench.clock.advance(0)
    expect(await deleted).toBe(true)
    expect(await stopped).toMatchObject({ type: 'task_cancelled_exception' })

    const other = await bench.start()
    bench.run.complete(large)
    expect(await bench.get(other, FOREVER)).toMatchObject({ isRunning: false })
  })

  describe('results', () => {
    it('are the same for all readers, and frozen', async () => {
      const bench = new MemoryBench()
      const id = await bench.start()
      bench.run.complete(rows('a'))
      const queries = await Promise.all([bench.get(id, FOREVER), bench.get(id, FOREVER)])
      const [first, second] = queries.map((query) => (query?.isRunning === false ? query.result : undefined))
      expect(second).toBe(first)
      expect([first, first?.columns, first?.columns[0], first?.values].every(Object.isFrozen)).toBe(true)
    })

    it('do not change when the executor changes its arrays', async () => {
      const bench = new MemoryBench()
      const id = await bench.start()
      const values = [['a']]
      bench.run.complete({ ...rows(), values })
      await bench.get(id, FOREVER)
      values[0]?.push('b')
      values.push(['c'])
      expect(await bench.get(id)).toMatchObject({ result: foundRows('a') })
    })
  })

  describe('close', () => {
    it('ends waits and running queries', async () => {
      const bench = new MemoryBench()
      const wait = refusal(bench.submit(FOREVER))
      bench.obeySignal()
      await bench.store.close()
      expect(bench.run.signal.aborted).toBe(true)
      expect(await wait).toEqual({
        type: 'task_cancelled_exception',
        status: 400,
        reason: 'task cancelled [store closed]',
        metadata: {},
      })
    })

    it('makes every method reject with 503', async () => {
      const bench = new MemoryBench()
      const id = await bench.start()
      bench.obeySignal()
      await bench.store.close()
      const closed = {
        type: 'no_shard_available_action_exception',
        status: 503,
        reason: 'the async query store is closed',
        metadata: {},
      }
      for (const call of [bench.submit(), bench.get(id), bench.stop(id), bench.delete(id)]) {
        expect(await refusal(call)).toEqual(closed)
      }
    })

    it('waits no longer than its grace for an executor that ignores its signal', async () => {
      const bench = new MemoryBench({ interruptGraceMs: 500 })
      await bench.start()
      const closed = jest.fn()
      const closing = bench.store.close().then(closed)
      await bench.clock.advance(499)
      expect(closed).not.toHaveBeenCalled()
      await bench.clock.advance(1)
      await closing
    })
  })

  describe('options', () => {
    const execute = (): QueryResult => rows()

    it.each([
      [undefined, 'MemoryStore expects an object of options, got undefined'],
      [{}, 'MemoryStore needs the option `execute`: a function'],
      [{ execute: 'FROM x' }, 'MemoryStore expects `execute` to be a function, got `FROM x` (string)'],
      [{ execute, maxQueries: 0 }, 'MemoryStore expects `maxQueries` to be a number > 0, got `0` (number)'],
      [
        { execute, maxQueriesPerOwner: -1 },
        'MemoryStore expects `maxQueriesPerOwner` to be a number > 0, got `-1` (number)',
      ],
      [{ execute, maxBytes: '1mb' }, 'MemoryStore expects `maxBytes` to be a number > 0, got `1mb` (string)'],
      [
        { execute, maxBytesPerOwner: Number.NaN },
        'MemoryStore expects `maxBytesPerOwner` to be a number > 0, got `NaN` (number)',
      ],
      [
        { execute, interruptGraceMs: -1 },
        'MemoryStore expects `interruptGraceMs` to be a number >= 0, got `-1` (number)',
      ],
      [
        { execute, clock: Date.now },
        'MemoryStore expects `clock` to be an object, got a value of type function',
      ],
      [
        { execute, maxQuery: 5 },
        'MemoryStore does not know the option `maxQuery`; did you mean `maxQueries`?',
      ],
    ])('refuses %p', (options, message) => {
      expect(() => new MemoryStore(options as unknown as MemoryStoreOptions)).toThrow(new TypeError(message))
    })
  })
})
