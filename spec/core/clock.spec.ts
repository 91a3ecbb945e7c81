/** @jest-environment node */

import { systemClock, untouchedClock } from '../../lib/core/clock'
import { heapGrowth } from '../support/memory-heap'

const DAY_MS = 86_400_000

describe('systemClock', () => {
  describe('now', () => {
    it('returns milliseconds since the epoch', () => {
      expect(Math.abs(systemClock.now() - Date.now())).toBeLessThan(10_000)
    })

    it('never goes back', () => {
      const times = Array.from({ length: 1_000 }, () => systemClock.now())
      expect(times.toSorted((a, b) => a - b)).toEqual(times)
    })
  })

  describe('setTimer', () => {
    beforeEach(() => {
      jest.useFakeTimers()
    })
    afterEach(() => {
      jest.useRealTimers()
    })

    // Node.js fires a timer of more than 2^31 - 1 ms, about 24.8 days, after 1 ms.
    it.each([0, 1, 1_000, 2 ** 31 - 1, 2 ** 31, 30 * DAY_MS, 365 * DAY_MS])(
      'calls back once after %d ms, and not earlier',
      (ms) => {
        const callback = jest.fn()
        systemClock.setTimer(callback, ms)
        jest.advanceTimersByTime(Math.max(0, ms - 1))
        expect(callback).toHaveBeenCalledTimes(ms === 0 ? 1 : 0)
        jest.advanceTimersByTime(1)
        jest.advanceTimersByTime(30 * DAY_MS)
        expect(callback).toHaveBeenCalledTimes(1)
      },
    )

    it.each([1_000, 30 * DAY_MS])('does not call back when a timer of %d ms is cancelled', (ms) => {
      const callback = jest.fn()
      const callOff = systemClock.setTimer(callback, ms)
      jest.advanceTimersByTime(ms - 1)
      callOff()
      expect(jest.getTimerCount()).toBe(0)
      jest.advanceTimersByTime(ms)
      expect(callback).not.toHaveBeenCalled()
    })
  })

  describe('a background timer', () => {
    const countTimers = (): number =>
      process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length

    it.each([
      [false, 1],
      [true, 0],
    ])('keeps the process alive unless background is true: %p', (background, count) => {
      const before = countTimers()
      const callOff = systemClock.setTimer(() => {}, DAY_MS, { background })
      expect(countTimers() - before).toBe(count)
      callOff()
    })

    // Node.js lets go of the list of a delay at once only when a timer of it is cleared that keeps the process alive.
    it('leaves nothing behind when it is cancelled', async () => {
      const growth = await heapGrowth(() => {
        for (let index = 0; index < 30_000; index += 1) {
          systemClock.setTimer(() => {}, DAY_MS + index, { background: true })()
        }
      })
      expect(growth).toBeLessThan(1_500_000)
    })
  })
})

describe('untouchedClock', () => {
  it('goes on and fires while a test fakes timers', async () => {
    jest.useFakeTimers({ now: 0 })
    try {
      const begin = untouchedClock.now()
      expect(begin).toBeGreaterThan(DAY_MS)
      await new Promise<void>((resolve) => void untouchedClock.setTimer(resolve, 1))
      expect(untouchedClock.now()).toBeGreaterThan(begin)
    } finally {
      jest.useRealTimers()
    }
  })

  it('calls timers off', async () => {
    const callback = jest.fn()
    untouchedClock.setTimer(callback, 0)()
    await new Promise<void>((resolve) => void untouchedClock.setTimer(resolve, 5))
    expect(callback).not.toHaveBeenCalled()
  })
})
