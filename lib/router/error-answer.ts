import type { Response } from 'express'
import { toErrorResponse, WITHOUT_PRODUCT_HEADER } from '../core/errors'
import { writeObject } from '../formats/formats'
import { readErrorStyle } from '../request/head'
import { errorMediaType } from '../request/negotiation'

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
  response.setHeader('X-elastic-product', 'Elasticsearch')
  response.setHeader('content-type', 'application/json')
  response.end(JSON.stringify(body))
}
