import type { Value } from '../../core/result'
import { MS_PER_DAY, parseOffset, zoneOffset } from '../../core/time-zone'

// Written by hand: `Date` has no nanoseconds, no zones and fewer years than Java, `Intl` is too slow for each cell, and
// the date libraries build on both.

const ISO_DATE = /^([+-]?\d{4,9})-(\d\d)-(\d\d)(?:T(.+))?$/i
const ISO_TIME = /^(\d\d)(?::?(\d\d)(?::?(\d\d)(?:[.,](\d{1,9}))?)?)?(Z|[+-]\d\d(?::?\d\d(?::?\d\d)?)?)?$/i

const [CODE_OF_T, CODE_OF_DOT, CODE_OF_Z] = [0x54, 0x2e, 0x5a]

const TWO_DIGITS = Array.from({ length: 100 }, (_, number) => String(number).padStart(2, '0'))
const THREE_DIGITS = Array.from({ length: 1000 }, (_, number) => String(number).padStart(3, '0'))

/**
 * A cell of type `date`, printed in `timeZone` with three fraction digits. Numbers are milliseconds since the
 * epoch; text that is no date stays as it is.
 */
export function dateText(value: Value, timeZone: string): string {
  if (typeof value === 'string') return zonedDate(value, timeZone)
  if (typeof value === 'number' || typeof value === 'bigint') return zonedText(Number(value), 0, timeZone)
  if (value instanceof Date) return zonedText(value.getTime(), 0, timeZone)
  return zonedDate(String(value), timeZone)
}

function zonedDate(text: string, timeZone: string): string {
  if (text.length === 24 && isPrinted(text, timeZone)) return text
  const instant = parseInstant(text)
  return instant ? zonedText(instant.ms, 0, timeZone) : text
}

/**
 * A cell of type `date_nanos`, printed in `timeZone` with three to nine fraction digits. Numbers are nanoseconds
 * since the epoch; text that is no date stays as it is.
 */
export function dateNanosText(value: Value, timeZone: string): string {
  if (typeof value === 'bigint') return epochNanosText(value, timeZone)
  if (typeof value === 'number' && Number.isInteger(value)) return epochNanosText(BigInt(value), timeZone)
  if (value instanceof Date) return zonedText(value.getTime(), 0, timeZone)
  const text = String(value)
  if ((text.length === 24 || !text.endsWith('0Z')) && isPrinted(text, timeZone)) return text
  const instant = parseInstant(text)
  return instant ? zonedText(instant.ms, instant.nanos, timeZone) : text
}

function epochNanosText(epochNanos: bigint, timeZone: string): string {
  const remainder = Number(epochNanos % 1_000_000n)
  const nanos = remainder < 0 ? remainder + 1_000_000 : remainder
  return zonedText(Number((epochNanos - BigInt(nanos)) / 1_000_000n), nanos, timeZone)
}

/** Whether a text is a date in its printed form already, as most stores hand it over. */
function isPrinted(text: string, timeZone: string): boolean {
  const { length } = text
  return (
    (timeZone === 'UTC' || timeZone === 'Z') &&
    length >= 24 &&
    length <= 30 &&
    text.charCodeAt(10) === CODE_OF_T &&
    text.charCodeAt(19) === CODE_OF_DOT &&
    text.charCodeAt(length - 1) === CODE_OF_Z
  )
}

/**
 * An instant as Elasticsearch prints it in a zone: `2020-02-29T13:30:30.5008009+01:00`. NaN and
 * infinities stay what they are.
 */
function zonedText(epochMs: number, nanos: number, timeZone: string): string {
  if (!Number.isFinite(epochMs)) return String(epochMs)
  const ms = Math.floor(epochMs)
  const offset = zoneOffset(timeZone, ms)
  const local = ms + offset * 1000
  const day = Math.floor(local / MS_PER_DAY)
  return `${dayText(day)}T${timeText(local - day * MS_PER_DAY)}${nanosText(nanos)}${offsetText(offset)}`
}

