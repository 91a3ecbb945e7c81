import { isQueryError } from '../core/errors'
import { parseTimeValue } from '../core/time-value'

/** The milliseconds of a time that a test gives: a number of them, or a time value. Throws a `TypeError` for anything else. */
export function readDuration(name: string, time: string | number): number {
  const ms = typeof time === 'string' ? parsed(name, time) : time
  if (typeof ms === 'number' && ms >= 0) return ms
  throw new TypeError(`${name} takes milliseconds or a time value such as 3s, got \`${String(time)}\``)
}

function parsed(name: string, time: string): number | undefined {
  try {
    return parseTimeValue(name, time)
  } catch (error) {
    if (isQueryError(error)) return undefined
    throw error
  }
}
