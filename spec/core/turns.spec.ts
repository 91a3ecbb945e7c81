import { setImmediate as nextTurn } from 'node:timers/promises'
import { endInTurns } from '../../lib/core/turns'

describe('endInTurns', () => {
  const numbers = (count: number) => new Set(Array.from({ length: count }, (_, index) => index))

  it('ends a few waits at once', () => {
    const ended: number[] = []
    endInTurns(numbers(3), (wait) => ended.push(wait))
    expect(ended).toEqual([0, 1, 2])
  })

  it('ends many waits in several turns of the event loop, with other work in between', async () => {
    const ended: number[] = []
    endInTurns(numbers(100), (wait) => ended.push(wait))
    const counts = [ended.length]
    while (ended.length < 100) {
      await nextTurn()
      counts.push(ended.length)
    }
    expect(counts).toEqual([32, 64, 96, 100])
    expect(ended).toEqual([...numbers(100)])
  })

  it('skips waits that are removed in the meantime', async () => {
    const waits = numbers(70)
    const ended: number[] = []
    endInTurns(waits, (wait) => {
      waits.delete(wait)
      ended.push(wait)
    })
    for (let wait = 32; wait < 64; wait += 1) waits.delete(wait)
    await nextTurn()
    expect([ended.length, ended.at(-1), waits.size]).toEqual([38, 69, 0])
  })
})
