import { setImmediate as nextTurn } from 'node:timers/promises'
import { QueryError } from '../../../lib/core/errors'
import type { EngineResult, ResultEnd, Rows, StoredResult, Value } from '../../../lib/core/result'
import { isRows } from '../../../lib/core/result'
import type { CompletedQuery } from '../../../lib/core/store'
import { unpackChunk } from '../../../lib/stores/batches/chunk'
import { Intake } from '../../../lib/stores/execution/intake'
import type { MemoryStoreOptions } from '../../../lib/stores/memory/options'
import { readRows } from '../../../lib/test-kit'
import { valuesLike } from '../../support/found-rows'
import { bob, errorOf, FOREVER, MemoryBench, refusal } from '../../support/store-bench'
import { until } from '../../support/until'

const COLUMNS = [
  { name: 'n', type: 'long' },
  { name: 'text', type: 'keyword' },
] as const

/** A batch whose JSON is about half of a chunk. It deflates well. */
function batch(number: number): Rows {
  return Array.from({ length: 1_000 }, (_, row): Value[] => [number * 1_000 + row, 'some text '.repeat(12)])
}

const batches = (count: number): Rows[] => Array.from({ length: count }, (_, number) => batch(number))

/** What a reader has in memory: four times the JSON of a chunk. */
const READER_BYTES = 2 ** 20

/** A store that tells how many bytes it counts. */
class CountingBench extends MemoryBench {
  readonly counts: Record<string, number>

  constructor(options: Partial<MemoryStoreOptions> = {}) {
    const counts: Record<string, number> = {}
    const instrument = { add() {}, record() {} }
    const createUpDownCounter = (name: string) => ({
      add(value: number) {
        counts[name] = (counts[name] ?? 0) + value
      },
    })
    const meter = {
      createCounter: () => instrument,
      createHistogram: () => instrument,
      createUpDownCounter,
    }
    super({ ...options, meterProvider: { getMeter: () => meter } })
    this.counts = counts
  }

  get bytes(): number {
    return this.counts['esql_async.store.size'] ?? 0
  }

  get queries(): number {
    return this.counts['esql_async.store.queries'] ?? 0
  }
}

/** An engine that notes what is asked of it. */
class Feed {
  asked = 0
  begun = 0
  closed = 0
  /** The store has all batches. */
  isWaiting = false
  signal: AbortSignal | undefined

  /** Gives batches, and then does what the test says. */
  async *rows(batches: readonly Rows[], then: () => Promise<unknown> = async () => undefined) {
    this.begun += 1
    try {
      for (const each of batches) {
        this.asked += 1
        yield each
      }
      this.isWaiting = true
      return (await then()) as ResultEnd
    } finally {
      await nextTurn()
      this.closed += 1
    }
  }

  result(...of: Parameters<Feed['rows']>): EngineResult {
    return { columns: COLUMNS, values: this.rows(...of) }
  }
}

const hang = (): Promise<never> => new Promise(() => {})

async function completed(bench: MemoryBench, result: unknown): Promise<CompletedQuery> {
  const submit = bench.submit(FOREVER)
  bench.run.complete(result)
  return (await submit) as CompletedQuery
}

/** A running query of which the store has the first rows. */
async function started(bench: MemoryBench, result: EngineResult, feed: Feed): Promise<string> {
  const id = await bench.start()
  feed.signal = bench.run.signal
  bench.run.complete(result)
  await until(() => feed.isWaiting)
  return id
}

