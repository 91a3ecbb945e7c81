import { setImmediate as nextTurn } from 'node:timers/promises'
import { ManualClock } from '../../lib/test-kit'

describe('ManualClock', () => {
  it('stands still until advance', async () => {
    const clock = new ManualClock(1_000)
    await nextTurn()
    expect(clock.now()).toBe(1_000)
    await clock.advance(250.5)
    expect(clock.now()).toBe(1_250.5)
  })

  it('starts in 2025 by default', () => {
    expect(new ManualClock().now()).toBe(Date.parse('2025-01-01T00:00:00Z'))
  })

  it('fires timers in the order of their times, equal times in the order they were set', async () => {
    const clock = new ManualClock(0)
    const fired: [string, number][] = []
    const set = (name: string, ms: number): void => {
      clock.setTimer(() => fired.push([name, clock.now()]), ms)
    }
    set('late', 30)
    set('first of two', 20)
    set('second of two', 20)
    set('early', 10)
    set('too late', 41)
    await clock.advance(40)
    expect(fired).toEqual([
      ['early', 10],
      ['first of two', 20],
      ['second of two', 20],
      ['late', 30],
    ])
    expect(clock.now()).toBe(40)
  })

  it('fires a timer once', async () => {
    const clock = new ManualClock()
    const callback = jest.fn()
    clock.setTimer(callback, 10)
    await clock.advance(100)
    await clock.advance(100)
    expect(callback).toHaveBeenCalledTimes(1)
  })

  it.each([0, -1])('fires a timer of %s ms without time passing', async (ms) => {
    const clock = new ManualClock()
    const callback = jest.fn()
    clock.setTimer(callback, ms)
    expect(callback).not.toHaveBeenCalled()
    await clock.advance(0)
    expect(callback).toHaveBeenCalledTimes(1)
  })

  it('does not fire a timer that was called off', async () => {
    const clock = new ManualClock()
    const callback = jest.fn()
    const callOff = clock.setTimer(callback, 10)
    callOff()
    await clock.advance(100)
    expect(callback).not.toHaveBeenCalled()
  })

  it('fires timers that other timers and settled promises set, when they fall due', async () => {
    const clock = new ManualClock(0)
    const fired: number[] = []
    clock.setTimer(() => {
      void Promise.resolve()
        .then(() => nextTurn())
        .then(() => clock.setTimer(() => fired.push(clock.now()), 10))
    }, 10)
    await clock.advance(100)
    expect(fired).toEqual([20])
  })

  it('lets promises settle before it resolves', async () => {
    const clock = new ManualClock()
    let steps = 0
    clock.setTimer(async () => {
      for (; steps < 50; steps += 1) await Promise.resolve()
    }, 10)
    await clock.advance(10)
    expect(steps).toBe(50)
  })

  it('counts pending timers', async () => {
    const clock = new ManualClock()
    clock.setTimer(() => {}, 10)
    clock.setTimer(() => {}, 20)
    const callOff = clock.setTimer(() => {}, 30)
    expect(clock.pendingTimers).toBe(3)
    await clock.advance(10)
    callOff()
    expect(clock.pendingTimers).toBe(1)
  })
})
