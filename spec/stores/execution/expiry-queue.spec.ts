import { AsyncLocalStorage } from 'node:async_hooks'
import { ExpiryQueue } from '../../../lib/stores/execution/expiry-queue'
import { ManualClock } from '../../../lib/test-kit'

describe('ExpiryQueue', () => {
  let clock: ManualClock
  let expired: string[]
  let queue: ExpiryQueue<string>

  beforeEach(() => {
    clock = new ManualClock(0)
    expired = []
    queue = new ExpiryQueue(clock, (item) => expired.push(`${item} at ${clock.now()}`))
  })

  it('calls back for each item at its time', async () => {
    queue.set('b', 2_000)
    queue.set('a', 1_000)
    queue.set('c', 3_000)
    queue.set('c2', 3_000)
    await clock.advance(10_000)
    expect(expired).toEqual(['a at 1000', 'b at 2000', 'c at 3000', 'c2 at 3000'])
  })

  it('calls back for a time in the past', async () => {
    queue.set('a', -1)
    await clock.advance(0)
    expect(expired).toEqual(['a at 0'])
  })

  it.each([
    ['earlier', 500],
    ['later', 5_000],
  ])('goes by the time that an item was moved to, which is %s', async (_when, dueMs) => {
    queue.set('a', 1_000)
    queue.set('b', 2_000)
    queue.set('a', dueMs)
    await clock.advance(10_000)
    expect(expired.toSorted()).toEqual([`a at ${dueMs}`, 'b at 2000'])
  })

  it('forgets an item that is deleted', async () => {
    queue.set('a', 1_000)
    queue.set('b', 2_000)
    queue.delete('a')
    queue.delete('never set')
    await clock.advance(10_000)
    expect(expired).toEqual(['b at 2000'])
  })

  it('calls back once', async () => {
    queue.set('a', 1_000)
    await clock.advance(10_000)
    queue.set('b', 20_000)
    await clock.advance(20_000)
    expect(expired).toEqual(['a at 1000', 'b at 20000'])
  })

  it('has one timer, however many items and moves, and none without items', async () => {
    const items = Array.from({ length: 1_000 }, (_, index) => `item ${index}`)
    for (const [index, item] of items.entries()) queue.set(item, 5_000 - index)
    for (const [index, item] of items.entries()) queue.set(item, 6_000 + index)
    expect(clock.pendingTimers).toBe(1)
    await clock.advance(6_500)
    expect(expired).toHaveLength(501)
    expect(clock.pendingTimers).toBe(1)
    for (const item of items) queue.delete(item)
    expect(clock.pendingTimers).toBe(0)
  })

  it('keeps the order of times, whatever is set, moved and deleted before', async () => {
    const due = new Map<string, number>()
    let state = 7
    const random = (below: number): number => {
      state = (state * 48_271) % 2_147_483_647
      return state % below
    }
    for (let step = 0; step < 5_000; step++) {
      const item = `item ${random(300)}`
      if (random(4) === 0) {
        queue.delete(item)
        due.delete(item)
      } else {
        const dueMs = 1 + random(10_000)
        queue.set(item, dueMs)
        due.set(item, dueMs)
      }
    }
    await clock.advance(20_000)
    const times = expired.map((text) => Number(text.split(' at ')[1]))
    expect(times).toEqual(times.toSorted((a, b) => a - b))
    expect(expired.toSorted()).toEqual([...due].map(([item, dueMs]) => `${item} at ${dueMs}`).toSorted())
    expect(due.size).toBeGreaterThan(100)
  })

  it('continues when a callback sets and deletes items', async () => {
    queue = new ExpiryQueue(clock, (item) => {
      expired.push(`${item} at ${clock.now()}`)
      if (item === 'a') {
        queue.set('c', 1_500)
        queue.delete('b')
      }
    })
    queue.set('a', 1_000)
    queue.set('b', 2_000)
    await clock.advance(10_000)
    expect(expired).toEqual(['a at 1000', 'c at 1500'])
  })

  it('creates its timers in its own async context, not in those of its callers', async () => {
    const host = new AsyncLocalStorage<string>()
    const contexts: unknown[] = []
    const watched = {
      now: () => clock.now(),
      setTimer: (callback: () => void, ms: number) => {
        contexts.push(host.getStore())
        return clock.setTimer(callback, ms)
      },
    }
    queue = new ExpiryQueue(watched, () => contexts.push(host.getStore()))
    host.run('a request', () => queue.set('a', 1_000))
    host.run('another request', () => queue.set('b', 500))
    await clock.advance(10_000)
    expect(contexts).toEqual(Array(contexts.length).fill(undefined))
    expect(contexts.length).toBeGreaterThan(3)
  })
})
