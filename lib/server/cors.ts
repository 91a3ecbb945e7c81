import type { Request, RequestHandler, Response } from 'express'

/** Which pages of other origins may read answers, and what their requests may have. */
export interface CorsConfig {
  /** `*`, a list of origins, or a pattern for a whole origin. */
  allowOrigin: '*' | readonly string[] | RegExp
  allowCredentials: boolean
  allowHeaders: readonly string[]
  maxAgeMs: number
}

/** What the gateway serves anywhere. */
const METHODS = 'OPTIONS, HEAD, GET, POST, DELETE'

/** The headers of answers that a page needs, beside those that it may always read. */
const EXPOSED = [
  'X-elastic-product',
  'X-Opaque-Id',
  'X-Elasticsearch-Async-Id',
  'X-Elasticsearch-Async-Is-Running',
  'X-Elasticsearch-Async-Expiration-Time-In-Millis',
  'Took-nanos',
  'Warning',
  'Retry-After',
  'WWW-Authenticate',
].join(', ')

/**
 * Cross-origin requests, as Elasticsearch treats them: answers a preflight before anybody is authenticated, and refuses
 * every request of an origin that is not allowed, with 403 and no body.
 *
 * By hand, because the package `cors` takes every OPTIONS for a preflight and refuses nothing.
 */
export function allowOrigins(config: CorsConfig): RequestHandler {
  return function cors(request, response, next) {
    const { origin } = request.headers
    const answersAlike = config.allowOrigin === '*' && !config.allowCredentials
    if (!answersAlike) response.vary('Origin')
    if (!origin) return next()
    const isSame = isOwnOrigin(request, origin)
    if (!isSame && !isAllowed(config, origin)) return void response.status(403).end()
    if (!isSame || isPreflight(request)) {
      response.setHeader('Access-Control-Allow-Origin', answersAlike ? '*' : origin)
      if (config.allowCredentials) response.setHeader('Access-Control-Allow-Credentials', 'true')
    }
    if (isPreflight(request)) return sendPreflight(response, config)
    if (!isSame) response.setHeader('Access-Control-Expose-Headers', EXPOSED)
    next()
  }
}

function sendPreflight(response: Response, { allowHeaders, maxAgeMs }: CorsConfig): void {
  response.setHeader('Access-Control-Allow-Methods', METHODS)
  response.setHeader('Access-Control-Allow-Headers', allowHeaders.join(', '))
  response.setHeader('Access-Control-Max-Age', Math.floor(maxAgeMs / 1_000))
  response.status(200).end()
}

function isPreflight({ method, headers }: Request): boolean {
  return method === 'OPTIONS' && headers['access-control-request-method'] !== undefined
}

function isAllowed({ allowOrigin }: CorsConfig, origin: string): boolean {
  if (allowOrigin === '*') return true
  if (allowOrigin instanceof RegExp) return allowOrigin.test(origin)
  return allowOrigin.includes(origin)
}

/** Browsers name the origin of a page in requests to its own server too. */
function isOwnOrigin({ headers }: Request, origin: string): boolean {
  return origin.replace(/^https?:\/\//, '') === headers.host
}
