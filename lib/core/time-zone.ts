export const MS_PER_DAY = 86_400_000

/** The fixed offsets that Java's `ZoneId` reads. */
const FIXED_OFFSET = /^(?:UTC|GMT|UT)?([+-](?:\d|\d\d(?:[0-5]\d){0,2}|\d\d(?::[0-5]\d){1,2}))$/
/** The furthest offset that `ZoneId` accepts, in seconds. */
const MAX_FIXED_OFFSET = 18 * 3600

/** The last instant of a JavaScript date. The first is its opposite. */
const MAX_DATE_MS = 8.64e15
const MAX_ZONES = 16
const MAX_SPANS = 4096
/** The closest two changes of any zone are seven days apart (Brazil, October 2000). */
const SPAN_MS = 4 * MS_PER_DAY

type OffsetAt = (epochMs: number) => number

const zones = new Map<string, OffsetAt>()

/**
 * The seconds that a zone is ahead of UTC at an instant. The zone is a name of the IANA database or a fixed offset such
 * as `+10:00`. A zone that this runtime does not know counts as UTC, so that dates keep their instant.
 * `Intl` knows the zones; a library would bring a second database of them, or ask `Intl` and remember no answers.
 */
export function zoneOffset(timeZone: string, epochMs: number): number {
  if (timeZone === 'UTC' || timeZone === 'Z') return 0
  let offsetAt = zones.get(timeZone)
  if (!offsetAt) {
    // Clients choose the names of zones, and a formatter takes some kilobytes.
    if (zones.size >= MAX_ZONES) zones.clear()
    offsetAt = createZone(timeZone)
    zones.set(timeZone, offsetAt)
  }
  return offsetAt(epochMs)
}

/** Whether this runtime knows the zone. */
export function isTimeZone(text: string): boolean {
  return text === 'Z' || fixedOffset(text) !== undefined || createFormatter(text) !== undefined
}

function createZone(timeZone: string): OffsetAt {
  const fixed = fixedOffset(timeZone)
  if (fixed !== undefined) return () => fixed
  const formatter = createFormatter(timeZone)
  return formatter ? cachedBySpan((epochMs) => formattedOffset(formatter, epochMs)) : () => 0
}

function fixedOffset(timeZone: string): number | undefined {
  const [, text] = FIXED_OFFSET.exec(timeZone) ?? []
  const offset = text === undefined ? Number.NaN : parseOffset(text)
  return Math.abs(offset) <= MAX_FIXED_OFFSET ? offset : undefined
}

function createFormatter(timeZone: string): Intl.DateTimeFormat | undefined {
  // As names of zones, newer runtimes accept offsets that Java does not.
  if (/^[+-]/.test(timeZone)) return undefined
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' })
  } catch {
    return undefined
  }
}

function formattedOffset(formatter: Intl.DateTimeFormat, epochMs: number): number {
  const text = formatter.format(Math.min(Math.max(epochMs, -MAX_DATE_MS), MAX_DATE_MS))
  return parseOffset(/[+-][\d:]+$/.exec(text)?.[0] ?? 'Z')
}

/** Formats rarely, since that takes microseconds: a span with the same offset at both ends has only that one. */
function cachedBySpan(offsetAt: OffsetAt): OffsetAt {
  const offsets = new Map<number, number | undefined>()
  return (epochMs) => {
    const span = Math.floor(epochMs / SPAN_MS)
    if (!offsets.has(span)) {
      if (offsets.size >= MAX_SPANS) offsets.clear()
      const atStart = offsetAt(span * SPAN_MS)
      offsets.set(span, atStart === offsetAt((span + 1) * SPAN_MS - 1) ? atStart : undefined)
    }
    return offsets.get(span) ?? offsetAt(epochMs)
  }
}

/** The seconds ahead of UTC of an offset such as `Z`, `+9`, `+10`, `-05:30` or `+001932`. */
export function parseOffset(text: string): number {
  const [, hours = '0', minutes = '0', seconds = '0'] =
    /^[+-](\d\d?)(?::?(\d\d)(?::?(\d\d))?)?$/.exec(text) ?? []
  const magnitude = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)
  return text.startsWith('-') ? -magnitude : magnitude
}
