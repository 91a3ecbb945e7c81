import { illegalArgument } from '../core/errors'

/** `true` or `false`, nothing else: Elasticsearch's `Booleans`. Throws `illegal_argument_exception`. */
export function parseBoolean(text: string): boolean {
  if (text === 'true') return true
  if (text === 'false') return false
  throw illegalArgument(`Failed to parse value [${text}] as only [true] or [false] are allowed.`)
}
