import compression from 'compression'
import type { RequestHandler } from 'express'

/** That of Elasticsearch: most of what gzip can gain, for a third of its time. */
const LEVEL = 3

/**
 * Compresses answers of every format with gzip for clients that accept it. Shorter ones than a KiB stay as they are, and so
 * does what is compressed already.
 *
 * The package `compression` takes Brotli first where a client accepts it, and compresses only what it knows as text.
 */
export function compressAnswers(): RequestHandler {
  const compress = compression({ level: LEVEL, filter: () => true })
  return function compressAnswer(request, response, next) {
    // Elasticsearch has just gzip.
    request.headers['accept-encoding'] = request.acceptsEncodings('gzip', 'identity') || 'identity'
    compress(request, response, next)
  }
}
