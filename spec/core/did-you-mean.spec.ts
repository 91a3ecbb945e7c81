import { closest, didYouMean, nearest } from '../../lib/core/did-you-mean'

describe('closest', () => {
  it('finds the candidates with a similarity above one half, the most similar first', () => {
    const candidates = ['keep_on_completion', 'format', 'keep_alive', 'keep_alives_x']
    expect(closest('keep_alives', candidates)).toEqual(['keep_alive', 'keep_alives_x'])
  })

  it('sorts equally similar candidates alphabetically', () => {
    expect(closest('abcx', ['abcz', 'abca', 'abcm'])).toEqual(['abca', 'abcm', 'abcz'])
  })

  it.each([
    ['ab', 'ax', 'half alike'],
    ['abcd', 'abxy', 'half alike'],
    ['query', 'filter', 'less than half alike'],
    ['', 'a', 'not alike at all'],
    ['pretty', '', 'not alike at all'],
  ])('leaves out a candidate for %j: %j is %s', (name, candidate) => {
    expect(closest(name, [candidate])).toEqual([])
  })

  it('accepts any iterable of candidates', () => {
    expect(closest('abc', new Set(['abcd']))).toEqual(['abcd'])
  })
})

describe('nearest', () => {
  it.each<[string, string[], string | undefined]>([
    ['FROM logz', ['FROM books', 'FROM logs'], 'FROM logs'],
    ['SHOW INFO', ['xyz'], 'xyz'],
    ['b', ['c', 'a'], 'a'],
    ['b', [], undefined],
  ])('of %j among %j is %j', (name, candidates, found) => {
    expect(nearest(name, candidates)).toBe(found)
  })
})

describe('didYouMean', () => {
  it.each([
    ['prety', ['pretty', 'human'], 'did you mean [pretty]?'],
    ['keep_alive', ['keep_alive_', '_keep_alive'], 'did you mean any of [_keep_alive, keep_alive_]?'],
    ['keepalive', ['keep_alive'], 'did you mean [keep_alive]?'],
  ])('suggests for %j among %j', (name, candidates, suggestion) => {
    expect(didYouMean(name, candidates)).toBe(suggestion)
  })

  it('returns undefined if no candidate is similar', () => {
    expect(didYouMean('nothing', ['pretty', 'human'])).toBeUndefined()
    expect(didYouMean('nothing', [])).toBeUndefined()
  })
})
