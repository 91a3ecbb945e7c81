/** The forms of a fixed offset that Java's `ZoneId` reads. */
const FIXED_OFFSET = /^(?:UTC|GMT|UT)?[+-]\d\d?(?::?\d\d(?::?\d\d)?)?$/

/** Whether dates can be written in this zone: an offset, or a name of the IANA database. */
export function isTimeZone(text: string): boolean {
  if (text === 'Z' || FIXED_OFFSET.test(text)) return true
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: text })
    return true
  } catch {
    return false
  }
}
