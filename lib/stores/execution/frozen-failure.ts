import { isNativeError } from 'node:util/types'
import type { ErrorCause } from '../../core/errors'
import { isQueryError, QueryError } from '../../core/errors'
import { Freezer } from './frozen-result'
import { ownText } from './own-text'
import { weigh } from './weight'

/** A failure that refers to no object of the engine, and its size. */
export interface FrozenFailure {
  error: QueryError
  /** Estimated size in memory. */
  bytes: number
}

/** Characters that are kept of a text for the log. */
const MAX_TEXT = 4_000
/** A chain of causes can be endless. */
const MAX_CAUSES = 5

/**
 * Copies the error of an executor: all of a {@link QueryError} for the client, and the texts of its cause for the log.
 * Errors of engines and HTTP clients refer to requests, responses and whole bodies.
 */
export function freezeFailure(fault: unknown): FrozenFailure {
  try {
    return isQueryError(fault) ? freezeQueryError(fault) : freezeFault(fault)
  } catch {
    // A getter threw, or the causes have no end.
    return freezeFault(new TypeError('The error that the query engine failed with cannot be read'))
  }
}

function freezeFault(fault: unknown): FrozenFailure {
  const cause = freezeCause(fault)
  const error = new QueryError('exception', 'the query engine failed', { cause })
  // The frames are those of this package, and keep more alive than their text.
  error.stack = String(error)
  return { error, bytes: weigh([error.reason, textsOf(cause)]) }
}

function freezeQueryError(error: QueryError): FrozenFailure {
  const { status, stack } = error
  const freezer = new Freezer()
  const metadata = freezer.freezeObject({ ...error.metadata })
  const headers = freezer.freezeObject({ ...error.headers })
  const reason = pieceOf(error.reason)
  const causedBy = error.causedBy && freezeCausedBy(error.causedBy)
  const limit = error.limit === undefined ? undefined : pieceOf(error.limit)
  const frozen = new QueryError(pieceOf(error.type), reason, {
    status,
    metadata,
    headers,
    causedBy,
    limit,
    ...('cause' in error && { cause: freezeCause(error.cause) }),
  })
  frozen.stack = pieceOf(stack ?? String(error), MAX_TEXT)
  return {
    error: frozen,
    bytes: weigh([reason, metadata, headers, causedBy, frozen.stack, textsOf(frozen.cause)]),
  }
}

function freezeCausedBy({ type, reason, causedBy }: ErrorCause): ErrorCause {
  return {
    type: pieceOf(type),
    reason: pieceOf(reason),
    ...(causedBy && { causedBy: freezeCausedBy(causedBy) }),
  }
}

/** An error with the same name, message, stack and code, and with such copies of its causes. */
function freezeCause(cause: unknown, depth = 0): unknown {
  if (typeof cause === 'string') return pieceOf(cause, MAX_TEXT)
  if (typeof cause === 'function') return 'a function'
  if (typeof cause !== 'object' || cause === null) return cause
  if (!isError(cause)) return Object.freeze({})
  const frozen = new Error(pieceOf(cause.message, MAX_TEXT))
  frozen.name = pieceOf(cause.name, MAX_TEXT)
  frozen.stack = pieceOf(cause.stack ?? String(cause), MAX_TEXT)
  if ('code' in cause) Object.assign(frozen, { code: pieceOf(cause.code, MAX_TEXT) })
  if (cause.cause !== undefined && depth < MAX_CAUSES) frozen.cause = freezeCause(cause.cause, depth + 1)
  return frozen
}

function textsOf(cause: unknown): string[] {
  if (!isError(cause)) return cause === undefined ? [] : [String(cause)]
  const code = 'code' in cause ? String(cause.code) : ''
  return [cause.name, cause.message, cause.stack ?? '', code, ...textsOf(cause.cause)]
}

/** Includes errors of another realm, such as those of test runners. */
function isError(value: unknown): value is Error {
  return value instanceof Error || isNativeError(value)
}

function pieceOf(text: unknown, maxLength?: number): string {
  return ownText(String(text).slice(0, maxLength))
}
