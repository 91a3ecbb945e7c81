import type { Request, Response } from 'express'
import { isQueryError, RoutingError, toErrorResponse } from './errors'
import type { Logger } from './logger'
import { readErrorStyle } from './request/incoming'
import { errorMediaType } from './request/negotiation'
import { writeObject } from './writers'

/** Statuses that Elasticsearch sends before its REST layer adds the product header. */
const WITHOUT_PRODUCT_HEADER: readonly number[] = [401, 403, 413]

/** Reports anything thrown and sends it as Elasticsearch words it, or breaks off an answer that has begun. */
export function sendError(error: unknown, request: Request, response: Response, logger: Logger): void {
  const style = readErrorStyle(request)
  const { status, headers, body } = toErrorResponse(error, { errorTrace: style.errorTrace })
  report(error, status, logger)
  if (response.headersSent || response.destroyed) {
    response.destroy()
    return
  }
  const { format, contentType } = errorMediaType({
    ...style.mediaTypes,
    formatParameter: style.formatParameter,
  })
  response.statusCode = status
  for (const name of ['Took-nanos', 'X-Elasticsearch-Async-Is-Running', 'X-Elasticsearch-Async-Id']) {
    response.removeHeader(name)
  }
  if (WITHOUT_PRODUCT_HEADER.includes(status)) response.removeHeader('X-elastic-product')
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
  // What is left of a body that is too large is not worth reading.
  if (status === 413) response.setHeader('Connection', 'close')
  response.setHeader('content-type', contentType)
  response.end(writeObject(format, body, { pretty: style.pretty }))
}

function report(error: unknown, status: number, logger: Logger): void {
  const isKnown = isQueryError(error) || error instanceof RoutingError
  // Reasons quote what clients sent, and a client may have sent a secret in the URL.
  const err = isKnown ? error.cause : error
  const type = isQueryError(error) ? error.type : undefined
  if (status >= 500) logger.error({ err, type, status }, 'an async query request failed')
  else if (status === 401) logger.info({ err, type, status }, 'a caller was refused')
  else logger.debug({ err, type, status }, 'an async query request was refused')
}
