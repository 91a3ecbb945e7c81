import { unescape as percentDecode } from 'node:querystring'
import { QueryError } from '../core/errors'

/** The URL parameters of a request, decoded. The object has no prototype, since clients choose the names. */
export type UrlParameters = Readonly<Record<string, string>>

const RESERVED = /^(serverlessRequest|operatorRequest)$/i

/**
 * Reads a query string as Elasticsearch's `RestUtils`: `&` and `;` separate parameters, `+` is a blank, a name without
 * `=` has the empty value, and the last value of a repeated name counts.
 *
 * Throws `bad_parameter_exception`.
 */
export function parseQueryString(text: string): UrlParameters {
  const parameters: Record<string, string> = Object.create(null)
  for (const pair of text.split(/[&;]/)) {
    if (pair === '') continue
    const end = pair.indexOf('=')
    const name = decodeParameter(end < 0 ? pair : pair.slice(0, end))
    if (RESERVED.test(name)) throw badParameter(`parameter [${name}] is reserved and may not be set`)
    parameters[name] = end < 0 ? '' : decodeParameter(pair.slice(end + 1))
  }
  return parameters
}

/** Percent-decodes a path segment. `undefined` if its escapes are broken. A `+` stays a `+`. */
export function decodePathSegment(text: string): string | undefined {
  return brokenEscape(text) ? undefined : percentDecode(text)
}

function decodeParameter(text: string): string {
  if (!text.includes('%') && !text.includes('+')) return text
  const broken = brokenEscape(text)
  if (broken) throw badParameter(broken)
  return percentDecode(text.replaceAll('+', ' '))
}

/** Describes the first broken escape of a text. Accepts bytes that are not UTF-8. */
function brokenEscape(text: string): string | undefined {
  const at = text.search(/%(?![\da-f]{2})/i)
  if (at < 0) return undefined
  const escaped = text.slice(at + 1, at + 3)
  if (escaped.length === 0) return `unterminated escape sequence at end of string: ${text}`
  if (escaped.length === 1) return `partial escape sequence at end of string: ${text}`
  return `invalid escape sequence \`%${escaped}' at index ${at} of: ${text}`
}

function badParameter(reason: string): QueryError {
  // Elasticsearch wraps the exception without a text, so Java makes one from the name of its class and its text.
  return new QueryError('bad_parameter_exception', `java.lang.IllegalArgumentException: ${reason}`, {
    causedBy: { type: 'illegal_argument_exception', reason },
  })
}
