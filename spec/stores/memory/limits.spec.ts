import { setImmediate as nextTurn } from 'node:timers/promises'
import { QueryError } from '../../../lib/core/errors'
import type { CompletedQuery } from '../../../lib/core/store'
import { bob, errorOf, FOREVER, MemoryBench, refusal, rows } from '../../support/store-bench'

const TOO_MANY = {
  type: 'es_rejected_execution_exception',
  status: 429,
  reason:
    'rejected execution of async query: the server has [1] async queries already, the limit is [1]; ' +
    'delete those that are no longer needed or try again later',
  metadata: {},
}

const TOO_LARGE = {
  type: 'circuit_breaking_exception',
  status: 429,
  reason: expect.stringMatching(
    /^\[async_query\] Data too large, data for all async queries would be \[\d+b\], which is larger than the limit of \[10000b\]$/,
  ),
  metadata: { bytes_wanted: expect.any(Number), bytes_limit: 10_000, durability: 'TRANSIENT' },
}

/** Room for one, not for two. */
const LARGE = rows('x'.repeat(6_000))

describe('the most queries that a MemoryStore holds', () => {
  it('are not exceeded: a submit is refused, and its query is not run', async () => {
    const bench = new MemoryBench({ maxQueries: 1 })
    await bench.start({ owner: bob })
    expect(await refusal(bench.submit())).toEqual(TOO_MANY)
    expect(bench.runs).toHaveLength(1)
  })

  it('are counted for each owner too', async () => {
    const bench = new MemoryBench({ maxQueriesPerOwner: 1 })
    await bench.start()
    const { reason } = await errorOf(bench.submit())
    expect(reason).toContain('you have [1] async queries already, the limit is [1]')
    expect(await bench.submit({ owner: bob })).toMatchObject({ isRunning: true })
  })

  it('are 10,000, and 1,000 of one owner, when nothing else is said', async () => {
    const bench = new MemoryBench()
    for (let count = 0; count < 1_000; count += 1) await bench.start()
    expect((await errorOf(bench.submit())).reason).toContain('the limit is [1000]')
    for (let count = 0; count < 9_000; count += 1) {
      await bench.start({ owner: `${bob}${count % 9}` as typeof bob })
    }
    expect((await errorOf(bench.submit({ owner: bob }))).reason).toContain('the limit is [10000]')
  })

  it.each<[string, (bench: MemoryBench) => Promise<unknown>]>([
    [
      'is deleted while it runs',
      async (bench) => {
        const id = await bench.start()
        bench.obeySignal()
        return bench.delete(id)
      },
    ],
    [
      'is deleted when it has completed',
      async (bench) => {
        const id = await bench.start()
        bench.run.complete(rows('a'))
        await bench.get(id, FOREVER)
        return bench.delete(id)
      },
    ],
    [
      'expires while it runs',
      async (bench) => {
        await bench.start()
        bench.obeySignal()
        return bench.clock.advance(60_000)
      },
    ],
    [
      'expires when it has completed',
      async (bench) => {
        await bench.start()
        bench.run.complete(rows('a'))
        return bench.clock.advance(60_000)
      },
    ],
    [
      'expires at once and has ended',
      async (bench) => {
        await bench.submit({ keepAliveMs: 0 })
        bench.run.complete(rows('a'))
        return nextTurn()
      },
    ],
    [
      'completes within the wait and is not kept',
      async (bench) => {
        const submit = bench.submit({ ...FOREVER, keepOnCompletion: false })
        bench.run.complete(rows('a'))
        return submit
      },
    ],
    [
      'fails within the wait',
      async (bench) => {
        const submit = errorOf(bench.submit(FOREVER))
        bench.run.fail(new Error('broken'))
        return submit
      },
    ],
  ])('have room for another when one %s', async (_event, end) => {
    const bench = new MemoryBench({ maxQueries: 1 })
    for (let times = 0; times < 3; times += 1) await end(bench)
    expect(await bench.submit()).toMatchObject({ isRunning: true })
    expect(await refusal(bench.submit())).toEqual(TOO_MANY)
  })

  it.each<[string, (bench: MemoryBench, id: string) => Promise<unknown>]>([
    ['deleted', (bench, id) => Promise.all([bench.delete(id), bench.clock.advance(500)])],
    ['expired', (bench) => bench.clock.advance(60_000)],
  ])('count a %s query whose executor ignores its signal until that ends', async (_event, forget) => {
    const bench = new MemoryBench({ maxQueries: 1, interruptGraceMs: 500 })
    const id = await bench.start()
    const { run } = bench
    await forget(bench, id)
    expect(await bench.get(id)).toBeUndefined()
    expect(await refusal(bench.submit())).toEqual(TOO_MANY)
    run.complete(rows('late'))
    await nextTurn()
    expect(await bench.submit()).toMatchObject({ isRunning: true })
    expect(await refusal(bench.submit())).toEqual(TOO_MANY)
  })

  it('count a failed query that is kept', async () => {
    const bench = new MemoryBench({ maxQueries: 1 })
    const id = await bench.start()
    bench.run.fail(new Error('broken'))
    await errorOf(bench.get(id, FOREVER))
    expect(await refusal(bench.submit())).toEqual(TOO_MANY)
    await bench.delete(id)
    expect(await bench.submit()).toMatchObject({ isRunning: true })
  })
})

