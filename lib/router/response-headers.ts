import type { Response } from 'express'
import { WITHOUT_PRODUCT } from '../core/errors'
import type { QueryState } from '../core/store'

const PRODUCT = 'X-elastic-product'
const OPAQUE_ID = 'X-Opaque-Id'
const QUERY_ID = 'X-Elasticsearch-Async-Id'
const IS_RUNNING = 'X-Elasticsearch-Async-Is-Running'
const EXPIRATION = 'X-Elasticsearch-Async-Expiration-Time-In-Millis'
const TOOK = 'Took-nanos'

/** Sets the headers that every answer has. */
export function setCommonHeaders(response: Response): void {
  const opaqueId = response.req.headers['x-opaque-id']
  setProduct(response)
  if (opaqueId !== undefined) response.setHeader(OPAQUE_ID, opaqueId)
}

export function setProduct(response: Response): void {
  response.setHeader(PRODUCT, 'Elasticsearch')
}

/** Sets the headers that name the query and its state. `elapsedMs`: how long the request has taken so far. */
export function setQueryHeaders(
  response: Response,
  id: string | undefined,
  { isRunning, tookNanos }: QueryState,
  elapsedMs: number,
): void {
  const took = isRunning ? undefined : tookNanos
  if (id !== undefined) response.setHeader(QUERY_ID, headerText(id))
  response.setHeader(IS_RUNNING, isRunning ? '?1' : '?0')
  response.setHeader(TOOK, Math.round(took ?? elapsedMs * 1e6))
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
  for (const name of [TOOK, IS_RUNNING, QUERY_ID]) response.removeHeader(name)
}

/** A store may make ids with characters that a header cannot hold. */
function headerText(id: string): string {
  return /^[\x21-\x7e]+$/.test(id) ? id : encodeURIComponent(id)
}
