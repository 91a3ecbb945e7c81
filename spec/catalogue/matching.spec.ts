import type { Expectation } from '../../lib/catalogue/matching'
import { findEntry, Matcher, paramsOf, Question } from '../../lib/catalogue/matching'
import type { Value, ValueObject } from '../../lib/core/result'

const ANY = { params: 'any', filter: 'any' } as const

function matches(expectation: Partial<Expectation>, params: readonly Value[], filter?: ValueObject): boolean {
  const matcher = new Matcher({ query: 'ROW x = ?', params: [], filter: undefined, ...expectation })
  const request = { query: 'row x = ?', params: paramsOf(params), ...(filter && { filter }) }
  return matcher.match(new Question(request)) !== undefined
}

describe('params', () => {
  const LONG = 9007199254740993n

  it.each<[Value[], Value[]]>([
    [[], []],
    [[1], [1n]],
    [[LONG], [LONG]],
    [
      ['a', null, true, [1, 2]],
      ['a', null, true, [1, 2]],
    ],
    [
      [{ a: 1 }, { b: 2 }],
      [{ b: 2 }, { a: 1 }],
    ],
    [[{ a: 1 }], [{ a: { value: 1 } }]],
    [[{ a: { identifier: 'x' } }], [{ a: { IDENTIFIER: 'x' } }]],
  ])('%p are %p', (expected, sent) => {
    expect(matches({ params: paramsOf(expected) }, sent)).toBe(true)
  })

  it.each<[Value[], Value[]]>([
    [[], [1]],
    [[1], []],
    [[1], [2]],
    [[1], ['1']],
    [[1], [true]],
    [
      [1, 2],
      [2, 1],
    ],
    [[[1, 2]], [1, 2]],
    [[LONG], [LONG - 1n]],
    [[LONG], [9007199254740992]],
    [[{ a: 1 }], [{ b: 1 }]],
    [[{ a: 1 }], [1]],
    [[{ a: 'x' }], [{ a: { identifier: 'x' } }]],
  ])('%p are not %p', (expected, sent) => {
    expect(matches({ params: paramsOf(expected) }, sent)).toBe(false)
  })

  it('may be any', () => {
    expect([[], [1], [{ a: 1 }]].map((params) => matches({ params: 'any' }, params))).toEqual([
      true,
      true,
      true,
    ])
  })

  it('are read with the refusals of a request', () => {
    expect(() => paramsOf([1, { a: 1 }])).toThrow('cannot contain both named and unnamed parameters')
  })
})

describe('the filter', () => {
  const filter = { range: { at: { gte: 1, lt: 9007199254740993n } } }

  it('counts but for the order of its fields', () => {
    expect(matches({ filter }, [], { range: { at: { lt: 9007199254740993n, gte: 1 } } })).toBe(true)
    expect(matches({ filter }, [], { range: { at: { gte: 1, lt: 9007199254740992n } } })).toBe(false)
    expect(matches({ filter }, [])).toBe(false)
    expect(matches({}, [], filter)).toBe(false)
    expect(matches({ filter: 'any' }, [], filter)).toBe(true)
  })
})

describe('a pattern', () => {
  const found = (pattern: RegExp, query: string) =>
    new Matcher({ query: pattern, ...ANY }).match(new Question({ query }))

  it.each<[RegExp, string]>([
    [/^FROM (\w+) \| LIMIT (\d+)$/, 'from logs|limit 2'],
    [/^FROM (\w+)\|LIMIT (\d+)$/, 'FROM logs // x\n | LIMIT  2'],
    [/^from (\w+) \| limit (\d+)$/, 'from logs | limit 2'],
  ])('%s sees %s', (pattern, query) => {
    expect(found(pattern, query)).toEqual(['logs', '2'])
  })

  it('sees strings as they are', () => {
    expect(found(/"x {2}y"/, 'ROW a = "x  y"')).toEqual([])
    expect(found(/"x {2}y"/, 'ROW a = "x y"')).toBeUndefined()
  })

  it('that remembers where it was matches each time', () => {
    const matcher = new Matcher({ query: /^FROM/gy, ...ANY })
    const question = new Question({ query: 'FROM logs' })
    expect([matcher.match(question), matcher.match(question)]).toEqual([[], []])
  })
})

describe('several entries', () => {
  it('are asked from the first on', () => {
    const entries = [/^FROM (a)/, /^FROM (.)/].map((query) => ({ matcher: new Matcher({ query, ...ANY }) }))
    expect(findEntry(entries, new Question({ query: 'from a' }))).toEqual({
      entry: entries[0],
      groups: ['a'],
    })
    expect(findEntry(entries, new Question({ query: 'from b' }))).toEqual({
      entry: entries[1],
      groups: ['b'],
    })
    expect(findEntry(entries, new Question({ query: 'row a' }))).toBeUndefined()
  })
})
