import type { SubmitOptions } from '../../../lib/core/operations'
import { bob, errorOf, FOREVER, MemoryBench, rows } from '../../support/store-bench'

const KEYED = { idempotency: { key: 'k', fingerprint: 'f' }, keepOnCompletion: false, keepAliveMs: 3_600_000 }
const WINDOW_MS = 600_000

/** Submits a query that is not kept and completes in time. */
async function complete(
  bench: MemoryBench,
  options: Partial<SubmitOptions> = {},
  result: unknown = rows('a'),
) {
  const answer = bench.submit({ ...KEYED, ...FOREVER, ...options })
  // It is weighed first.
  await Promise.resolve()
  bench.run.complete(result)
  return answer
}

describe('the keys of a MemoryStore', () => {
  it('keep a query that is not kept among those of its owner, until their time is over', async () => {
    const bench = new MemoryBench({ maxQueriesPerOwner: 1 })
    await complete(bench)
    expect((await errorOf(bench.submit())).type).toBe('es_rejected_execution_exception')
    expect(await bench.submit({ owner: bob })).toMatchObject({ isRunning: true })
    await bench.clock.advance(WINDOW_MS)
    expect(await bench.submit()).toMatchObject({ isRunning: true })
  })

  it('keep its bytes in the budget, once, whoever reads them', async () => {
    const bench = new MemoryBench({ maxBytes: 10_000 })
    const large = rows('x'.repeat(6_000))
    const first = await complete(bench, {}, large)
    const again = await bench.submit(KEYED)
    expect(again).toEqual(first)
    if (again.isRunning) throw new Error('it runs')
    const release = bench.store.hold(again.result)
    release()
    const other = { idempotency: { key: 'other', fingerprint: 'f' } }
    expect((await errorOf(complete(bench, other, large))).type).toBe('circuit_breaking_exception')
    await bench.clock.advance(WINDOW_MS)
    expect(await complete(bench, {}, large)).toMatchObject({ isRunning: false })
  })

  it('leave no timer when the store closes', async () => {
    const bench = new MemoryBench()
    await complete(bench)
    expect(bench.clock.pendingTimers).toBe(1)
    await bench.store.close()
    expect(bench.clock.pendingTimers).toBe(0)
    expect((await errorOf(bench.submit(KEYED))).reason).toBe('the async query store is closed')
  })

  it('do not outlive the keep-alive of a query that is not kept', async () => {
    const bench = new MemoryBench()
    await complete(bench, { keepAliveMs: 1_000 })
    await bench.clock.advance(1_000)
    expect(await bench.submit(KEYED)).toMatchObject({ isRunning: true })
  })

  it('hide a query that is not kept from lists, gets and deletes', async () => {
    const bench = new MemoryBench()
    const waiting = bench.submit({ ...KEYED, ...FOREVER })
    await Promise.resolve()
    const [listed] = await bench.store.list(bench.run.owner)
    const id = listed?.id ?? ''
    bench.run.complete(rows('a'))
    await waiting
    expect([await bench.get(id), await bench.delete(id), await bench.store.list(bench.run.owner)]).toEqual([
      undefined,
      false,
      [],
    ])
    expect(await bench.submit(KEYED)).toMatchObject({ isRunning: false })
  })

  it('hide the query of a client that left and came back, since nobody knows its id', async () => {
    const bench = new MemoryBench()
    const gone = new AbortController()
    const left = bench.submit({ ...KEYED, ...FOREVER, signal: gone.signal })
    await Promise.resolve()
    gone.abort()
    const { id = '' } = await left
    bench.run.complete(rows('a'))
    expect(await bench.submit({ ...KEYED, ...FOREVER })).toMatchObject({ isRunning: false })
    expect(await bench.get(id)).toBeUndefined()
  })

  it('of a submit that expires at once end with it', async () => {
    const bench = new MemoryBench()
    await bench.submit({ ...KEYED, keepAliveMs: 0 })
    await bench.submit({ ...KEYED, keepAliveMs: 0 })
    expect(bench.runs).toHaveLength(2)
    expect(bench.clock.pendingTimers).toBe(0)
  })

  it('of a query that a delete cancels during a repeated wait end with it', async () => {
    const bench = new MemoryBench()
    const id = await bench.start(KEYED)
    const waiting = errorOf(bench.submit({ ...KEYED, ...FOREVER }))
    bench.obeySignal()
    await bench.delete(id)
    expect((await waiting).reason).toBe('task cancelled [cancelled by user]')
    expect(await bench.submit(KEYED)).toMatchObject({ isRunning: true })
    expect(bench.runs).toHaveLength(2)
  })
})
