import { QueryError } from './errors'

const CHALLENGE = Object.freeze({ 'WWW-Authenticate': 'Bearer realm="security"' })

/** The 401 of a request without credentials. `uri` is the target of the request, with its query string. */
export function missingCredentials(uri: string): QueryError {
  return new QueryError(
    'security_exception',
    `missing authentication credentials for REST request [${uri}]`,
    { headers: CHALLENGE },
  )
}

/**
 * The 401 of all refused credentials. Only `cause` says what was wrong with them. It is for the log, and never contains
 * a token or a part of one.
 */
export function unauthenticated(cause?: unknown): QueryError {
  return new QueryError(
    'security_exception',
    'unable to authenticate with provided credentials and anonymous access is not allowed for this request',
    { headers: CHALLENGE, cause },
  )
}

/** {@link unauthenticated} with a reason for the log. */
export function refused(why: string): QueryError {
  return unauthenticated(new Error(why))
}
