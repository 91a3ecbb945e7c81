import { BackOff } from '../../../lib/stores/postgres/pause'
import { ManualClock } from '../../../lib/test-kit'

describe('BackOff', () => {
  it('waits twice as long after each failure in a row, and two seconds at most', async () => {
    const clock = new ManualClock()
    const backOff = new BackOff(clock, { background: true })
    const lengths: number[] = []
    for (const failures of [1, 2, 3, 6, 7, 5_000]) {
      let isOver = false
      void backOff.pause(failures).then(() => {
        isOver = true
      })
      const beganMs = clock.now()
      while (!isOver) await clock.advance(10)
      lengths.push(clock.now() - beganMs)
    }
    expect(lengths).toEqual([50, 100, 200, 1_600, 2_000, 2_000])
  })

  it('ends every pause at once when it is ended, and those that begin later', async () => {
    const clock = new ManualClock()
    const backOff = new BackOff(clock, { background: false })
    const pauses = [backOff.pause(1), backOff.pause(7)]
    backOff.end()
    await Promise.all([...pauses, backOff.pause(1)])
    expect(clock.pendingTimers).toBe(0)
  })
})
