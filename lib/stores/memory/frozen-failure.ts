import { isNativeError } from 'node:util/types'
import type { ErrorCause } from '../../core/errors'
import { isQueryError, QueryError } from '../../core/errors'
import { weigh } from './frozen-result'

/** A failure that holds on to nothing of the engine, and what it weighs. */
export interface SealedFailure {
  error: QueryError
  /** Estimated size in memory. */
  bytes: number
}

/** Most characters that are kept of a text for the log. */
const MAX_TEXT = 4_000
/** A chain of causes can be a ring. */
const MAX_CAUSES = 5

/**
 * Copies what an executor failed with: for the client all of a {@link QueryError}, for the log the words of its
 * cause. Errors of engines and HTTP clients carry requests, responses and whole bodies around.
 */
export function sealFailure(fault: unknown): SealedFailure {
  try {
    return isQueryError(fault) ? sealQueryError(fault) : sealFault(fault)
  } catch {
    // A getter that throws, causes without an end.
    return sealFault(new TypeError('The error that the query engine failed with cannot be read'))
  }
}

function sealFault(fault: unknown): SealedFailure {
  const cause = sealCause(fault)
  const error = new QueryError('exception', 'the query engine failed', { cause })
  // Its own frames are ours, and keep more alive than their text.
  error.stack = String(error)
  return { error, bytes: weigh([error.reason, wordsOf(cause)]) }
}

function sealQueryError(error: QueryError): SealedFailure {
  const { status, stack } = error
  const reason = ownText(error.reason)
  const metadata = Object.freeze({ ...error.metadata })
  const headers = Object.freeze({ ...error.headers })
  const causedBy = error.causedBy && sealCausedBy(error.causedBy)
  const sealed = new QueryError(error.type, reason, {
    status,
    metadata,
    headers,
    causedBy,
    ...('cause' in error && { cause: sealCause(error.cause) }),
  })
  sealed.stack = ownText(stack ?? String(error), MAX_TEXT)
  return {
    error: sealed,
    bytes: weigh([reason, metadata, headers, causedBy, sealed.stack, wordsOf(sealed.cause)]),
  }
}

function sealCausedBy({ type, reason, causedBy }: ErrorCause): ErrorCause {
  return { type, reason: ownText(reason), ...(causedBy && { causedBy: sealCausedBy(causedBy) }) }
}

/** An error of the same words: its name, message, stack and code, and those of its causes. */
function sealCause(cause: unknown, depth = 0): unknown {
  if (typeof cause === 'string') return ownText(cause, MAX_TEXT)
  if (typeof cause === 'function') return 'a function'
  if (typeof cause !== 'object' || cause === null) return cause
  if (!isError(cause)) return Object.freeze({})
  const sealed = new Error(ownText(cause.message, MAX_TEXT))
  sealed.name = ownText(cause.name, MAX_TEXT)
  sealed.stack = ownText(cause.stack ?? String(cause), MAX_TEXT)
  if ('code' in cause) Object.assign(sealed, { code: ownText(cause.code, MAX_TEXT) })
  if (cause.cause !== undefined && depth < MAX_CAUSES) sealed.cause = sealCause(cause.cause, depth + 1)
  return sealed
}

function wordsOf(cause: unknown): string[] {
  if (!isError(cause)) return cause === undefined ? [] : [String(cause)]
  const code = 'code' in cause ? String(cause.code) : ''
  return [cause.name, cause.message, cause.stack ?? '', code, ...wordsOf(cause.cause)]
}

/** Also one of another realm, as test runners make them. */
function isError(value: unknown): value is Error {
  return value instanceof Error || isNativeError(value)
}

/** A copy: V8 keeps the whole of a text alive with a piece of it. */
function ownText(text: unknown, maxLength?: number): string {
  return Buffer.from(String(text).slice(0, maxLength)).toString()
}
