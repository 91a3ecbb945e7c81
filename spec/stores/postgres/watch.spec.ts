import { setImmediate as nextTurn } from 'node:timers/promises'
import { QueryError } from '../../../lib/core/errors'
import type { WaitOptions } from '../../../lib/core/operations'
import type { AsyncQuery } from '../../../lib/core/store'
import type { Watched, WatchSource } from '../../../lib/stores/postgres/watch'
import { Watch } from '../../../lib/stores/postgres/watch'
import { ManualClock } from '../../../lib/test-kit'
import { errorOf, FOREVER, rows } from '../../support/store-bench'

const KEYS = [Buffer.from('first'), Buffer.from('second')] as const
const RUNNING: AsyncQuery = { isRunning: true, id: 'x', startTimeMs: 1, expirationTimeMs: 2 }
const COMPLETED: AsyncQuery = {
  isRunning: false,
  id: 'x',
  tookNanos: 1,
  isPartial: false,
  result: { ...rows('a'), isFrozen: true },
}

/** Tables with queries that run until the test says otherwise. */
function bench(source: Partial<WatchSource> = {}) {
  const clock = new ManualClock()
  const queries = new Map<Buffer, AsyncQuery | undefined>(KEYS.map((key) => [key, RUNNING]))
  const ended = jest.fn(async (keys: readonly Buffer[]) => keys.filter((key) => !queries.get(key)?.isRunning))
  const read = jest.fn(async (key: Buffer) => queries.get(key))
  const tables = { ended, read, isHere: () => false, pollMs: () => 250, ...source }
  const watch = new Watch(tables, clock)
  const waitFor = async (watched: Watched, options: WaitOptions = FOREVER): Promise<AsyncQuery> => {
    await watch.wait(watched, options)
    return watch.answer(watched)
  }
  const wait = (key: Buffer, options?: WaitOptions) => waitFor(watch.open(key, 'x'), options)
  return { clock, queries, ended, read, watch, wait, waitFor }
}

