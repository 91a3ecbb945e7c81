import type { IncomingMessage } from 'node:http'
import { sentValues } from '../core/raw-headers'
import { refused } from '../core/unauthenticated'

/** RFC 6750, section 2.1: `"Bearer" 1*SP b64token`. The scheme's case is free (RFC 9110, section 11.1). */
const CREDENTIALS = /^bearer +([\w\-.~+/]+=*)$/i

/**
 * The Authorization header of a request, if it has one. Throws the 401 of refused credentials for several. By hand, since
 * libraries read `headers`, which does not show a second one.
 */
export function credentialsOf({
  headers,
  rawHeaders,
}: Pick<IncomingMessage, 'headers' | 'rawHeaders'>): string | undefined {
  const { authorization } = headers
  if (authorization === undefined) return undefined
  // Node.js keeps the first Authorization header in `headers` and silently drops the others.
  if (sentValues(rawHeaders, 'authorization').length > 1)
    throw refused('there is more than one Authorization header')
  return authorization
}

/** The token in an Authorization header. Throws the 401 unless that is one bearer token of at most `maxLength` characters. */
export function bearerToken(credentials: string, maxLength: number): string {
  const [, token] = CREDENTIALS.exec(credentials) ?? []
  if (token === undefined) throw refused('the Authorization header is not one bearer token')
  if (token.length > maxLength) throw refused(`the bearer token is longer than ${maxLength} characters`)
  return token
}