/** The inverse of {@link dayNumber}: counts in eras of 400 years that begin in March. */
function dayText(dayNumber: number): string {
  const days = dayNumber + 719_468
  const era = Math.floor(days / 146_097)
  const dayOfEra = days - era * 146_097
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  )
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const marchMonth = Math.floor((5 * dayOfYear + 2) / 153)
  const day = dayOfYear - Math.floor((153 * marchMonth + 2) / 5) + 1
  const month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  return `${yearText(year)}-${TWO_DIGITS[month]}-${TWO_DIGITS[day]}`
}

function yearText(year: number): string {
  if (year > 9999) return `+${year}`
  if (year > 999) return String(year)
  return year < 0 ? `-${String(-year).padStart(4, '0')}` : String(year).padStart(4, '0')
}

function timeText(msOfDay: number): string {
  const seconds = Math.floor(msOfDay / 1000)
  const minutes = Math.floor(seconds / 60)
  const hours = Math.floor(minutes / 60)
  return `${TWO_DIGITS[hours]}:${TWO_DIGITS[minutes - hours * 60]}:${TWO_DIGITS[seconds - minutes * 60]}.${THREE_DIGITS[msOfDay - seconds * 1000]}`
}

function nanosText(nanos: number): string {
  return nanos === 0 ? '' : String(nanos).padStart(6, '0').replace(/0+$/, '')
}

/** Whole minutes: Elasticsearch's pattern is `+HH:MM`, also for the offsets of local mean times, which have seconds. */
function offsetText(offset: number): string {
  const magnitude = Math.floor(Math.abs(offset) / 60)
  if (magnitude === 0) return 'Z'
  const hours = Math.floor(magnitude / 60)
  return `${offset < 0 ? '-' : '+'}${TWO_DIGITS[hours]}:${TWO_DIGITS[magnitude - hours * 60]}`
}

export interface Instant {
  /** Milliseconds since the epoch, rounded down. */
  ms: number
  /** Nanoseconds within the millisecond, 0 to 999,999. */
  nanos: number
}

/** The instant that an ISO 8601 text names, or nothing where it is no date. Without an offset it is UTC. */
export function parseInstant(text: string): Instant | undefined {
  const date = ISO_DATE.exec(text)
  if (!date) return undefined
  const [, year, month, day, time] = date
  const days = dayNumber(Number(year), Number(month), Number(day))
  const timeOfDay = time === undefined ? { ms: 0, nanos: 0 } : parseTime(time)
  if (days === undefined || !timeOfDay) return undefined
  return { ms: days * MS_PER_DAY + timeOfDay.ms, nanos: timeOfDay.nanos }
}

/** A time of day moved to UTC: it can lie on the day before or after. */
function parseTime(text: string): Instant | undefined {
  const time = ISO_TIME.exec(text)
  if (!time) return undefined
  const [, hours, minutes = '0', seconds = '0', fraction = '', offset = 'Z'] = time
  if (Number(hours) > 23 || Number(minutes) > 59 || Number(seconds) > 59) return undefined
  const nanos = Number(fraction.padEnd(9, '0'))
  const ms = Math.floor(nanos / 1e6)
  const local = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)
  return { ms: (local - parseOffset(offset)) * 1000 + ms, nanos: nanos - ms * 1e6 }
}

/** Days since the epoch of a day in the proleptic Gregorian calendar, in any year. */
function dayNumber(year: number, month: number, day: number): number | undefined {
  if (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) return undefined
  // Years that begin in March put the leap day last, so that all months and eras of 400 years have fixed lengths.
  const marchYear = month > 2 ? year : year - 1
  const era = Math.floor(marchYear / 400)
  const yearOfEra = marchYear - era * 400
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear
  return era * 146_097 + dayOfEra - 719_468
}

function daysInMonth(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}
