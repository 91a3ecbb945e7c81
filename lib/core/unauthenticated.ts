import { QueryError } from './errors'

const CHALLENGE = Object.freeze({ 'WWW-Authenticate': 'Bearer realm="security"' })

/** The 401 of a request that carries no credentials. `uri` is the request's own, with its query string. */
export function missingCredentials(uri: string): QueryError {
  return new QueryError(
    'security_exception',
    `missing authentication credentials for REST request [${uri}]`,
    { headers: CHALLENGE },
  )
}

/**
 * The one 401 of all credentials that are refused. What was wrong with them travels as `cause`, for the log
 * alone, and never holds a token or a part of one.
 */
export function unauthenticated(cause?: unknown): QueryError {
  return new QueryError(
    'security_exception',
    'unable to authenticate with provided credentials and anonymous access is not allowed for this request',
    { headers: CHALLENGE, cause },
  )
}

/** {@link unauthenticated} because of `why`, for the log. */
export function refused(why: string): QueryError {
  return unauthenticated(new Error(why))
}
