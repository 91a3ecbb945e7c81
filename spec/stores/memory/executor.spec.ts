import { setImmediate as nextTurn } from 'node:timers/promises'
import { QueryError } from '../../../lib/core/errors'
import type { QueryResult } from '../../../lib/core/result'
import type { Execute } from '../../../lib/stores/execution/execute'
import { foundRows } from '../../support/found-rows'
import { alice, errorOf, FOREVER, MemoryBench, refusal, rows } from '../../support/store-bench'

describe('the executor of MemoryStore', () => {
  it('may return a result without a promise', async () => {
    const bench = new MemoryBench({ execute: () => rows('a') })
    expect(await bench.submit(FOREVER)).toMatchObject({ isRunning: false, result: foundRows('a') })
  })

  it('gets the caller of the submit, or one that is nothing but the owner', async () => {
    const callers: unknown[] = []
    const bench = new MemoryBench({
      execute: (_, { caller, owner }) => {
        callers.push([owner, caller])
        return rows('a')
      },
    })
    const caller = { owner: alice, user: 'al', claims: { sub: 'alice' } }
    await bench.submit({ ...FOREVER, caller })
    await bench.submit(FOREVER)
    expect(callers).toEqual([
      [alice, caller],
      [alice, { owner: alice }],
    ])
  })

  describe('the signal', () => {
    it.each([
      ['stopped', 'stopped', (bench: MemoryBench, id: string) => bench.stop(id)],
      ['deleted', 'cancelled by user', (bench: MemoryBench, id: string) => bench.delete(id)],
      ['expired', 'keep_alive expired', (bench: MemoryBench) => bench.clock.advance(60_000)],
      ['gone with its store', 'store closed', (bench: MemoryBench) => bench.store.close()],
    ])('fires when the query is %s', async (_event, why, interrupt) => {
      const bench = new MemoryBench()
      const id = await bench.start()
      bench.obeySignal()
      const { signal } = bench.run
      expect(signal.aborted).toBe(false)
      await interrupt(bench, id)
      expect(signal.reason).toEqual(new QueryError('task_cancelled_exception', `task cancelled [${why}]`))
    })

    it.each([
      ['stopped', (bench: MemoryBench, id: string) => bench.stop(id)],
      ['deleted', (bench: MemoryBench, id: string) => bench.delete(id)],
      ['expired', (bench: MemoryBench) => bench.clock.advance(60_000)],
      ['gone with its store', (bench: MemoryBench) => bench.store.close()],
    ])('does not fire when a completed query is %s', async (_event, interrupt) => {
      const bench = new MemoryBench()
      const id = await bench.start()
      bench.run.complete(rows('a'))
      await bench.get(id, FOREVER)
      await interrupt(bench, id)
      expect(bench.run.signal.aborted).toBe(false)
    })

    it('says why it fired to an executor that reads it later', async () => {
      const context: { signal?: AbortSignal } = {}
      const bench = new MemoryBench({
        interruptGraceMs: 0,
        execute: (_, given) => {
          Object.setPrototypeOf(context, given)
          return new Promise(() => {})
        },
      })
      await bench.store.stop(await bench.start(), alice)
      expect(context.signal?.reason).toEqual(
        new QueryError('task_cancelled_exception', 'task cancelled [stopped]'),
      )
      expect(context.signal?.aborted).toBe(true)
    })

    it('does not fire when a wait ends', async () => {
      const bench = new MemoryBench()
      const controller = new AbortController()
      const submit = bench.submit({ ...FOREVER, signal: controller.signal })
      controller.abort()
      await submit
      expect(bench.run.signal.aborted).toBe(false)
    })
  })

  describe('after a stop', () => {
    it('may resolve with what it has, which is partial', async () => {
      const bench = new MemoryBench()
      const id = await bench.start()
      const { signal, report, complete } = bench.run
      report(rows('a'))
      signal.addEventListener('abort', () => complete(rows('a', 'b')))
      expect(await bench.stop(id)).toMatchObject({ isPartial: true, result: foundRows('a', 'b') })
    })

    it('leaves its last reported rows when it rejects', async () => {
      const bench = new MemoryBench()
      const id = await bench.start()
      bench.obeySignal()
      bench.run.report(rows('a'))
      const values = [['b']]
      bench.run.report({ ...rows(), values })
      values.push(['c'])
      expect(await bench.stop(id)).toMatchObject({ isPartial: true, result: foundRows('b', 'c') })
    })

    it('leaves no rows when it has reported none', async () => {
      const bench = new MemoryBench()
      const id = await bench.start()
      bench.obeySignal()
      expect(await bench.stop(id)).toMatchObject({ isPartial: true, result: { columns: [], values: [] } })
    })

    it('does not delay the stop beyond its grace when it ignores the signal; its reported rows are kept', async () => {
      const bench = new MemoryBench({ interruptGraceMs: 500 })
      const id = await bench.start()
      const { report, complete } = bench.run
      report(rows('a'))
      const stop = bench.stop(id)
      await bench.clock.advance(499)
      expect(await bench.get(id)).toMatchObject({ isRunning: true })
      await bench.clock.advance(1)
      const stopped = await stop
      expect(stopped).toMatchObject({ isPartial: true, result: foundRows('a') })
      report(rows('late'))
      complete(rows('later'))
      await nextTurn()
      expect(await bench.get(id)).toEqual(stopped)
    })
  })

  describe('failing', () => {
    const failure = new QueryError('verification_exception', 'Unknown index [x]', {
      metadata: { index: 'x' },
    })

    it.each<[string, Execute]>([
      [
        'throws',
        () => {
          throw failure
        },
      ],
      ['rejects with', () => Promise.reject(failure)],
    ])('%s a QueryError, which fails the query as it is', async (_how, execute) => {
      const bench = new MemoryBench({ execute })
      const error = await errorOf(bench.submit(FOREVER))
      expect({ ...error, stack: error.stack }).toEqual({ ...failure, stack: failure.stack })
    })

    it.each<[string, Execute, unknown]>([
      [
        'throws',
        () => {
          throw new Error('password=x')
        },
        new Error('password=x'),
      ],
      ['rejects with', () => Promise.reject(new Error('password=x')), new Error('password=x')],
      ['rejects with no error but', () => Promise.reject('password=x'), 'password=x'],
    ])('%s anything else, which fails the query without telling why', async (_how, execute, cause) => {
      const error = await errorOf(new MemoryBench({ execute }).submit(FOREVER))
      expect(error).toMatchObject({
        type: 'exception',
        status: 500,
        reason: 'the query engine failed',
        cause,
      })
      expect(error.causedBy).toBeUndefined()
    })

    it.each([
      ['nothing', undefined, '`columns` must be an array of `{ name, type }`'],
      [
        'rows that do not fit',
        { ...rows(), values: [['a', 'b']] },
        'Row 0 of `values` must be an array of 1 cells',
      ],
      [
        'an invalid date',
        { ...rows(), values: [[new Date(Number.NaN)]] },
        'Row 0 of `values`: column `x` of type `keyword` cannot hold this object, it takes a text, a number or a boolean',
      ],
    ])('resolves with %s, which fails the query with the fault as cause', async (_what, result, message) => {
      const bench = new MemoryBench()
      const submit = errorOf(bench.submit(FOREVER))
      bench.run.complete(result)
      expect(await submit).toMatchObject({
        type: 'exception',
        status: 500,
        reason: 'the query engine failed',
        cause: expect.objectContaining({ message }),
      })
    })

    it('reports what cannot be a result, which fails the query when it is stopped', async () => {
      const bench = new MemoryBench()
      const id = await bench.start()
      bench.obeySignal()
      bench.run.report({} as QueryResult)
      expect(await refusal(bench.stop(id))).toEqual({
        type: 'exception',
        status: 500,
        reason: 'the query engine failed',
        metadata: {},
      })
    })
  })

  it('may return a partial result without a stop', async () => {
    const bench = new MemoryBench()
    const submit = bench.submit(FOREVER)
    bench.run.complete({ ...rows('a'), isPartial: true })
    expect(await submit).toMatchObject({ isPartial: true })
  })
})
