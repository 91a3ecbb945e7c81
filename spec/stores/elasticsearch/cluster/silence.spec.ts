import { PassThrough } from 'node:stream'
import { ManualClock } from 'express-esql-async-query/test-kit'
import { breakOffSilence } from '../../../../lib/stores/elasticsearch/cluster/silence'

describe('a body', () => {
  const clock = new ManualClock()

  function guarded(): PassThrough {
    const body = new PassThrough()
    breakOffSilence(body, clock, 1_000)
    return body.on('error', () => {})
  }

  it('that has stopped coming is broken off', async () => {
    const body = guarded().resume()
    await clock.advance(900)
    body.write('x')
    await clock.advance(900)
    expect(body.destroyed).toBe(false)
    await clock.advance(100)
    expect(body.errored?.message).toBe('the cluster has fallen silent in the middle of an answer')
    expect(clock.pendingTimers).toBe(0)
  })

  it('that nobody reads is kept, and so is one that somebody reads again', async () => {
    const paused = guarded().resume()
    const unread = guarded()
    paused.pause()
    unread.write('x')
    await clock.advance(10_900)
    paused.resume()
    await clock.advance(500)
    expect([paused.destroyed, unread.destroyed]).toEqual([false, false])
    paused.destroy()
    unread.destroy()
    await clock.advance(0)
    expect(clock.pendingTimers).toBe(0)
  })
})
