import { unescape as percentDecode } from 'node:querystring'
import { QueryError } from '../core/errors'
import type { SentParameter } from '../core/pass-through'

/** The URL parameters of a request, decoded. The object has no prototype, since clients choose the names. */
export type UrlParameters = Readonly<Record<string, string>>

const RESERVED = /^(serverlessRequest|operatorRequest)$/i

/**
 * Reads a query string as Elasticsearch's `RestUtils`: `&` and `;` separate parameters, `+` is a blank, a name without
 * `=` has the empty value, and the last value of a repeated name counts.
 *
 * Throws `bad_parameter_exception`.
 */
export function parseQueryString(query: string): UrlParameters {
  const parameters: Record<string, string> = Object.create(null)
  for (const text of pairsOf(query)) {
    const name = nameOf(text)
    if (RESERVED.test(name)) throw badParameter(`parameter [${name}] is reserved and may not be set`)
    const end = text.indexOf('=')
    parameters[name] = end < 0 ? '' : decodeParameter(text.slice(end + 1))
  }
  return parameters
}

/** The parameters of a query string as sent, repeated ones too. Throws as {@link parseQueryString} does. */
export function splitQueryString(query: string): SentParameter[] {
  return pairsOf(query).map((text) => ({ name: nameOf(text), text: toAscii(text) }))
}

function pairsOf(query: string): string[] {
  return query.split(/[&;]/).filter((text) => text !== '')
}

function nameOf(text: string): string {
  const end = text.indexOf('=')
  return decodeParameter(end < 0 ? text : text.slice(0, end))
}

/** Percent-decodes a path segment. `undefined` if its escapes are broken. A `+` stays a `+`. */
export function decodePathSegment(text: string): string | undefined {
  if (!text.includes('%')) return text
  return brokenEscape(text) ? undefined : percentDecode(text)
}

/** Hosts may let characters through that no URL can hold. */
function toAscii(text: string): string {
  return text.toWellFormed().replace(/[^\x21-\x7e]/gu, encodeURIComponent)
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
