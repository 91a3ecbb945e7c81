import { getHeapSpaceStatistics } from 'node:v8'
import fc from 'fast-check'
import { doubleText, floatText, uncachedText } from '../../../lib/formats/cells/numbers'
import { collectGarbage } from '../../support/memory-heap'

/** A decimal with a fraction, or scientific notation with one digit before the point. */
const JAVA_DECIMAL = /^-?(?:\d{1,7}\.\d+|\d\.\d+E-?\d+)$/

describe('uncachedText', () => {
  const scalar = fc.oneof(fc.double(), fc.integer(), fc.maxSafeInteger(), fc.bigInt(), fc.boolean())

  it('prints what String prints', () => {
    for (const value of [
      0,
      -0,
      2 ** 31 - 1,
      2 ** 31,
      -(2 ** 31),
      -(2 ** 31) - 1,
      1e21,
      5e-324,
      Number.MAX_VALUE,
    ])
      expect(uncachedText(value)).toBe(String(value))
    fc.assert(fc.property(scalar, (value) => expect(uncachedText(value)).toBe(String(value))))
  })
})

describe('the text of a number', () => {
  it.each<[string, (number: number) => string]>([
    ['a double with a fraction', (number) => doubleText((2 * number + 1) / 200)],
    ['a double that needs an exponent', (number) => doubleText(1e7 + number + 0.5)],
    ['a float', (number) => floatText((2 * number + 1) / 256)],
    ['an integer of 31 bits', (number) => uncachedText(2 ** 30 - number)],
    ['an integer of more bits', (number) => uncachedText(1.7e12 + 1_234 * number)],
  ])('takes no memory that lasts: %s', async (_what, text) => {
    // What earlier specs have left lasts before, or never.
    await collectGarbage()
    const before = lastingBytes()
    let most = 0
    for (let number = 0; number < 500_000; number += 1) {
      text(number)
      if (number % 4_096 === 0) most = Math.max(most, lastingBytes() - before)
    }
    expect(most).toBeLessThan(4 * 2 ** 20)
  })

  /** What V8 has found to last, and what it has not found to be garbage yet. */
  function lastingBytes(): number {
    return getHeapSpaceStatistics().find((space) => space.space_name === 'old_space')?.space_used_size ?? 0
  }
})

describe('doubleText', () => {
  it.each([
    [0, '0.0'],
    [-0, '-0.0'],
    [12, '12.0'],
    [-97, '-97.0'],
    [0.001, '0.001'],
    [0.0001, '1.0E-4'],
    [0.00099999, '9.9999E-4'],
    [9999999, '9999999.0'],
    [9999999.5, '9999999.5'],
    [10000000, '1.0E7'],
    [-123456789.125, '-1.23456789125E8'],
    [2e23, '2.0E23'],
    [Number.MAX_SAFE_INTEGER, '9.007199254740991E15'],
    [Number.MAX_VALUE, '1.7976931348623157E308'],
    [2.2250738585072014e-308, '2.2250738585072014E-308'],
    [Number.MIN_VALUE, '4.9E-324'],
    [1e-323, '9.9E-324'],
    [2e-323, '2.0E-323'],
    [Number.NaN, 'NaN'],
    [Number.POSITIVE_INFINITY, 'Infinity'],
    [Number.NEGATIVE_INFINITY, '-Infinity'],
  ])('prints %d as %s', (value, text) => {
    expect(doubleText(value)).toBe(text)
  })

  it('reads back as the same double', () => {
    fc.assert(fc.property(fc.double(), (value) => Object.is(Number(doubleText(value)), value)))
  })

  it('looks as Java writes it, with the digits that JavaScript has', () => {
    const digits = (text: string) =>
      text
        .replace(/e.*$/i, '')
        .replace(/\D/g, '')
        .replace(/^0+|0+$/g, '')
    const normal = fc
      .double({ noNaN: true, noDefaultInfinity: true })
      .filter((value) => Math.abs(value) > 1e-307)
    fc.assert(
      fc.property(normal, (value) => {
        const text = doubleText(value)
        expect(text).toMatch(JAVA_DECIMAL)
        expect(digits(text)).toBe(digits(String(value)))
        expect(text.includes('E')).toBe(!(Math.abs(value) >= 1e-3 && Math.abs(value) < 1e7))
      }),
    )
  })
})

describe('floatText', () => {
  it.each([
    [0.5, '0.5'],
    [1, '1.0'],
    [0.1, '0.1'],
    [-0, '-0.0'],
    [1 / 3, '0.33333334'],
    [0.001, '0.001'],
    [1048576.125, '1048576.1'],
    [16777216, '1.6777216E7'],
    [33554432, '3.3554432E7'],
    [3.4028234663852886e38, '3.4028235E38'],
    [1.1754943508222875e-38, '1.1754944E-38'],
    [1.401298464324817e-45, '1.4E-45'],
    [Number.NaN, 'NaN'],
    [1e39, 'Infinity'],
  ])('prints %d as %s', (value, text) => {
    expect(floatText(value)).toBe(text)
  })

  it('reads back as the same float32, and no text with fewer digits does', () => {
    fc.assert(
      fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (value) => {
        const text = floatText(value)
        expect(Object.is(Math.fround(Number(text)), value)).toBe(true)
        const digits = text
          .replace(/E.*$/, '')
          .replace(/\D/g, '')
          .replace(/^0+|0+$/g, '').length
        // Java never prints fewer than two.
        if (digits > 2) expect(Math.fround(Number(value.toPrecision(digits - 1)))).not.toBe(value)
      }),
    )
  })
})
