import { illegalArgument } from './errors'

/** A text has the first of these units that it ends with. */
export const MS_PER_UNIT = {
  nanos: 1e-6,
  micros: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
} as const

type Unit = keyof typeof MS_PER_UNIT

const UNITS = Object.keys(MS_PER_UNIT) as Unit[]

/** Longer times count as this one, so that a sum with a date stays a date and a whole number. */
const LONGEST_MS = 2 ** 52

const LONG_MAX = 2n ** 63n - 1n
const LONG_MIN = -(2n ** 63n)
/** Has no more digits than a 64-bit integer. A longer text is costly to read, and out of range anyway. */
const LONG_TEXT = /^[+-]?0*\d{1,19}$/
/** The texts that Java's `Double.parseDouble` reads, in lower case. */
const DOUBLE_TEXT = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?[fd]?$/

/**
 * The milliseconds of a time value of Elasticsearch, such as `5d`, or `-1`, which needs no unit. Cuts off fractions of a
 * millisecond.
 *
 * Throws `illegal_argument_exception` with the text of Elasticsearch's `TimeValue.parseTimeValue`.
 */
export function parseTimeValue(name: string, text: string): number {
  const normalized = text.toLowerCase().trim()
  const unit = unitOf(text, normalized)
  if (unit !== undefined) {
    const amount = parseAmount(name, text, normalized.slice(0, -unit.length).trim())
    // `-1nanos` is 0, not -0.
    return Math.min(Math.trunc(amount * MS_PER_UNIT[unit]) || 0, LONGEST_MS)
  }
  if (/^-0*1$/.test(normalized)) return -1
  if (/^0+$/.test(normalized)) return 0
  throw illegalArgument(
    `failed to parse setting [${name}] with value [${text}] as a time value: unit is missing or unrecognized`,
  )
}

/** The time value of a number of milliseconds, rounded up to whole ones. Zero and below are `0`. */
export function timeText(ms: number): string {
  return ms <= 0 ? '0' : `${Math.min(Math.ceil(ms), Number.MAX_SAFE_INTEGER)}ms`
}

function unitOf(text: string, normalized: string): Unit | undefined {
  // Reads a minute as sent: in Elasticsearch, a capital M means months.
  return UNITS.find((unit) => (unit === 'm' ? text : normalized).endsWith(unit))
}

function parseAmount(name: string, text: string, digits: string): number {
  const amount = LONG_TEXT.test(digits) ? BigInt(digits.replace('+', '')) : undefined
  if (amount !== undefined && amount >= LONG_MIN && amount <= LONG_MAX) {
    if (amount >= -1n) return Number(amount)
    throw illegalArgument(
      `failed to parse setting [${name}] with value [${text}] as a time value: negative durations are not supported`,
    )
  }
  const fractional = DOUBLE_TEXT.test(digits) ? ', fractional time values are not supported' : ''
  throw illegalArgument(`failed to parse [${text}]${fractional}`, {
    causedBy: { type: 'number_format_exception', reason: `For input string: "${digits}"` },
  })
}
