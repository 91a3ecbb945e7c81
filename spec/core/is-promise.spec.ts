import { isPromise } from '../../lib/core/is-promise'

class OtherPromise<T> extends Promise<T> {}

describe('isPromise', () => {
  const RealPromise = globalThis.Promise
  afterEach(() => {
    globalThis.Promise = RealPromise
  })

  it.each([undefined, null, 0, '', 'then', {}, []])('is false for %j', (value) => {
    expect(isPromise(value)).toBe(false)
  })

  it('is true for what an async function returns, also where a host has replaced the global Promise', () => {
    const answers = [(async () => 1)(), OtherPromise.resolve(1)]
    globalThis.Promise = OtherPromise
    expect((async () => 1)()).not.toBeInstanceOf(Promise)
    expect([...answers, (async () => 1)()].map(isPromise)).toEqual([true, true, true])
  })
})
