import type { Response } from 'express'
import type { ErrorCause } from '../core/errors'
import { isQueryError, QueryError, RoutingError, statusOf } from '../core/errors'
import { writeObject } from '../formats/formats'
import { readErrorStyle } from '../request/head'
import { errorMediaType } from '../request/negotiation'
import { removeQueryHeaders, setProduct, setStatus } from './response-headers'

/**
 * Sends anything thrown as Elasticsearch words it, or breaks off an answer that has begun. Whatever the error is
 * like, the client gets an envelope, and nothing is thrown. Returns what the client was told of.
 */
export function sendError(error: unknown, response: Response): unknown {
  try {
    send(error, response)
    return error
  } catch (fault) {
    // An error that cannot be written: a header of it that is none, causes that go round in a circle.
    sendPlain(fault, response)
    return fault
  }
}

function send(error: unknown, response: Response): void {
  if (response.headersSent || response.destroyed) {
    response.destroy()
    return
  }
  const style = readErrorStyle(response.req)
  const { status, headers, body } = toErrorResponse(error, { errorTrace: style.errorTrace })
  const { format, contentType } = errorMediaType({
    ...style.mediaTypes,
    formatParameter: style.formatParameter,
  })
  const bytes = writeObject(format, body, { pretty: style.pretty })
  removeQueryHeaders(response)
  setStatus(response, status)
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
  // What is left of a body that is too large is not worth reading.
  if (status === 413) response.setHeader('Connection', 'close')
  response.setHeader('content-type', contentType)
  response.end(bytes)
}

function sendPlain(fault: unknown, response: Response): void {
  try {
    writePlain(fault, response)
  } catch {
    // Middleware of the host may have put a function of its own in the place of `end`, and that may fail.
    response.destroy()
  }
}

function writePlain(fault: unknown, response: Response): void {
  for (const name of response.getHeaderNames()) response.removeHeader(name)
  const { status, body } = toErrorResponse(fault)
  response.statusCode = status
  setProduct(response)
  response.setHeader('content-type', 'application/json')
  response.end(JSON.stringify(body))
}

/** A member of the envelope: what `JSON.stringify` would write. */
export interface ErrorObject {
  [key: string]: string | number | ErrorObject | ErrorObject[]
}

export interface ErrorResponse {
  status: number
  headers: Readonly<Record<string, string>>
  body: ErrorObject
}

/**
 * The answer to anything thrown. What is not a {@link QueryError} or a {@link RoutingError} is a fault of ours:
 * 500, and its text stays here.
 */
export function toErrorResponse(error: unknown, { errorTrace = false } = {}): ErrorResponse {
  if (error instanceof RoutingError) {
    const { status, headers, message } = error
    return { status, headers, body: { error: message, status } }
  }
  const known = isQueryError(error) ? error : new QueryError('exception', 'internal error')
  const { headers } = known
  const status = statusOf(known)
  // Elasticsearch never attaches a trace to a 401.
  const traced = errorTrace && status !== 401
  return {
    status,
    headers,
    body: {
      error: {
        root_cause: [errorObject(rootCause(known), headers, traced, false)],
        ...errorObject(known, headers, traced),
      },
      status,
    },
  }
}

type Described = ErrorCause & { metadata?: QueryError['metadata'] }

function errorObject(
  error: Described,
  headers: QueryError['headers'],
  traced: boolean,
  withCause = true,
): ErrorObject {
  const { type, reason, metadata, causedBy } = error
  return {
    type,
    reason,
    ...metadata,
    ...(causedBy && withCause && { caused_by: errorObject(causedBy, {}, traced) }),
    ...(Object.keys(headers).length > 0 && { header: { ...headers } }),
    ...(traced && { stack_trace: stackTrace(error) }),
  }
}

/** The innermost parse failure of a chain of them; every other error is its own root cause. */
function rootCause(error: Described): Described {
  const { causedBy } = error
  return causedBy && isParseFailure(error) && isParseFailure(causedBy) ? rootCause(causedBy) : error
}

function isParseFailure({ type }: ErrorCause): boolean {
  return type === 'x_content_parse_exception' || type === 'x_content_e_o_f_exception'
}

/**
 * The text that Elasticsearch begins a trace with: class name and reason, and so on for each cause. Frames are
 * left out, since they would tell a client about the files of the gateway.
 */
function stackTrace(error: ErrorCause): string {
  const text = `${className(error.type)}: ${error.reason}`
  return error.causedBy ? `${text}\nCaused by: ${stackTrace(error.causedBy)}` : text
}

function className(type: string): string {
  return type.replace(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase())
}