describe('Watch', () => {
  it('asks in one go about all queries that are waited for, and ends the waits of those that run no more', async () => {
    const { clock, queries, ended, read, wait } = bench()
    const waits = [wait(KEYS[0]), wait(KEYS[0])]
    const other = wait(KEYS[1], { waitForCompletionTimeoutMs: 600 })
    queries.set(KEYS[0], COMPLETED)
    await clock.advance(250)
    expect(await Promise.all(waits)).toEqual([COMPLETED, COMPLETED])
    expect(ended.mock.calls).toEqual([[[...KEYS]]])
    expect(read).toHaveBeenCalledTimes(1)
    await clock.advance(250)
    expect(ended.mock.calls.at(-1)).toEqual([[KEYS[1]]])
    await clock.advance(100)
    expect(await other).toEqual(RUNNING)
    expect(clock.pendingTimers).toBe(0)
  })

  it('reads a query once for all its waits when it hears that it has ended', async () => {
    const { clock, queries, ended, read, watch, wait } = bench()
    const waits = Array.from({ length: 1_000 }, () => wait(KEYS[0]))
    await watch.look(KEYS[0])
    expect(read).toHaveBeenCalledTimes(1)
    queries.set(KEYS[0], COMPLETED)
    await watch.look(KEYS[0])
    const answers = await Promise.all(waits)
    expect(new Set(answers).size).toBe(1_000)
    expect(answers[999]).toEqual(COMPLETED)
    expect(read).toHaveBeenCalledTimes(2)
    expect(ended).not.toHaveBeenCalled()
    expect(clock.pendingTimers).toBe(0)
  })

  it('reads again what changes while it is read', async () => {
    const { queries, watch, wait } = bench()
    const waiting = wait(KEYS[0])
    const looks = [watch.look(KEYS[0])]
    queries.set(KEYS[0], COMPLETED)
    looks.push(watch.look(KEYS[0]))
    await Promise.all(looks)
    expect(await waiting).toEqual(COMPLETED)
  })

  it('misses no end between the read of a request and its wait', async () => {
    const { queries, watch, waitFor } = bench()
    const watched = watch.open(KEYS[0], 'x')
    queries.set(KEYS[0], COMPLETED)
    await watch.look(KEYS[0])
    expect(await waitFor(watched)).toEqual(COMPLETED)
  })

  it.each([
    ['is gone', undefined, 'task cancelled [it was deleted or has expired]'],
    ['is gone for a reason', 'cancelled by user', 'task cancelled [cancelled by user]'],
  ])('fails the waits for a query that %s', async (_, why, reason) => {
    const { queries, watch, wait } = bench()
    const failing = errorOf(wait(KEYS[0]))
    queries.delete(KEYS[0])
    await watch.look(KEYS[0], why)
    expect(await failing).toMatchObject({ type: 'task_cancelled_exception', reason })
  })

  it('fails the waits for a query that has failed, each alike', async () => {
    const failure = new QueryError('engine_exception', 'no disk')
    const { watch, wait } = bench({ read: () => Promise.reject(failure) })
    const waits = [errorOf(wait(KEYS[0])), errorOf(wait(KEYS[0]))]
    await watch.look(KEYS[0])
    expect(await Promise.all(waits)).toEqual([failure, failure])
  })

  it('asks nothing when nobody waits', async () => {
    const { clock, ended, wait } = bench()
    const controller = new AbortController()
    const waiting = wait(KEYS[0], { ...FOREVER, signal: controller.signal })
    await clock.advance(100)
    controller.abort()
    await waiting
    await clock.advance(1_000)
    expect(ended).not.toHaveBeenCalled()
    expect(clock.pendingTimers).toBe(0)
  })

  it('does not ask about queries that run here', async () => {
    const { clock, ended, wait, watch } = bench({ isHere: (key) => key === KEYS[0] })
    const waits = KEYS.map((key) => wait(key))
    await clock.advance(250)
    expect(ended.mock.calls).toEqual([[[KEYS[1]]]])
    await watch.close()
    await Promise.all(waits)
  })

  it('asks at once about all when it may have missed something', async () => {
    const { queries, watch, wait } = bench()
    const waiting = wait(KEYS[0])
    queries.set(KEYS[0], COMPLETED)
    watch.pollNow()
    expect(await waiting).toEqual(COMPLETED)
  })

  it('asks again after an outage, and its waits go on', async () => {
    let isAway = true
    const away = async <T>(answer: T): Promise<T> => {
      if (isAway) throw Object.assign(new Error('away'), { code: 'ECONNREFUSED' })
      return answer
    }
    const { clock, watch, wait } = bench({ ended: away, read: () => away(COMPLETED) })
    const waiting = wait(KEYS[0])
    await clock.advance(250)
    await watch.look(KEYS[0])
    await clock.advance(250)
    isAway = false
    await clock.advance(250)
    expect(await waiting).toEqual(COMPLETED)
  })

  it('ends every wait with what there is when it is closed', async () => {
    const { clock, watch, wait } = bench()
    const waits = KEYS.map((key) => wait(key))
    await watch.close()
    expect(await Promise.all(waits)).toEqual([RUNNING, RUNNING])
    await nextTurn()
    expect(clock.pendingTimers).toBe(0)
  })
  it('waits for nothing when it is closed', async () => {
    const { clock, watch, wait } = bench()
    await watch.close()
    expect(await wait(KEYS[0])).toEqual(RUNNING)
    expect(clock.pendingTimers).toBe(0)
  })

  it('ends a wait that begins while it closes, whenever it was opened', async () => {
    const { watch, wait, waitFor } = bench()
    const watched = watch.open(KEYS[0], 'x')
    const closing = watch.close()
    const waits = [waitFor(watched), wait(KEYS[1])]
    await closing
    expect(await Promise.all(waits)).toEqual([RUNNING, RUNNING])
  })
})
