import { isAscii } from 'node:buffer'
import type { ServerResponse } from 'node:http'
import { TLSSocket } from 'node:tls'
import type { Response } from 'express'
import { WITHOUT_PRODUCT } from '../core/errors'
import type { QueryState } from '../core/pass-through'
import type { Chunk } from '../formats/writer'
import { warningHeaders } from './warnings'

const PRODUCT = 'X-elastic-product'
const OPAQUE_ID = 'X-Opaque-Id'
const QUERY_ID = 'X-Elasticsearch-Async-Id'
const IS_RUNNING = 'X-Elasticsearch-Async-Is-Running'
const EXPIRATION = 'X-Elasticsearch-Async-Expiration-Time-In-Millis'
const TOOK = 'Took-nanos'
const WARNING = 'Warning'

/** What Node.js can send, one byte for each character. */
const HEADER_TEXT = /^[\t\x20-\x7e\x80-\xff]*$/

/** Sets the headers that every answer has. */
export function setCommonHeaders(response: Response): void {
  const opaqueId = response.req.headers['x-opaque-id']
  setProduct(response)
  // Hosts that make requests of events may let characters through that no header can hold.
  if (opaqueId !== undefined && HEADER_TEXT.test(String(opaqueId))) response.setHeader(OPAQUE_ID, opaqueId)
}

export function setProduct(response: Response): void {
  response.setHeader(PRODUCT, 'Elasticsearch')
}

/** Sets the headers that name the query and its state. `elapsedMs`: how long the request has taken so far. */
export function setQueryHeaders(
  response: Response,
  id: string | undefined,
  state: QueryState,
  elapsedMs: number,
): void {
  if (id !== undefined) response.setHeader(QUERY_ID, headerText(id))
  response.setHeader(IS_RUNNING, state.isRunning ? '?1' : '?0')
  setTook(response, state, elapsedMs)
}

/** Sets the one header that an answer to a synchronous query has too. */
export function setTook(response: Response, { isRunning, tookNanos }: QueryState, elapsedMs: number): void {
  const took = isRunning ? undefined : tookNanos
  // A text, since Node.js makes one of a number each time that it looks at it.
  response.setHeader(TOOK, String(Math.round(took ?? elapsedMs * 1e6)))
}

/** Sets a header for each warning of the engine. */
export function setWarnings(response: Response, warnings: readonly string[] = []): void {
  const headers = warnings.length > 0 ? warningHeaders(warnings) : []
  if (headers.length > 0) response.setHeader(WARNING, headers)
}

/** Sets the header that only HEAD has, since its answer has no body. */
export function setExpiration(response: Response, { expirationTimeMs }: QueryState): void {
  if (expirationTimeMs !== undefined) response.setHeader(EXPIRATION, Math.round(expirationTimeMs))
}

/** Sets a status, and removes the product header where Elasticsearch does not send it. */
export function setStatus(response: Response, status: number): void {
  response.statusCode = status
  if (WITHOUT_PRODUCT.includes(status)) response.removeHeader(PRODUCT)
}

/** Removes the headers of a query from the answer, which is an error now. */
export function removeQueryHeaders(response: Response): void {
  for (const name of [TOOK, IS_RUNNING, QUERY_ID, WARNING]) response.removeHeader(name)
}

/** Asks the client to close its connection. Only HTTP/1 has a header for that. */
export function askToClose(response: Response): void {
  if (response.req.httpVersionMajor < 2) response.setHeader('Connection', 'close')
}

/**
 * Breaks the connection of an answer that has begun and cannot go on. To a client of HTTP/1.0, the end of the connection is
 * the end of the body, so that only a reset tells it that something is missing.
 */
export function breakOff(response: ServerResponse): void {
  const { httpVersion, socket } = response.req
  // Node.js resets TCP alone. TLS ends without a farewell then.
  const isTcp = socket.remoteFamily !== undefined && !(socket instanceof TLSSocket)
  // What `resetAndDestroy` sets. That method ends the connection first, which looks whole.
  if (httpVersion === '1.0' && isTcp) Reflect.set(socket, 'resetAndClosing', true)
  response.destroy()
}

/** The bytes of a text. With a text, Node.js would write the headers before it as UTF-8 too. */
export function bytesOf(chunk: Chunk): Uint8Array {
  return typeof chunk === 'string' ? Buffer.from(chunk) : chunk
}

/** Characters of an answer that is worth a look at whether it is ASCII. */
const SHORT_ANSWER = 4_096

/** Ends an answer with its whole body. An answer to HEAD gets the length of that body, and no bytes of it. */
export function endWith(response: Response, body: Chunk): void {
  const ascii = body.length <= SHORT_ANSWER ? asciiOf(body) : undefined
  if (ascii === undefined) {
    const bytes = bytesOf(body)
    response.setHeader('content-length', bytes.length)
    response.end(bytes)
  } else {
    response.setHeader('content-length', ascii.length)
    // ASCII is the same in the encoding of headers, so that Node.js makes one write of both, and no buffer.
    response.end(ascii, 'latin1')
  }
}

/** A body as text, if no middleware that takes the text for UTF-8 could change a byte. */
function asciiOf(body: Chunk): string | undefined {
  if (typeof body === 'string') return Buffer.byteLength(body) === body.length ? body : undefined
  return Buffer.isBuffer(body) && isAscii(body) ? body.toString('latin1') : undefined
}

/** Answers OPTIONS. */
export function sendAllowed(response: Response, methods: readonly string[]): void {
  response.setHeader('Allow', methods.join(','))
  response.setHeader('content-type', 'text/plain')
  endWith(response, '')
}

/**
 * Ends an answer to HEAD whose GET would stream. Without a length and an encoding, Node.js clients would close the
 * connection.
 */
export function endHead(response: Response): void {
  if (response.req.httpVersion === '1.1') response.setHeader('transfer-encoding', 'chunked')
  response.end()
}

/** A store may make ids with characters that a header cannot hold. */
function headerText(id: string): string {
  return /^[\x21-\x7e]+$/.test(id) ? id : encodeURIComponent(id)
}
