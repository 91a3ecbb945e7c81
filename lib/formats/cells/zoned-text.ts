import { MS_PER_DAY, zoneOffset } from '../../core/time-zone'

const TWO_DIGITS = Array.from({ length: 100 }, (_, number) => String(number).padStart(2, '0'))
const THREE_DIGITS = Array.from({ length: 1000 }, (_, number) => String(number).padStart(3, '0'))

/**
 * An instant as Elasticsearch prints it in a zone: `2020-02-29T13:30:30.5008009+01:00`. What is no instant (NaN)
 * is printed as JavaScript prints it.
 */
export function zonedText(epochMs: number, nanos: number, timeZone: string): string {
  if (!Number.isFinite(epochMs)) return String(epochMs)
  const ms = Math.floor(epochMs)
  const offset = zoneOffset(timeZone, ms)
  const local = ms + offset * 1000
  const day = Math.floor(local / MS_PER_DAY)
  return `${dayText(day)}T${timeText(local - day * MS_PER_DAY)}${nanosText(nanos)}${offsetText(offset)}`
}

/** The inverse of `dayNumber`: counts in eras of 400 years that begin in March. */
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
