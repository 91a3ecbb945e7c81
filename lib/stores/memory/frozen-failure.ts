import { isNativeError } from 'node:util/types'
import type { ErrorCause } from '../../core/errors'
import { isQueryError, QueryError } from '../../core/errors'
import { weigh } from './frozen-result'

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
  const reason = ownText(error.reason)
  const metadata = Object.freeze({ ...error.metadata })
  const headers = Object.freeze({ ...error.headers })
  const causedBy = error.causedBy && freezeCausedBy(error.causedBy)
  const frozen = new QueryError(error.type, reason, {
    status,
    metadata,
    headers,
    causedBy,
    ...('cause' in error && { cause: freezeCause(error.cause) }),
  })
  frozen.stack = ownText(stack ?? String(error), MAX_TEXT)
  return {
    error: frozen,
    bytes: weigh([reason, metadata, headers, causedBy, frozen.stack, textsOf(frozen.cause)]),
  }
}

function freezeCausedBy({ type, reason, causedBy }: ErrorCause): ErrorCause {
  return { type, reason: ownText(reason), ...(causedBy && { causedBy: freezeCausedBy(causedBy) }) }
}

/** An error with the same name, message, stack and code, and with such copies of its causes. */
function freezeCause(cause: unknown, depth = 0): unknown {
  if (typeof cause === 'string') return ownText(cause, MAX_TEXT)
  if (typeof cause === 'function') return 'a function'
  if (typeof cause !== 'object' || cause === null) return cause
  if (!isError(cause)) return Object.freeze({})
  const frozen = new Error(ownText(cause.message, MAX_TEXT))
  frozen.name = ownText(cause.name, MAX_TEXT)
  frozen.stack = ownText(cause.stack ?? String(cause), MAX_TEXT)
  if ('code' in cause) Object.assign(frozen, { code: ownText(cause.code, MAX_TEXT) })
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

/** A copy, since V8 keeps a whole text alive for a piece of it. */
function ownText(text: unknown, maxLength?: number): string {
  return Buffer.from(String(text).slice(0, maxLength)).toString()
}
