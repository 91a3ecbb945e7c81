import type { Request } from 'express'
import { QueryError } from '../core/errors'
import type { Operation } from '../core/operations'
import type { SentParameter } from '../core/pass-through'
import { sentValues } from '../core/raw-headers'
import type { MediaTypeHeaders } from './media-type'
import { checkMediaTypeHeaders } from './media-type'
import { readFlag } from './parameters'
import type { RouteMatch } from './routes'
import type { UrlParameters } from './url'
import { decodePathSegment, parseQueryString, splitQueryString } from './url'

/** The parts of a request that are read on every route, whether or not an operation can serve it. */
export interface RequestHead {
  /** From the path, decoded. Empty if the route has none. */
  id: string
  parameters: UrlParameters
  sentParameters: readonly SentParameter[]
  mediaTypes: MediaTypeHeaders
  /** Method and target as sent, for the texts of errors. */
  method: string
  uri: string
  /** The path of the target, decoded. */
  path: string
  hasBody: boolean
  pretty: boolean
  human: boolean
  /** Another server judges what the gateway does not need. */
  isLenient: boolean
}

export interface OperationRequest extends RequestHead {
  operation: Operation
}

/** Elasticsearch's limit on the first line of a request, in bytes (`http.max_initial_line_length`). */
const MAX_LINE_BYTES = 4_096

export function assertShortLine({ method, originalUrl, httpVersion }: Request): void {
  const bytes = `${method} ${originalUrl} HTTP/${httpVersion}`.length
  if (bytes > MAX_LINE_BYTES) {
    throw new QueryError(
      'too_long_http_line_exception',
      `An HTTP line is larger than ${MAX_LINE_BYTES} bytes.`,
    )
  }
}

/** Reads the head of a request. Its checks have the order of Elasticsearch's. */
export function readHead(request: Request, id: string, hasBody: boolean, isLenient: boolean): RequestHead {
  const query = queryStringOf(request)
  const parameters = parseQueryString(query)
  const mediaTypes = readMediaTypes(request, hasBody, isLenient)
  const pretty = readFlag(parameters, 'pretty', isLenient)
  const human = readFlag(parameters, 'human', isLenient)
  readFlag(parameters, 'error_trace', isLenient)
  return {
    id,
    parameters,
    sentParameters: splitQueryString(query),
    mediaTypes,
    method: request.method,
    uri: request.originalUrl,
    path: decodedPath(request.originalUrl),
    hasBody,
    pretty,
    human,
    isLenient,
  }
}

/** Everything else that decides how a request without a body is read. */
export function requestKey(request: Request, { path }: RouteMatch): string {
  const headers = [headerValues(request, 'accept'), headerValues(request, 'content-type')]
  return `${request.method} ${path} ${queryStringOf(request)} ${JSON.stringify(headers)}`
}

/** How to write errors for the client, as far as its request can be read. */
export interface ErrorStyle {
  mediaTypes: MediaTypeHeaders
  formatParameter: string | undefined
  pretty: boolean
  errorTrace: boolean
}

export function readErrorStyle(request: Request): ErrorStyle {
  const parameters = attempt(() => parseQueryString(queryStringOf(request))) ?? {}
  return {
    mediaTypes: attempt(() => readMediaTypes(request, false)) ?? {},
    formatParameter: parameters.format,
    pretty: attempt(() => readFlag(parameters, 'pretty')) ?? false,
    errorTrace: attempt(() => readFlag(parameters, 'error_trace')) ?? false,
  }
}

function readMediaTypes(request: Request, hasBody: boolean, isLenient = false): MediaTypeHeaders {
  const accept = headerValues(request, 'accept')
  const contentType = headerValues(request, 'content-type')
  return checkMediaTypeHeaders({ accept, contentType, hasBody, isLenient })
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}

function queryStringOf({ url }: Request): string {
  const fragment = url.indexOf('#')
  const target = fragment < 0 ? url : url.slice(0, fragment)
  const start = target.indexOf('?')
  return start < 0 ? '' : target.slice(start + 1)
}

function decodedPath(uri: string): string {
  const end = uri.search(/[?#]/)
  const path = end < 0 ? uri : uri.slice(0, end)
  return path.includes('%') ? (decodePathSegment(path) ?? path) : path
}

/**
 * Every value of a header. `request.headers` has the last word, since a host application may set or replace a header
 * there, and some hosts fill only that. What the client sent tells whether it hides a second value.
 */
export function headerValues(
  { headers, rawHeaders }: Request,
  name: 'accept' | 'content-type' | 'idempotency-key',
): string[] {
  const value: unknown = headers[name]
  if (value === undefined) return []
  const sent = sentValues(rawHeaders, name)
  // Of several values, Node.js keeps the first or joins them.
  const isAsSent = sent.length > 0 && (value === sent[0] || value === sent.join(', '))
  return isAsSent ? sent : [value].flat().map(String)
}
