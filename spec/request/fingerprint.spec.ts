import { createHash } from 'node:crypto'
import type { Value } from '../../lib/core/result'
import { atOnce } from '../../lib/core/turns'
import { fingerprintOf } from '../../lib/request/fingerprint'

const print = (value: unknown): string => atOnce(fingerprintOf(value as Value))

const numbered = (count: number, prefix: string) =>
  Array.from({ length: count }, (_, index): [string, number] => [`${prefix}${index}`, index])

describe('fingerprintOf', () => {
  it('is a SHA-256', () => {
    const text = '{2,"1:a[2,1,"1:x'
    expect(print({ a: [1, 'x'] })).toBe(createHash('sha256').update(text, 'utf16le').digest('base64url'))
  })

  it('is the same for the same value', () => {
    const value = { a: [1, 2n, 'x', null, true, { b: {} }], c: 'y' }
    expect(print(structuredClone(value))).toBe(print(value))
  })

  it('is the same whatever the order of fields, at any depth', () => {
    expect(print({ a: 1, b: { c: 2, d: [{ e: 3, f: 4 }] } })).toBe(
      print({ b: { d: [{ f: 4, e: 3 }], c: 2 }, a: 1 }),
    )
  })

  it('does not tell a missing field from one that is undefined', () => {
    expect(print({ a: 1, b: undefined })).toBe(print({ a: 1 }))
  })

  it('differs for values that differ', () => {
    const values = [
      ...[null, true, false, 'null', 'true', '', ' ', 0, -0, '0', 1, 1n, '1', '1,', 1.5, 2 ** 53, 2n ** 53n],
      ...[2n ** 53n + 1n, [], {}, [[]], [{}], [null], [1, 2], [2, 1], [12], ['1', '2'], ['12'], ['1,2']],
      ...[[[1], 2], [[1, 2]], [1, [2]], { a: 1 }, { a: 1n }, { a: '1' }, { b: 1 }, ['a', 1], { a: { b: 1 } }],
      ...[{ a: [1] }, { a: 1, b: 2 }, { a: 2, b: 1 }, [{ a: 1 }, { b: 2 }], [{ a: 1, b: 2 }], { '': 1 }],
      ...['\ud800', '\udbff', '\ufffd', '\u{1f600}', '"1:a', ['"1:a'], 'a"1:b', ['a', 'b'], ['a"1:b']],
    ]
    expect(new Set(values.map(print)).size).toBe(values.length)
  })

  it('is the same for long texts in whatever pieces they are digested', () => {
    const long = 'x'.repeat(3 * 2 ** 15)
    const texts = [long, `${long}y`, `y${long}`, `${long.slice(1)}\ud800`, `${long.slice(1)}\udbff`]
    expect(new Set(texts.map(print)).size).toBe(texts.length)
    expect(print([long, long])).not.toBe(print([`${long}${long}`]))
    expect(print({ a: long, b: 1 })).toBe(print({ b: 1, a: long }))
  })

  it('sorts up to a thousand fields', () => {
    const few = numbered(1_000, 'f')
    expect(print(Object.fromEntries(few.toReversed()))).toBe(print(Object.fromEntries(few)))
    const many = numbered(1_001, 'f')
    expect(print(Object.fromEntries(many.toReversed()))).not.toBe(print(Object.fromEntries(many)))
  })

  it('does not pause for a short value, and pauses again and again for a long one', () => {
    const pauses = (value: unknown): number => [...fingerprintOf(value as Value)].length
    expect(pauses({ query: 'ROW n = 1', params: [1, 2, 3] })).toBe(0)
    expect(pauses('x'.repeat(2 ** 22))).toBeGreaterThan(100)
  })

  it.each<[string, Value, number?]>([
    ['numbers', 1],
    ['texts', 'x'],
    ['long texts', 'x'.repeat(10_000), 2 ** 10],
    ['empty lists', []],
    ['empty objects', {}],
    ['objects', { a: [] }],
    ['lists in lists', [[[[]]]]],
  ])('pauses between %s', (_, item, count = 2 ** 17) => {
    let read = 0
    const get = (items: Value[], name: string | symbol): unknown => {
      read += Number(/^\d+$/.test(String(name)))
      return items[name as never]
    }
    const items = new Proxy(Array<Value>(count).fill(item), { get: get as never })
    const work = fingerprintOf(items)
    let most = 0
    for (let before = 0; !work.next().done; before = read) most = Math.max(most, read - before)
    expect(read).toBe(count)
    expect(most).toBeLessThanOrEqual(count / 4)
  })
})
