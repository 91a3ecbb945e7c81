/** @jest-environment node */

import type { Work } from '../../lib/core/turns'
import { atOnce, endInTurns, inOrder, inTurns, nextTurn, Pace } from '../../lib/core/turns'

describe('nextTurn', () => {
  it('comes while a test fakes timers', async () => {
    jest.useFakeTimers()
    await nextTurn().finally(() => jest.useRealTimers())
  })
})

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

function* work(name: string, pauses: number, log: string[]): Work<string> {
  for (let part = 0; part < pauses; part += 1) {
    log.push(`${name}${part}`)
    yield
  }
  return name
}

describe('inTurns', () => {
  it('does work without a pause at once, and without a promise', () => {
    expect(inTurns(work('a', 0, []))).toBe('a')
    expect(atOnce(work('b', 3, []))).toBe('b')
  })

  it('lets others have their turn in each pause', async () => {
    const log: string[] = []
    const done = inTurns(work('a', 3, log))
    const tick = (): void => {
      log.push('other')
      if (log.length < 6) setImmediate(tick)
    }
    setImmediate(tick)
    await done
    expect(log).toEqual(['a0', 'other', 'a1', 'other', 'a2', 'other'])
  })

  it('lets one of many works go on in each turn', async () => {
    const log: string[] = []
    let isDone = false
    const all = Promise.all(['a', 'b', 'c'].map((name) => inTurns(work(name, 3, log)))).then((names) => {
      isDone = true
      return names
    })
    expect(log.splice(0)).toEqual(['a0', 'b0', 'c0'])
    const steps: number[] = []
    while (!isDone) {
      const before = log.length
      await nextTurn()
      steps.push(log.length - before)
    }
    expect(await all).toEqual(['a', 'b', 'c'])
    expect(log).toEqual(['a1', 'b1', 'c1', 'a2', 'b2', 'c2'])
    expect(Math.max(...steps)).toBe(1)
  })

  it('rejects with what work throws, and goes on with the others', async () => {
    function* failing(): Work<never> {
      yield
      throw new TypeError('no')
    }
    const others = inTurns(work('a', 2, []))
    await expect(inTurns(failing())).rejects.toThrow('no')
    expect(await others).toBe('a')
  })

  it('ends work that nobody wants any more', async () => {
    const log: string[] = []
    const done = inTurns(work('a', 100, log), () => {
      if (log.length === 3) throw new TypeError('unwanted')
    })
    await expect(done).rejects.toThrow('unwanted')
    expect(log).toEqual(['a0', 'a1', 'a2'])
  })
})

describe('inOrder', () => {
  it('begins a work when the one before is done, has failed or is not wanted', async () => {
    const log: string[] = []
    function* failing(): Work<string> {
      log.push('failing')
      yield
      throw new TypeError('no')
    }
    const unwanted = (): void => {
      throw new TypeError('unwanted')
    }
    const all = [
      inOrder(
        () => work('a', 2, log),
        () => {},
      ),
      inOrder(
        () => failing(),
        () => {},
      ),
      inOrder(() => work('b', 2, log), unwanted),
      inOrder(
        async () => work('c', 2, log),
        () => {},
      ),
    ]
    const outcomes = await Promise.allSettled(all)
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled'])
    expect(log).toEqual(['a0', 'a1', 'failing', 'c0', 'c1'])
  })
})

describe('Pace', () => {
  it('asks for a pause whenever so much is done', () => {
    const pace = new Pace(10)
    expect([4, 4, 4, 9, 1, 30, 0].map((done) => pace.isPauseDue(done))).toEqual([
      false,
      false,
      true,
      false,
      true,
      true,
      false,
    ])
  })
})