describe('an iterable of batches', () => {
  it.each<[string, () => EngineResult['values']]>([
    ['an async generator', () => new Feed().rows([[['1', 'a']], [], [[2n, 'b']]])],
    ['a generator', () => [[['1', 'a']], [[2n, 'b']]].values()],
    ['promises', () => [Promise.resolve([['1', 'a']]), Promise.resolve([[2n, 'b']])].values() as never],
    [
      'an iterator without return',
      () => ({
        [Symbol.asyncIterator]: () =>
          iteratorOf([
            [
              ['1', 'a'],
              [2n, 'b'],
            ],
          ]),
      }),
    ],
  ])('that is small becomes what an array would: %s', async (_what, values) => {
    const bench = new MemoryBench()
    const { result, isPartial } = await completed(bench, { columns: COLUMNS, values: values() })
    const array = await completed(bench, {
      columns: COLUMNS,
      values: [
        ['1', 'a'],
        [2n, 'b'],
      ],
    })
    expect(result).toEqual(array.result)
    expect(isPartial).toBe(false)
    expect([result.values, result].every(Object.isFrozen)).toBe(true)
    expect(result.isFrozen).toBe(true)
  })

  it('may have no rows', async () => {
    const { result } = await completed(new MemoryBench(), new Feed().result([]))
    expect(result).toEqual({ columns: COLUMNS, values: [], isFrozen: true })
  })

  it('that is large is kept in a fraction of its memory, and read whole, in order, by any number of readers', async () => {
    const bench = new CountingBench()
    const { result } = await completed(bench, new Feed().result(batches(12)))
    const expected = batches(12).flat()
    expect(isRows(result.values)).toBe(false)
    expect(result.values).toMatchObject({
      rowCount: 12_000,
      nullColumns: [false, false],
      multiValuedColumns: [false, false],
    })
    // Nobody has counted them.
    expect(result.statistics).toBeUndefined()
    expect(bench.bytes).toBeLessThan(JSON.stringify(expected).length / 8)
    expect(bench.bytes).toBeGreaterThan(5_000)
    const [first, second] = await Promise.all([readRows(result), readRows(result)])
    expect(first).toEqual(expected)
    expect(second).toEqual(expected)
    expect(await readRows(result)).toEqual(expected)
  })

  it.each([1, 12])('has the columns that its first batch was checked with: %j batches', async (count) => {
    const columns = [...COLUMNS]
    const values = async function* () {
      yield* batches(count)
      columns.pop()
    }
    const { result } = await completed(new MemoryBench(), { columns, values: values() })
    expect(result.columns).toEqual(COLUMNS)
    expect(await readRows(result)).toEqual(batches(count).flat())
  })

  it('gives each reader rows of its own', async () => {
    const { result } = await completed(new MemoryBench(), new Feed().result(batches(5)))
    const [row] = (await readRows(result)) as Value[][]
    row?.splice(0)
    Reflect.set(result.values, 'rowCount', 0)
    expect((await readRows(result))[0]).toEqual(batch(0)[0])
    expect(result.values).toMatchObject({ rowCount: 5_000 })
  })

  it('may return statistics, a profile, how long it took and whether rows are missing', async () => {
    for (const count of [1, 5]) {
      const end = {
        tookNanos: 5e6,
        statistics: { documentsFound: 7 },
        isPartial: true,
        profile: { a: 1 },
        clusters: { b: 2 },
      }
      const feed = new Feed().result(batches(count), async () => end)
      const query = await completed(new MemoryBench(), { ...feed, statistics: { valuesLoaded: 3 } })
      const { profile, clusters, statistics } = query.result
      const { tookNanos, isPartial } = query
      expect({ tookNanos, profile, clusters, isPartial }).toEqual({
        tookNanos: 5e6,
        profile: { a: 1 },
        clusters: { b: 2 },
        isPartial: true,
      })
      expect(statistics).toEqual({ documentsFound: 7 })
    }
  })

  it('is asked for a batch only when the one before is kept', async () => {
    const feed = new Feed()
    const bench = new CountingBench()
    const counted: number[] = []
    const watched = async function* () {
      for await (const each of feed.rows(batches(6))) {
        counted.push(bench.bytes)
        yield each
      }
    }
    await completed(bench, { columns: COLUMNS, values: watched() })
    // At each question, all batches before it are counted: in chunks, or as text.
    expect(counted).toHaveLength(6)
    for (let index = 1; index < counted.length; index += 1) expect(counted[index]).toBeGreaterThan(5_000)
  })

  it('is not asked for more while a chunk of its rows is on its way out of memory', async () => {
    const feed = new Feed()
    const chunks: Uint8Array[] = []
    let letGo: (() => void) | undefined
    const store = (chunk: Uint8Array) => {
      chunks.push(chunk)
      return new Promise<undefined>((resolve) => {
        letGo = () => resolve(undefined)
      })
    }
    const intake = Intake.of(feed.result(batches(12)), () => {}, store)
    const reading = intake?.read(new AbortController().signal)
    const ahead: number[] = []
    let rows = 0
    while (!feed.isWaiting) {
      await until(() => letGo !== undefined || feed.isWaiting)
      const { asked } = feed
      for (let turn = 0; turn < 20; turn += 1) await nextTurn()
      if (letGo) expect(feed.asked).toBe(asked)
      rows += letGo ? (await unpackChunk(chunks.at(-1) as Uint8Array)).length : 0
      ahead.push(asked - rows / 1_000)
      letGo?.()
      letGo = undefined
    }
    await reading
    expect(chunks.length).toBeGreaterThan(4)
    expect(Math.max(...ahead.slice(0, -1))).toBeLessThan(1)
  })

  it('is not asked for more while the query waits for nobody: it runs to its end by itself', async () => {
    const feed = new Feed()
    const bench = new MemoryBench()
    const id = await bench.start()
    bench.run.complete(feed.result(batches(3)))
    await until(() => feed.closed === 1)
    expect(await bench.get(id, FOREVER)).toMatchObject({ isRunning: false })
  })

  describe('of a stopped query', () => {
    type Then = (feed: Feed) => Promise<unknown>
    const aborted = ({ signal }: Feed): Promise<void> =>
      new Promise((resolve) => signal?.addEventListener('abort', () => resolve()))

    it.each<[string, Then]>([
      ['ends', (feed) => aborted(feed)],
      ['rejects', (feed) => aborted(feed).then(() => Promise.reject(new Error('aborted')))],
    ])('keeps what has come, and is closed, when it %s at the signal', async (_how, then) => {
      for (const count of [1, 5]) {
        const feed = new Feed()
        const bench = new MemoryBench()
        const id = await started(
          bench,
          feed.result(batches(count), () => then(feed)),
          feed,
        )
        const stopped = await bench.stop(id)
        expect(feed.closed).toBe(1)
        expect(stopped).toMatchObject({ isPartial: true, result: { columns: COLUMNS } })
        expect(await readRows((stopped as CompletedQuery).result)).toEqual(batches(count).flat())
        expect(await bench.get(id)).toEqual(stopped)
      }
    })

    it('keeps the batch that is on its way, and the statistics that come with the end', async () => {
      const feed = new Feed()
      const bench = new MemoryBench()
      const values = (async function* () {
        yield [[1, 'a']]
        feed.isWaiting = true
        await aborted(feed)
        yield [[2, 'b']]
      })()
      const id = await started(bench, { columns: COLUMNS, values }, feed)
      expect(await bench.stop(id)).toMatchObject({
        result: {
          values: valuesLike([
            [1, 'a'],
            [2, 'b'],
          ]),
        },
      })
      const other = new Feed()
      const end = { statistics: { documentsFound: 5 } }
      const second = await started(
        bench,
        other.result([[[1, 'a']]], () => aborted(other).then(() => end)),
        other,
      )
      expect(await bench.stop(second)).toMatchObject({
        isPartial: true,
        result: { values: valuesLike([[1, 'a']]), statistics: { documentsFound: 5 } },
      })
    })

    it('is given up after the grace when it hangs; what comes later counts for nothing', async () => {
      for (const count of [1, 5]) {
        const feed = new Feed()
        const bench = new CountingBench({ interruptGraceMs: 500 })
        let wake = (): void => {}
        const values = (async function* () {
          yield* batches(count)
          feed.isWaiting = true
          await new Promise<void>((resolve) => {
            wake = resolve
          })
          yield batch(99)
        })()
        const id = await started(bench, { columns: COLUMNS, values }, feed)
        const stop = bench.stop(id)
        await bench.clock.advance(500)
        const stopped = (await stop) as CompletedQuery
        expect(await readRows(stopped.result)).toEqual(batches(count).flat())
        const { bytes } = bench
        wake()
        await nextTurn()
        expect(await bench.get(id)).toEqual(stopped)
        expect(await readRows(stopped.result)).toEqual(batches(count).flat())
        await until(() => bench.bytes !== bytes)
        await bench.delete(id)
        expect({ bytes: bench.bytes, queries: bench.queries }).toEqual({ bytes: 0, queries: 0 })
      }
    })

    it('keeps what has come when the time of its run is over', async () => {
      const feed = new Feed()
      const bench = new MemoryBench({ maxRunMs: 10_000 })
      const id = await started(
        bench,
        feed.result(batches(5), () => aborted(feed)),
        feed,
      )
      await bench.clock.advance(10_000)
      const { isPartial, result } = (await bench.get(id, FOREVER)) as CompletedQuery
      expect([isPartial, await readRows(result), feed.closed]).toEqual([true, batches(5).flat(), 1])
    })

    it('is begun and closed even when the stop came before it', async () => {
      const feed = new Feed()
      const bench = new MemoryBench()
      const id = await bench.start()
      const { complete, signal } = bench.run
      signal.addEventListener('abort', () => complete(feed.result(batches(3))))
      const stopped = await bench.stop(id)
      expect(feed).toMatchObject({ begun: 1, asked: 1, closed: 1 })
      expect(stopped).toMatchObject({ isPartial: true, result: { values: valuesLike(batch(0)) } })
    })
  })

  describe('is closed, and its rows are freed at once, when the query', () => {
    it.each<[string, (bench: MemoryBench, id: string) => Promise<unknown>]>([
      ['is deleted', (bench, id) => bench.delete(id)],
      ['expires', (bench) => bench.clock.advance(60_000)],
      ['is gone with its store', (bench) => bench.store.close()],
    ])('%s', async (_event, end) => {
      const feed = new Feed()
      const bench = new CountingBench()
      const obeys = (): Promise<void> =>
        new Promise((_resolve, reject) => {
          feed.signal?.addEventListener('abort', () => reject(new Error('aborted')))
        })
      const id = await started(bench, feed.result(batches(5), obeys), feed)
      expect(bench.bytes).toBeGreaterThan(10_000)
      await end(bench, id)
      // All but the request.
      expect(bench.bytes).toBeLessThan(200)
      await until(() => bench.queries === 0)
      expect({ bytes: bench.bytes, closed: feed.closed }).toEqual({ bytes: 0, closed: 1 })
    })

    it('is deleted although the engine hangs', async () => {
      const feed = new Feed()
      const bench = new CountingBench({ interruptGraceMs: 500 })
      const id = await started(bench, feed.result(batches(5), hang), feed)
      const deleted = bench.delete(id)
      expect(bench.bytes).toBeLessThan(1_000)
      await bench.clock.advance(500)
      expect(await deleted).toBe(true)
    })

    it('is deleted in the middle of a large batch, of which the rest is not looked at', async () => {
      let looked = 0
      const row = new Proxy([1, 'some text '.repeat(12)], {
        get(target, key, receiver) {
          if (key === 'length') looked += 1
          return Reflect.get(target, key, receiver)
        },
      })
      const bench = new CountingBench()
      const feed = new Feed()
      const id = await bench.start()
      bench.run.complete(feed.result([new Array(200_000).fill(row)]))
      await until(() => looked > 0)
      await bench.delete(id)
      expect(feed.closed).toBe(1)
      expect(bench.bytes).toBe(0)
      expect(looked).toBeLessThan(100_000)
    })

    it('is deleted before the engine gives it', async () => {
      const feed = new Feed()
      const bench = new CountingBench()
      const id = await bench.start()
      const { complete, signal } = bench.run
      signal.addEventListener('abort', () => complete(feed.result(batches(3))))
      await bench.delete(id)
      expect(feed).toMatchObject({ begun: 1, asked: 1, closed: 1 })
      expect(bench.bytes).toBe(0)
    })

    it.each<[string, Rows, object]>([
      [
        'takes more than there is room for',
        Array.from({ length: 20_000 }, (_, row): Value[] => [
          row,
          Array.from({ length: 9 }, Math.random).join(),
        ]),
        {
          type: 'circuit_breaking_exception',
          status: 429,
          reason: expect.stringMatching(
            /^\[async_query\] Data too large, data for all async queries would be \[\d+b\], which is larger than the limit of \[500000b\]$/,
          ),
          metadata: { bytes_wanted: expect.any(Number), bytes_limit: 500_000, durability: 'TRANSIENT' },
        },
      ],
      [
        'has a cell that does not fit',
        [['x', 'y']],
        { type: 'exception', status: 500, reason: 'the query engine failed', metadata: {} },
      ],
      [
        'has a batch that is no array',
        'rows' as never,
        { type: 'exception', status: 500, reason: 'the query engine failed', metadata: {} },
      ],
    ])('%s', async (_what, last, error) => {
      const feed = new Feed()
      const bench = new CountingBench({ maxBytes: 500_000 })
      const submit = refusal(bench.submit(FOREVER))
      bench.run.complete(feed.result([...batches(5), last, batch(6)]))
      expect(await submit).toEqual(error)
      expect(bench.bytes).toBeLessThan(1_000)
      expect(feed.asked).toBe(6)
      await until(() => feed.closed === 1)
      // There is room for others.
      expect(await bench.submit({ owner: bob })).toMatchObject({ isRunning: true })
    })

    it.each<[string, () => Promise<unknown>, object]>([
      [
        'fails with a QueryError',
        () => Promise.reject(new QueryError('verification_exception', 'Unknown index [x]')),
        { type: 'verification_exception', status: 400 },
      ],
      [
        'fails with anything else',
        () => Promise.reject(new Error('lost')),
        { status: 500, cause: new Error('lost') },
      ],
      [
        'returns what is no end',
        async () => [[1, 'a']],
        {
          status: 500,
          cause: expect.objectContaining({
            message: 'What the iterable of `values` returns must be an object, or nothing',
          }),
        },
      ],
    ])('%s in the middle', async (_what, then, error) => {
      const bench = new CountingBench()
      const submit = errorOf(bench.submit(FOREVER))
      const feed = new Feed()
      bench.run.complete(feed.result(batches(5), then))
      expect(await submit).toMatchObject(error)
      expect(feed.closed).toBe(1)
      await nextTurn()
      expect(bench.bytes).toBe(0)
    })

    it.each<[string, unknown]>([
      ['has no columns', { values: new Feed().rows([[]]) }],
      [
        'cannot begin',
        {
          columns: COLUMNS,
          values: { [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(new Error('no')) }) },
        },
      ],
      [
        'throws as it begins',
        {
          columns: COLUMNS,
          values: {
            [Symbol.iterator]: () => {
              throw new Error('no')
            },
          },
        },
      ],
    ])('%s', async (_what, result) => {
      const bench = new CountingBench()
      const submit = refusal(bench.submit(FOREVER))
      bench.run.complete(result)
      expect(await submit).toMatchObject({ status: 500, reason: 'the query engine failed' })
      await nextTurn()
      expect(bench.bytes).toBe(0)
    })
  })

  it.each<[string, (bench: MemoryBench, id: string) => Promise<unknown>]>([
    ['deleted', (bench, id) => bench.delete(id)],
    ['expired', (bench) => bench.clock.advance(60_000)],
  ])(
    'is read whole when it is %s meanwhile, and counted until the last reader has finished',
    async (_event, end) => {
      const bench = new CountingBench()
      const id = await bench.start()
      bench.run.complete(new Feed().result(batches(10)))
      const { result } = (await bench.get(id, FOREVER)) as CompletedQuery
      // The request is no longer counted.
      await nextTurn()
      const { bytes } = bench
      const releases = [bench.store.hold(result), bench.store.hold(result)]
      const reading = slowly(result)
      await end(bench, id)
      expect(bench.bytes).toBe(bytes + 2 * READER_BYTES)
      expect(await reading).toEqual(batches(10).flat())
      releases[0]?.()
      expect(bench.bytes).toBe(bytes + READER_BYTES)
      releases[1]?.()
      expect(bench.bytes).toBe(0)
    },
  )

  describe('has readers', () => {
    const tooMany = (limit: number) =>
      new QueryError(
        'circuit_breaking_exception',
        `[async_query] Data too large, data for all async queries would be [${3 * READER_BYTES}b], which is larger than the limit of [${limit}b]`,
      )

    it('who take no more memory together than the results may, each of them a megabyte', async () => {
      const limit = 2 * READER_BYTES + 1_000
      const bench = new CountingBench({ maxBytes: limit })
      const { result } = await completed(bench, new Feed().result(batches(10)))
      const releases = [bench.store.hold(result), bench.store.hold(result)]
      const { bytes } = bench
      expect(() => bench.store.hold(result)).toThrow(tooMany(limit))
      expect(bench.bytes).toBe(bytes)
      releases[0]?.()
      bench.store.hold(result)()
      releases[1]?.()
      expect(bench.bytes).toBe(bytes - 2 * READER_BYTES)
    })

    it('one at a time where the store is full', async () => {
      const bench = new CountingBench({ maxBytes: 500_000 })
      const { result } = await completed(bench, new Feed().result(batches(10)))
      const { bytes } = bench
      await bench.submit({ query: 'x'.repeat(500_000 - bytes - 2_000) })
      expect(await errorOf(bench.submit({ query: 'x'.repeat(2_000) }))).toMatchObject({ status: 429 })
      const release = bench.store.hold(result)
      expect(() => bench.store.hold(result)).toThrow(expect.objectContaining({ status: 429 }))
      release()
      bench.store.hold(result)()
    })

    it('of whom none is counted whose query is forgotten and has no room', async () => {
      const bench = new CountingBench({ maxBytes: 500_000 })
      const submit = bench.submit({ ...FOREVER, keepOnCompletion: false })
      bench.run.complete(new Feed().result(batches(10)))
      const { result } = (await submit) as CompletedQuery
      await nextTurn()
      expect(bench.bytes).toBe(0)
      await bench.submit({ query: 'x'.repeat(490_000) })
      const { bytes } = bench
      expect(() => bench.store.hold(result)).toThrow(expect.objectContaining({ status: 429 }))
      expect(bench.bytes).toBe(bytes)
    })

    it('who count nothing where the rows are not packed', async () => {
      const bench = new CountingBench()
      const { result } = await completed(bench, new Feed().result([[[1, 'a']]]))
      await nextTurn()
      const { bytes } = bench
      const release = bench.store.hold(result)
      expect(bench.bytes).toBe(bytes)
      release()
    })
  })
})

function iteratorOf(batches: unknown[]): AsyncIterator<Rows> {
  const left = batches.values()
  return { next: async () => left.next() as IteratorResult<Rows> }
}

async function slowly({ values }: StoredResult): Promise<Rows> {
  const read: (readonly Value[])[] = []
  for (const each of isRows(values) ? [values] : values.batches()) {
    for (const row of await each) read.push(row)
    await nextTurn()
  }
  return read
}
