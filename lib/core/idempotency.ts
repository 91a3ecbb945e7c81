import { illegalArgument, type QueryError } from './errors'

/** What makes two submits of one owner the same. */
export interface Idempotency {
  /** The key that the client chose: 1 to 255 characters of printable ASCII. */
  key: string
  /**
   * Tells the requests of one key apart: a digest of the query and of how it is kept. The router makes it. Programs without a
   * router may use any text that differs where requests do.
   */
  fingerprint: string
}

/** The 422 for a key that came with another request before. The client has to choose a new one. */
export function idempotencyKeyReused(key: string): QueryError {
  return illegalArgument(
    `[Idempotency-Key] [${key}] belongs to another query that you have submitted; send a new key with a new query`,
    { status: 422 },
  )
}

/** The 400 for a key that nobody would remember. To run the query all the same would be a promise that nobody keeps. */
export function idempotencyUnsupported(): QueryError {
  return illegalArgument(
    'the store of this server does not support [Idempotency-Key]; send the request without it, ' +
      'and keep in mind that a request that is sent twice starts two queries',
  )
}
