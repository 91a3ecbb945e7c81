import type { Owner } from '../../lib/core/caller'
import { Ending, earlyEndOf, goneOf, withGone, withSignal } from '../../lib/core/early-end'

const wire = () => ({ caller: { owner: 'alice' as Owner }, parameters: {}, sentParameters: [] })

describe('an end', () => {
  it('comes once, for listeners and for a signal that is made before or after', () => {
    const ending = new Ending()
    const told: string[] = []
    for (const name of ['first', 'second']) {
      ending.addEventListener('abort', { handleEvent: () => void told.push(name) })
    }
    ending.abort('why')
    ending.abort('once more')
    expect([told.toSorted(), ending.aborted, ending.signal.aborted, ending.signal.reason]).toEqual([
      ['first', 'second'],
      true,
      true,
      'why',
    ])
    const unheard = new Ending()
    unheard.abort()
    expect([unheard.signal.aborted, unheard.signal.reason.name]).toEqual([true, 'AbortError'])
  })

  it('does not come for who has left, and makes no signal for who listens', () => {
    const ending = new Ending()
    const told: string[] = []
    const listeners = ['first', 'second', 'third', 'fourth'].map((name) => ({
      handleEvent: () => void told.push(name),
    }))
    const signals = jest.spyOn(ending, 'signal', 'get')
    for (const listener of listeners) ending.addEventListener('abort', listener)
    for (const listener of [listeners[0], listeners[2]]) {
      if (listener) ending.removeEventListener('abort', listener)
    }
    ending.abort()
    expect([told, signals.mock.calls]).toEqual([['second', 'fourth'], []])
  })

  it('stands in for the signal of options and of a request, which others may read or copy', () => {
    const ending = new Ending()
    const options = withSignal({ waitForCompletionTimeoutMs: 0 }, ending)
    const request = withGone(wire(), ending)
    expect([earlyEndOf(options), goneOf(request), goneOf(undefined)]).toEqual([ending, ending, undefined])
    expect([{ ...options }.signal, { ...request }.gone]).toEqual([ending.signal, ending.signal])
    const { signal } = new AbortController()
    expect([earlyEndOf({ ...options, signal }), goneOf({ ...request, gone: signal })]).toEqual([
      signal,
      signal,
    ])
  })

  it('is replaced by a signal that somebody assigns', () => {
    const options = withSignal({ waitForCompletionTimeoutMs: 0 }, new Ending())
    const request = Object.assign(withGone(wire(), new Ending()))
    const { signal } = new AbortController()
    options.signal = signal
    request.gone = signal
    expect([earlyEndOf(options), options.signal, { ...options }.signal]).toEqual([signal, signal, signal])
    expect([goneOf(request), request.gone]).toEqual([signal, signal])
  })
})
