import fc from 'fast-check'

const SURROGATES = { first: 0xd800, count: 0x800 }

/** Every code point but surrogates. The unit `binary` of fast-check is the same, but takes a second to set up. */
export const anyCharacter = fc
  .nat({ max: 0x10ffff - SURROGATES.count })
  .map((index) => String.fromCodePoint(index < SURROGATES.first ? index : index + SURROGATES.count), indexOf)

/** The inverse, with which fast-check finds texts such as `__proto__`. */
function indexOf(text: unknown): number {
  const [codePoint, ...more] = typeof text === 'string' ? text : ''
  const index = codePoint?.codePointAt(0)
  if (index === undefined || more.length > 0) throw new TypeError('not one character')
  return index < SURROGATES.first ? index : index - SURROGATES.count
}
