import { writeExact } from './exact-json.js'

const NUMERIC = new Set([
  ...['integer', 'long', 'unsigned_long', 'double'],
  ...['counter_integer', 'counter_long', 'counter_double'],
])
const DATES = new Set(['date', 'date_nanos'])

export const isNumeric = ({ type }) => NUMERIC.has(type)
export const isDate = ({ type }) => DATES.has(type)

/** A cell as text. */
export function textOf(value) {
  if (typeof value === 'string') return value
  if (value === null || value === undefined) return 'null'
  if (Array.isArray(value)) return `[${value.map(textOf).join(', ')}]`
  return writeExact(value)
}

/** A cell as a number to draw, or `undefined` where there is none. */
export function numberOf(value) {
  const isNumber = typeof value === 'bigint' || Number.isFinite(value)
  return isNumber ? Number(value) : undefined
}
