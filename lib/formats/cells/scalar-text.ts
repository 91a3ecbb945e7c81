import type { Value } from '../../core/result'
import { parseInstant } from './instant'
import { zonedText } from './zoned-text'

/** A `double` as Java's `Double.toString` prints it since JDK 19: `12.0`, `1.0E7`, `-0.0`, `4.9E-324`, `NaN`. */
export function doubleText(value: number): string {
  const magnitude = Math.abs(value)
  if (magnitude >= 1e-3 && magnitude < 1e7) return Number.isInteger(value) ? `${value}.0` : String(value)
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

/**
 * A cell of type `date`, printed in `timeZone` with three fraction digits. Numbers are milliseconds since the
 * epoch; text that is no date stays as it is.
 */
export function dateText(value: Value, timeZone: string): string {
  if (typeof value === 'number' || typeof value === 'bigint') return zonedText(Number(value), 0, timeZone)
  if (value instanceof Date) return zonedText(value.getTime(), 0, timeZone)
  const text = String(value)
  if (text.length === 24 && isPrinted(text, timeZone)) return text
  const instant = parseInstant(text)
  return instant ? zonedText(instant.ms, 0, timeZone) : text
}

/**
 * A cell of type `date_nanos`, printed in `timeZone` with three to nine fraction digits. Numbers are nanoseconds
 * since the epoch; text that is no date stays as it is.
 */
export function dateNanosText(value: Value, timeZone: string): string {
  if (typeof value === 'bigint') return nanosText(value, timeZone)
  if (typeof value === 'number' && Number.isInteger(value)) return nanosText(BigInt(value), timeZone)
  if (value instanceof Date) return zonedText(value.getTime(), 0, timeZone)
  const text = String(value)
  if ((text.length === 24 || !text.endsWith('0Z')) && isPrinted(text, timeZone)) return text
  const instant = parseInstant(text)
  return instant ? zonedText(instant.ms, instant.nanos, timeZone) : text
}

function nanosText(epochNanos: bigint, timeZone: string): string {
  const remainder = Number(epochNanos % 1_000_000n)
  const nanos = remainder < 0 ? remainder + 1_000_000 : remainder
  return zonedText(Number((epochNanos - BigInt(nanos)) / 1_000_000n), nanos, timeZone)
}

/** Whether a text is a date as it is to be printed, as most stores hand it over. Then there is nothing to do. */
function isPrinted(text: string, timeZone: string): boolean {
  const { length } = text
  return (
    (timeZone === 'UTC' || timeZone === 'Z') &&
    length >= 24 &&
    length <= 30 &&
    text[10] === 'T' &&
    text[19] === '.' &&
    text[length - 1] === 'Z'
  )
}
