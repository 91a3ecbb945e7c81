import { StandingClock } from '../../lib/double/standing-clock'

describe('a clock that stands', () => {
  it('moves one step after the other', async () => {
    const clock = new StandingClock()
    const begin = clock.now()
    const seen: number[] = []
    for (const ms of [1, 5, 20]) clock.setTimer(() => seen.push(clock.now() - begin), ms)
    await Promise.all([clock.advance(5), clock.advance(10), clock.advance(5)])
    expect(seen).toEqual([1, 5, 20])
    expect(clock.now() - begin).toBe(20)
  })

  it('tells when it does not move any more', async () => {
    const clock = new StandingClock()
    await clock.stands()
    const seen: string[] = []
    clock.setTimer(() => {
      void clock.stands().then(() => seen.push('stands'))
    }, 1)
    clock.setTimer(() => seen.push('last timer'), 9)
    await clock.advance(10)
    await clock.stands()
    expect(seen).toEqual(['last timer', 'stands'])
  })
})
