import { MS_PER_DAY, parseOffset } from '../../core/time-zone'

/** A point in time with nanoseconds. */
export interface Instant {
  /** Milliseconds since the epoch, rounded down. */
  ms: number
  /** Nanoseconds within the millisecond, 0 to 999,999. */
  nanos: number
}

const ISO_DATE = /^([+-]?\d{4,9})-(\d\d)-(\d\d)(?:T(.+))?$/i
const ISO_TIME = /^(\d\d)(?::?(\d\d)(?::?(\d\d)(?:[.,](\d{1,9}))?)?)?(Z|[+-]\d\d(?::?\d\d(?::?\d\d)?)?)?$/i

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
