import type { ErrorRequestHandler } from 'express'
import { isQueryError } from '../core/errors'
import { inTurns } from '../core/turns'
import { refusalOfBody } from '../request/body'
import { matchRoute, operationOn } from '../request/routes'
import type { BodyOperation } from '../request/submit-fields'
import { readBody, takesBody } from '../request/submit-fields'
import { sendError } from './error-answer'
import { setCommonHeaders } from './response-headers'

/**
 * Creates error-handling middleware for applications that have a body parser, such as `express.json()`, in front of
 * {@link asyncQueryRouter}. Express gives the errors of that parser to error handlers and never to the router. This one
 * answers them as Elasticsearch would, and every {@link QueryError} that middleware throws, also on the path of
 * {@link esqlProductInfo}. Mount it after the router, at the same prefix. It passes on all other errors, and errors of
 * other paths.
 */
export function esqlErrorHandler(): ErrorRequestHandler {
  return function esqlErrors(error: unknown, request, response, next) {
    const route = matchRoute(request.path)
    const isOfInfo = request.path === '/' && isQueryError(error)
    if (!(route || isOfInfo) || !(isQueryError(error) || isOfBodyParser(error))) return next(error)
    const operation = route && operationOn(route, request.method)
    setCommonHeaders(response)
    void refusalOf(error, takesBody(operation) ? operation : 'submit').then((refusal) =>
      sendError(refusal, response),
    )
  }
}

/** What the package `body-parser` throws about a body that the client has sent. */
interface BodyParserError {
  status: number
  /** Left out where the body cannot be decompressed. */
  type?: string
  code?: string
  limit?: number
  /** The text that is not JSON. */
  body?: string
}

/** Not `entity.verify.failed`, which is a refusal of the application itself. */
const FAULTS = /^(?:entity\.parse|entity\.too|encoding\.|charset\.|request\.|Z_)/

function isOfBodyParser(error: unknown): error is BodyParserError {
  const { status = 0, type, code } = (error ?? {}) as Partial<BodyParserError>
  return status >= 400 && status < 500 && FAULTS.test(type ?? code ?? '')
}

async function refusalOf(error: Error | BodyParserError, operation: BodyOperation): Promise<unknown> {
  const { body, limit = 0 } = error as BodyParserError
  try {
    // The text has its fault where Elasticsearch's own parser finds it.
    if (typeof body === 'string') await inTurns(readBody(body, operation))
  } catch (refusal) {
    return refusal
  }
  return refusalOfBody(error, limit)
}
