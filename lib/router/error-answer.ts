import type { Response } from 'express'
import type { ErrorCause } from '../core/errors'
import { isQueryError, QueryError, RoutingError, statusOf } from '../core/errors'
import { writeObject } from '../formats/formats'
import { readErrorStyle } from '../request/head'
import { errorMediaType } from '../request/negotiation'
import { askToClose, breakOff, endWith, removeQueryHeaders, setProduct, setStatus } from './response-headers'

const RETRY_AFTER = 'Retry-After'

/** When a client may try again, in seconds, unless the error says something else. */
const RETRY_AFTER_S = 1

/**
 * Sends any thrown value in Elasticsearch's envelope, or breaks the connection if an answer has begun. Never throws.
 * Returns the error that the client got.
 */
export function sendError(error: unknown, response: Response): unknown {
  try {
    send(error, response)
    return error
  } catch (fault) {
    // The error cannot be written: a header of it is not valid, or its causes form a circle.
    sendPlain(fault, response)
    return fault
  }
}

function send(error: unknown, response: Response): void {
  if (response.headersSent || response.destroyed) {
    breakOff(response)
    return
  }
  const style = readErrorStyle(response.req)
  const { status, headers, body } = toErrorResponse(error, { errorTrace: style.errorTrace })
  const { format, contentType } = errorMediaType({
    formatParameter: style.formatParameter,
    ...style.mediaTypes,
  })
  const bytes = writeObject(format, body, { pretty: style.pretty })
  removeQueryHeaders(response)
  setStatus(response, status)
  if (status === 429 || status === 503) response.setHeader(RETRY_AFTER, RETRY_AFTER_S)
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
  // The rest of a body that is too large is not worth reading.
  if (status === 413) askToClose(response)
  response.setHeader('content-type', contentType)
  endWith(response, bytes)
}

function sendPlain(fault: unknown, response: Response): void {
  try {
    writePlain(fault, response)
  } catch {
    // Middleware of the host application may have replaced `end` with a function that throws.
    response.destroy()
  }
}

function writePlain(fault: unknown, response: Response): void {
  for (const name of response.getHeaderNames()) response.removeHeader(name)
  const { status, body } = toErrorResponse(fault)
  response.statusCode = status
  setProduct(response)
  response.setHeader('content-type', 'application/json')
  endWith(response, JSON.stringify(body))
}

/** An object of the envelope. */
export interface ErrorObject {
  [key: string]: string | number | ErrorObject | ErrorObject[]
}

export interface ErrorResponse {
  status: number
  headers: Readonly<Record<string, string>>
  body: ErrorObject
}

/**
 * The answer to any thrown value. Anything but a {@link QueryError} or a {@link RoutingError} is a fault of ours: it
 * answers 500, and its text stays here.
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
  // Elasticsearch has no such header, and so no such field.
  const { [RETRY_AFTER]: _, ...shown } = headers
  return {
    type,
    reason,
    ...metadata,
    ...(causedBy && withCause && { caused_by: errorObject(causedBy, {}, traced) }),
    ...(Object.keys(shown).length > 0 && { header: shown }),
    ...(traced && { stack_trace: stackTrace(error) }),
  }
}

/** The innermost of a chain of parse failures. Every other error is its own root cause. */
function rootCause(error: Described): Described {
  const { causedBy } = error
  return causedBy && isParseFailure(error) && isParseFailure(causedBy) ? rootCause(causedBy) : error
}

function isParseFailure({ type }: ErrorCause): boolean {
  return type === 'x_content_parse_exception' || type === 'x_content_e_o_f_exception'
}

/**
 * The first line of Elasticsearch's trace, for the error and each cause: class name and reason. It has no frames, since
 * those would show a client the files of the gateway.
 */
function stackTrace(error: ErrorCause): string {
  const text = `${className(error.type)}: ${error.reason}`
  return error.causedBy ? `${text}\nCaused by: ${stackTrace(error.causedBy)}` : text
}

function className(type: string): string {
  return type.replace(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase())
}
