import type { Request, Response } from 'express'
import { describeError } from './describe-error'
import { isQueryError, RoutingError, statusOf, toErrorResponse, WITHOUT_PRODUCT_HEADER } from './errors'
import type { Logger } from './logger'
import { readErrorStyle } from './request/incoming'
import { errorMediaType } from './request/negotiation'
import { writeObject } from './writers'

/**
 * Reports anything thrown and sends it as Elasticsearch words it, or breaks off an answer that has begun. Whatever
 * the error is like, the client gets an envelope, and nothing is thrown.
 */
export function sendError(error: unknown, request: Request, response: Response, logger: Logger): void {
  try {
    send(error, request, response)
  } catch (fault) {
    // An error that cannot be written: a header of it that is none, causes that go round in a circle.
    sendPlain(fault, response)
  }
  try {
    report(error, logger)
  } catch {
    // A logger that fails is no reason to fail.
  }
}

function send(error: unknown, request: Request, response: Response): void {
  if (response.headersSent || response.destroyed) {
    response.destroy()
    return
  }
  const style = readErrorStyle(request)
  const { status, headers, body } = toErrorResponse(error, { errorTrace: style.errorTrace })
  const { format, contentType } = errorMediaType({
    ...style.mediaTypes,
    formatParameter: style.formatParameter,
  })
  const bytes = writeObject(format, body, { pretty: style.pretty })
  for (const name of ['Took-nanos', 'X-Elasticsearch-Async-Is-Running', 'X-Elasticsearch-Async-Id']) {
    response.removeHeader(name)
  }
  if (WITHOUT_PRODUCT_HEADER.includes(status)) response.removeHeader('X-elastic-product')
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
  // What is left of a body that is too large is not worth reading.
  if (status === 413) response.setHeader('Connection', 'close')
  response.statusCode = status
  response.setHeader('content-type', contentType)
  response.end(bytes)
}

function sendPlain(fault: unknown, response: Response): void {
  for (const name of response.getHeaderNames()) response.removeHeader(name)
  const { status, body } = toErrorResponse(fault)
  response.statusCode = status
  response.setHeader('X-elastic-product', 'Elasticsearch')
  response.setHeader('content-type', 'application/json')
  response.end(JSON.stringify(body))
}

function report(error: unknown, logger: Logger): void {
  const status = statusOf(error)
  const isKnown = isQueryError(error) || error instanceof RoutingError
  // Reasons quote what clients sent, and a client may have sent a secret in the URL.
  const cause = isKnown ? error.cause : error
  const err = cause === undefined ? undefined : describeError(cause)
  const type = isQueryError(error) ? error.type : undefined
  if (status >= 500) logger.error({ err, type, status }, 'an async query request failed')
  else if (status === 401) logger.info({ err, type, status }, 'a caller was refused')
  else logger.debug({ err, type, status }, 'an async query request was refused')
}
