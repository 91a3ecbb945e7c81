/**
 * What `String` makes of a value. V8 keeps what that makes of the last thousands of doubles, so each text would move to the memory of
 * what lasts: the numbers of a long table would fill it. `JSON.stringify` writes the same digits, and nobody keeps them.
 */
export function uncachedText(value: number | bigint | boolean): string {
  const isCached = typeof value === 'number' && (value | 0) !== value && Number.isFinite(value)
  return isCached ? JSON.stringify(value) : String(value)
}

/** A `double` as Java's `Double.toString` prints it since JDK 19: `12.0`, `1.0E7`, `-0.0`, `4.9E-324`, `NaN`. */
export function doubleText(value: number): string {
  const magnitude = Math.abs(value)
  if (magnitude >= 1e-3 && magnitude < 1e7)
    return Number.isInteger(value) ? `${value}.0` : uncachedText(value)
  if (value === 0) return Object.is(value, -0) ? '-0.0' : '0.0'
  return Number.isFinite(value) ? scientificText(value) : String(value)
}

function scientificText(value: number): string {
  const shortest = value.toExponential()
  // Where one digit would do, Java prints the nearest decimal of two: 4.9E-324 is 5e-324 to JavaScript.
  const text = shortest.includes('.') ? shortest : value.toExponential(1)
  return text.replace('e+', 'E').replace('e', 'E')
}

/** A `float` as Java's `Float.toString` prints it: the shortest text that reads back as the same float32. */
export function floatText(value: number): string {
  const float = Math.fround(value)
  // Up to here neighbours are at most 1 apart: no shorter decimal reads back as the same integer.
  if (Number.isInteger(float) && Math.abs(float) < 1e7) return doubleText(float)
  // Nine digits identify every float32, two are the fewest that Java prints.
  let shortest = Number(float.toExponential(8))
  for (let fractionDigits = 7; fractionDigits > 0; fractionDigits--) {
    const shorter = Number(float.toExponential(fractionDigits))
    if (Math.fround(shorter) !== float) break
    shortest = shorter
  }
  return doubleText(shortest)
}

const LONG_LIMIT = 2 ** 63

/**
 * The integer that a number in an object counts as, if it counts as one. JavaScript does not tell 3 from 3.0, so
 * whatever fits a `long` is an integer, except minus zero. Beyond 2^53 it is a bigint.
 */
export function integerOf(value: number): number | bigint | undefined {
  if (Number.isSafeInteger(value)) return Object.is(value, -0) ? undefined : value
  return Number.isInteger(value) && Math.abs(value) < LONG_LIMIT ? BigInt(value) : undefined
}

/** A number in an object as Java prints it. */
export function numberText(value: number): string {
  const integer = integerOf(value)
  return integer === undefined ? doubleText(value) : uncachedText(integer)
}

/**
 * The integer for a count or a time in an answer. `undefined` for what is no finite number: engines and stores give
 * these, and no format has such integers.
 */
export function nearestInteger(value: number | undefined): number | bigint | undefined {
  if (value === undefined || !Number.isFinite(value)) return undefined
  // There is no integer -0.
  const rounded = Math.round(value) + 0
  return Number.isSafeInteger(rounded) ? rounded : BigInt(rounded)
}
