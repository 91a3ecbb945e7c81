import { Watch } from '../../../lib/stores/postgres/watch'
import { ManualClock } from '../../../lib/test-kit'
import { FOREVER } from '../../support/store-bench'

const KEYS = [Buffer.from('first'), Buffer.from('second')] as const

function watch(ended: (keys: readonly Buffer[]) => Promise<readonly Buffer[]>) {
  const clock = new ManualClock()
  const asked = jest.fn(ended)
  return { clock, asked, watch: new Watch(asked, { clock, pollMs: 250 }) }
}

describe('Watch', () => {
  it('asks in one go about all queries that are waited for, and ends the waits of those that run no more', async () => {
    const { clock, asked, watch: watched } = watch(async () => [KEYS[0]])
    const waits = [watched.wait(KEYS[0], FOREVER), watched.wait(KEYS[0], FOREVER)]
    const other = watched.wait(KEYS[1], { waitForCompletionTimeoutMs: 600 })
    await clock.advance(250)
    await Promise.all(waits)
    expect(asked.mock.calls).toEqual([[[...KEYS]]])
    await clock.advance(250)
    expect(asked.mock.calls.at(-1)).toEqual([[KEYS[1]]])
    await clock.advance(100)
    await other
    expect(clock.pendingTimers).toBe(0)
  })

  it('asks nothing when nobody waits', async () => {
    const { clock, asked, watch: watched } = watch(async () => [])
    const controller = new AbortController()
    const wait = watched.wait(KEYS[0], { ...FOREVER, signal: controller.signal })
    await clock.advance(100)
    controller.abort()
    await wait
    await clock.advance(1_000)
    expect(asked).not.toHaveBeenCalled()
    expect(clock.pendingTimers).toBe(0)
  })

  it('asks again after an outage, and its waits go on', async () => {
    let isAway = true
    const {
      clock,
      asked,
      watch: watched,
    } = watch(async (keys) => {
      if (isAway) throw new Error('away')
      return keys
    })
    const wait = watched.wait(KEYS[0], FOREVER)
    await clock.advance(500)
    isAway = false
    await clock.advance(250)
    await wait
    expect(asked).toHaveBeenCalledTimes(3)
  })

  it('ends every wait when it is closed', async () => {
    const { clock, watch: watched } = watch(async () => [])
    const waits = KEYS.map((key) => watched.wait(key, FOREVER))
    watched.close()
    await Promise.all(waits)
    expect(clock.pendingTimers).toBe(0)
  })
})