describe('the most bytes that a MemoryStore holds', () => {
  it('are not exceeded: a query fails whose result does not fit', async () => {
    const bench = new MemoryBench({ maxBytes: 10_000 })
    await bench.start({ owner: bob })
    bench.run.complete(LARGE)
    const id = await bench.start()
    bench.run.complete(LARGE)
    expect(await refusal(bench.get(id, FOREVER))).toEqual(TOO_LARGE)
    expect(await refusal(bench.get(id))).toEqual(TOO_LARGE)
  })

  it('are not exceeded by what a stop keeps', async () => {
    const bench = new MemoryBench({ maxBytes: 10_000 })
    const id = await bench.start()
    bench.obeySignal()
    bench.run.report(rows('x'.repeat(10_000)))
    expect(await refusal(bench.stop(id))).toEqual(TOO_LARGE)
  })

  it('are not exceeded by a request, whose submit leaves nothing behind', async () => {
    const bench = new MemoryBench({ maxBytes: 10_000, maxQueries: 1 })
    expect(await refusal(bench.submit({ query: 'x'.repeat(10_000) }))).toEqual(TOO_LARGE)
    expect(bench.runs).toHaveLength(0)
    expect(await bench.submit()).toMatchObject({ isRunning: true })
  })

  it('are counted for each owner too', async () => {
    const bench = new MemoryBench({ maxBytesPerOwner: 10_000 })
    await bench.start()
    bench.run.complete(LARGE)
    const another = errorOf(bench.submit(FOREVER))
    bench.run.complete(LARGE)
    expect((await another).reason).toContain('data for your async queries would be')
    const others = bench.submit({ ...FOREVER, owner: bob })
    bench.run.complete(LARGE)
    expect(await others).toMatchObject({ isRunning: false })
  })

  it('have room again when a result is deleted or expires', async () => {
    const bench = new MemoryBench({ maxBytes: 10_000 })
    const complete = async (): Promise<string> => {
      const id = await bench.start()
      bench.run.complete(LARGE)
      expect(await bench.get(id, FOREVER)).toMatchObject({ isRunning: false })
      return id
    }
    await bench.delete(await complete())
    await complete()
    await bench.clock.advance(60_000)
    await complete()
  })

  it.each<[string, (bench: MemoryBench, id: string) => Promise<unknown>]>([
    ['deleted', (bench, id) => bench.delete(id)],
    ['expired', (bench) => bench.clock.advance(60_000)],
  ])('count a %s result until its last reader has finished', async (_event, forget) => {
    const bench = new MemoryBench({ maxBytes: 10_000 })
    const id = await bench.start()
    bench.run.complete(LARGE)
    const { result } = (await bench.get(id, FOREVER)) as CompletedQuery
    const releases = [bench.store.hold(result), bench.store.hold(result)]
    await forget(bench, id)
    expect(await bench.get(id)).toBeUndefined()
    for (const release of releases) {
      const refused = bench.submit(FOREVER)
      bench.run.complete(LARGE)
      expect(await refusal(refused)).toEqual(TOO_LARGE)
      release()
    }
    const submit = bench.submit(FOREVER)
    bench.run.complete(LARGE)
    expect(await submit).toMatchObject({ isRunning: false })
  })

  it('count a result that is kept and read just once', async () => {
    const bench = new MemoryBench({ maxBytes: 14_000 })
    const id = await bench.start()
    bench.run.complete(LARGE)
    const { result } = (await bench.get(id, FOREVER)) as CompletedQuery
    bench.store.hold(result)()
    const release = bench.store.hold(result)
    const submit = bench.submit(FOREVER)
    bench.run.complete(LARGE)
    expect(await submit).toMatchObject({ isRunning: false })
    release()
  })

  it('count a result that is not kept while it is read', async () => {
    const bench = new MemoryBench({ maxBytes: 10_000 })
    const submit = bench.submit({ ...FOREVER, keepOnCompletion: false })
    bench.run.complete(LARGE)
    const { result } = (await submit) as CompletedQuery
    const release = bench.store.hold(result)
    expect(await refusal(bench.submit({ query: 'x'.repeat(6_000) }))).toEqual(TOO_LARGE)
    release()
    expect(await bench.submit({ query: 'x'.repeat(6_000) })).toMatchObject({ isRunning: true })
  })

  it('have no room for a reader of a forgotten result when others have taken it', async () => {
    const bench = new MemoryBench({ maxBytes: 10_000 })
    const submit = bench.submit({ ...FOREVER, keepOnCompletion: false })
    bench.run.complete(LARGE)
    const { result } = (await submit) as CompletedQuery
    await nextTurn()
    await bench.submit({ query: 'x'.repeat(6_000) })
    expect(() => bench.store.hold(result)).toThrow(expect.objectContaining({ type: TOO_LARGE.type }))
  })

  it('do not count the result of another store', () => {
    expect(() => new MemoryBench({ maxBytes: 1 }).store.hold(LARGE)()).not.toThrow()
  })

  it('do not count a request any more when its executor has ended', async () => {
    const bench = new MemoryBench({ maxBytes: 10_000 })
    const id = await bench.start({ query: 'x'.repeat(6_000) })
    expect(await refusal(bench.submit({ query: 'x'.repeat(6_000) }))).toEqual(TOO_LARGE)
    bench.run.complete(rows('a'))
    expect(await bench.get(id, FOREVER)).toMatchObject({ isRunning: false })
    await nextTurn()
    expect(await bench.submit({ query: 'x'.repeat(6_000) })).toMatchObject({ isRunning: true })
  })

  it('are not used up by results that did not fit', async () => {
    const bench = new MemoryBench({ maxBytes: 10_000 })
    for (let times = 0; times < 3; times += 1) {
      const id = await bench.start()
      bench.run.complete(rows('x'.repeat(10_000)))
      await errorOf(bench.get(id, FOREVER))
      await bench.delete(id)
    }
    const submit = bench.submit(FOREVER)
    bench.run.complete(LARGE)
    expect(await submit).toMatchObject({ isRunning: false })
  })

  it('are not exceeded by a large failure', async () => {
    const bench = new MemoryBench({ maxBytes: 10_000 })
    const id = await bench.start()
    bench.run.fail(new QueryError('parsing_exception', 'x'.repeat(10_000)))
    expect(await refusal(bench.get(id, FOREVER))).toEqual(TOO_LARGE)
  })

  it('have room again when a large failure is deleted', async () => {
    const bench = new MemoryBench({ maxBytes: 10_000 })
    for (let times = 0; times < 3; times += 1) {
      const id = await bench.start()
      bench.run.fail(new QueryError('parsing_exception', 'x'.repeat(4_500)))
      expect((await errorOf(bench.get(id, FOREVER))).type).toBe('parsing_exception')
      await bench.delete(id)
    }
  })

  it('leave room for a failure of a few words', async () => {
    const bench = new MemoryBench({ maxBytes: 10_000 })
    await bench.start()
    bench.run.complete(rows('x'.repeat(9_500)))
    const id = await bench.start()
    bench.run.fail(new QueryError('parsing_exception', 'line 1:1'))
    expect((await errorOf(bench.get(id, FOREVER))).type).toBe('parsing_exception')
  })

  it('end the copy of a result that is far too large', async () => {
    const bench = new MemoryBench({ maxBytes: 500_000 })
    const id = await bench.start()
    bench.run.complete(rows(...Array.from({ length: 100_000 }, () => 'x'.repeat(100))))
    const { metadata } = await errorOf(bench.get(id, FOREVER))
    expect(metadata.bytes_wanted).toBeLessThan(1_000_000)
  })
})
