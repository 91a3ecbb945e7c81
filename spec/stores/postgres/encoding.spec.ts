import { digestOf, queryKey } from '../../../lib/stores/postgres/encoding'

/** Pairs of owner and id that are easily taken for each other. */
const PAIRS: readonly (readonly [string, string])[] = [
  ['a', 'bc'],
  ['ab', 'c'],
  ['', 'abc'],
  ['abc', ''],
  ['1:a', 'bc'],
  ['a\0', 'bc'],
  ['a\ud800', 'bc'],
  ['a\udbff', 'bc'],
  ['a\ufffd', 'bc'],
  ['A', 'bc'],
]

describe('queryKey', () => {
  it('is another one for each pair of owner and id', () => {
    const keys = PAIRS.map(([owner, id]) => queryKey(owner, id).toString('hex'))
    expect(new Set(keys).size).toBe(PAIRS.length)
    expect(queryKey('a', 'bc').toString('hex')).toBe(keys[0])
    expect(queryKey('a', 'bc')).toHaveLength(32)
  })
})

describe('digestOf', () => {
  it('tells owners apart that UTF-8 writes alike', () => {
    const digests = ['a\ud800', 'a\udbff', 'a\ufffd'].map((owner) => digestOf(owner).toString('hex'))
    expect(new Set(digests).size).toBe(3)
  })
})
