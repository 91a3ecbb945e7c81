export const MS_PER_DAY = 86_400_000

/** The forms of a fixed offset that Java's `ZoneId` reads. */
const FIXED_OFFSET = /^(?:UTC|GMT|UT)?([+-](?:\d|\d\d(?:[0-5]\d){0,2}|\d\d(?::[0-5]\d){1,2}))$/
/** And the furthest that it takes, in seconds. */
const MAX_FIXED_OFFSET = 18 * 3600

/** Furthest instants of a JavaScript date. */
const MAX_DATE_MS = 8.64e15
const MAX_ZONES = 16
const MAX_SPANS = 4096
/** The closest two changes of any zone are seven days apart (Brazil, October 2000). */
const SPAN_MS = 4 * MS_PER_DAY

type OffsetAt = (epochMs: number) => number

const zones = new Map<string, OffsetAt>()

/**
 * Seconds that a zone is ahead of UTC at an instant. The zone is a name of the IANA database or a fixed offset
 * such as `+10:00`. A zone that this runtime does not know counts as UTC: dates keep their instant that way. `Intl`
 * knows the zones; a library would bring a second database of them, or ask `Intl` without remembering the answers.
 */
export function zoneOffset(timeZone: string, epochMs: number): number {
  if (timeZone === 'UTC' || timeZone === 'Z') return 0
  let offsetAt = zones.get(timeZone)
  if (!offsetAt) {
    // Zone names come from clients, and a formatter is some kilobytes.
    if (zones.size >= MAX_ZONES) zones.clear()
    offsetAt = createZone(timeZone)
    zones.set(timeZone, offsetAt)
  }
  return offsetAt(epochMs)
}

/** Whether dates can be written in this zone. */
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
  // Newer runtimes know offsets that Java does not, as names of zones.
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

/** Formatting costs microseconds, and a span that begins and ends with the same offset has no other one. */
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

/** Seconds east of Greenwich of an offset: `Z`, `+9`, `+10`, `-05:30`, `+001932`. */
export function parseOffset(text: string): number {
  const [, hours = '0', minutes = '0', seconds = '0'] =
    /^[+-](\d\d?)(?::?(\d\d)(?::?(\d\d))?)?$/.exec(text) ?? []
  const magnitude = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)
  return text.startsWith('-') ? -magnitude : magnitude
}
