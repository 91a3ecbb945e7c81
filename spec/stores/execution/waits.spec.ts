import type { EarlyEndListener } from '../../../lib/core/early-end'
import { Ending, withSignal } from '../../../lib/core/early-end'
import type { WaitOptions } from '../../../lib/core/operations'
import { Waits } from '../../../lib/stores/execution/waits'
import { ManualClock } from '../../../lib/test-kit'

/** An end whose signal nobody may read. */
class Unread extends Ending {
  readonly listeners = new Set<EarlyEndListener>()

  override get signal(): AbortSignal {
    throw new Error('it was read')
  }

  override addEventListener(type: 'abort', listener: EarlyEndListener): void {
    this.listeners.add(listener)
    super.addEventListener(type, listener)
  }

  override removeEventListener(type: 'abort', listener: EarlyEndListener): void {
    this.listeners.delete(listener)
    super.removeEventListener(type, listener)
  }
}

describe('Waits of a store', () => {
  let clock: ManualClock
  let waits: Waits
  beforeEach(() => {
    clock = new ManualClock()
    waits = new Waits(clock)
  })

  const forever = (more: Partial<WaitOptions> = {}): WaitOptions => ({
    waitForCompletionTimeoutMs: Number.POSITIVE_INFINITY,
    ...more,
  })

  it.each<[string, () => { options: WaitOptions; end: () => void | Promise<void> }]>([
    ['the event', () => ({ options: forever(), end: () => waits.end() })],
    ['the time', () => ({ options: { waitForCompletionTimeoutMs: 1_000 }, end: () => clock.advance(1_000) })],
    [
      'the signal',
      () => {
        const controller = new AbortController()
        return { options: forever({ signal: controller.signal }), end: () => controller.abort() }
      },
    ],
    [
      'what stands in for the signal',
      () => {
        const ending = new Unread()
        return { options: withSignal(forever(), ending), end: () => ending.abort() }
      },
    ],
  ])('end with %s, and leave no timer behind', async (_what, made) => {
    const { options, end } = made()
    let isOver = false
    const wait = waits.wait(options).then(() => {
      isOver = true
    })
    await clock.advance(0)
    expect([isOver, waits.isEmpty]).toEqual([false, false])
    await end()
    await wait
    expect([isOver, waits.isEmpty, clock.pendingTimers]).toEqual([true, true, 0])
  })

  it('do not begin when they are over already', async () => {
    const ending = new Unread()
    ending.abort()
    await waits.wait(withSignal(forever(), ending))
    await waits.wait(forever({ signal: AbortSignal.abort() }))
    await waits.wait({ waitForCompletionTimeoutMs: 0 })
    expect([waits.isEmpty, ending.listeners.size]).toEqual([true, 0])
  })

  it('leave no listener, and read no signal, where something stands in for it', async () => {
    const ending = new Unread()
    const options = withSignal(forever(), ending)
    expect(ending.listeners.size).toBe(0)
    const wait = waits.wait(options)
    expect(ending.listeners.size).toBe(1)
    waits.end()
    await wait
    expect(ending.listeners.size).toBe(0)
  })

  it('listen to the signal of options that a store has copied', async () => {
    const controller = new AbortController()
    const wait = waits.wait({ ...withSignal(forever(), new Ending()), signal: controller.signal })
    controller.abort()
    await wait
    expect(waits.isEmpty).toBe(true)
  })
})
