import { illegalArgument } from './cluster-error'
import { suggestions } from './suggestions'

const COMMON = ['pretty', 'human', 'error_trace', 'filter_path', 'format']
const RESULT = ['drop_null_columns', 'delimiter']

/** The URL parameters that each operation knows. Every other parameter is refused. */
export const PARAMETERS = {
  info: COMMON,
  query: [...COMMON, ...RESULT, 'allow_partial_results'],
  submit: [...COMMON, ...RESULT, 'allow_partial_results'],
  get: [...COMMON, ...RESULT, 'wait_for_completion_timeout', 'keep_alive'],
  stop: [...COMMON, ...RESULT],
  delete: COMMON,
  list: COMMON,
  show: COMMON,
} as const

/** Reads a query string as Elasticsearch does: `;` separates too, and the last value of a name counts. */
export function readParameters(url: string): URLSearchParams {
  const parameters = new URLSearchParams()
  const query = url.replace(/^[^?]*\??/, '').replaceAll(';', '&')
  for (const [name, value] of new URLSearchParams(query)) parameters.set(name, value)
  return parameters
}

export function checkParameters(parameters: URLSearchParams, known: readonly string[], path: string): void {
  const unknown = [...new Set(parameters.keys())].filter((name) => !known.includes(name)).sort()
  if (unknown.length === 0) return
  const noun = unknown.length === 1 ? 'parameter' : 'parameters'
  const list = unknown.map((name) => `[${name}]${hint(name, known)}`).join(', ')
  throw illegalArgument(`request [${path}] contains unrecognized ${noun}: ${list}`)
}

/** The times of a get are read only where they are given, so they are never suggested. */
function hint(name: string, known: readonly string[]): string {
  const offered = known.filter((other) => other !== 'wait_for_completion_timeout' && other !== 'keep_alive')
  const suggested = suggestions(name, offered)
  return suggested && ` ->${suggested}`
}

/** A flag in the URL. Without a value it is on. */
export function readSwitch(parameters: URLSearchParams, name: string): boolean {
  const value = parameters.get(name)
  return value !== null && (value === '' || readBoolean(value))
}

export function readBoolean(value: string): boolean {
  if (value === 'true' || value === 'false') return value === 'true'
  throw illegalArgument(`Failed to parse value [${value}] as only [true] or [false] are allowed.`)
}

const UNIT_MS = { nanos: 1e-6, micros: 1e-3, ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** A time value, in milliseconds. */
export function readTime(text: string, name: string): number {
  const [, count = '', unit] = /^\s*(.*?)(nanos|micros|ms|s|m|h|d)?\s*$/.exec(text.toLowerCase()) ?? []
  if (unit === undefined) {
    if (/^0+$/.test(count)) return 0
    if (/^-0*1$/.test(count)) return -1
    const setting = `failed to parse setting [${name}] with value [${text}] as a time value`
    throw illegalArgument(`${setting}: unit is missing or unrecognized`)
  }
  if (/^-?\d+$/.test(count) && Number(count) >= -1) {
    return Number(count) * UNIT_MS[unit as keyof typeof UNIT_MS]
  }
  if (/^-\d+$/.test(count)) {
    const setting = `failed to parse setting [${name}] with value [${text}] as a time value`
    throw illegalArgument(`${setting}: negative durations are not supported`)
  }
  throw illegalArgument(`failed to parse [${text}]`, {
    type: 'number_format_exception',
    reason: `For input string: "${count}"`,
  })
}
