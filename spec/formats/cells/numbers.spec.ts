import fc from 'fast-check'
import { doubleText, floatText } from '../../../lib/formats/cells/numbers'

/** A decimal with a fraction, or scientific notation with one digit before the point. */
const JAVA_DECIMAL = /^-?(?:\d{1,7}\.\d+|\d\.\d+E-?\d+)$/

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
