import type { IncomingMessage, ServerResponse } from 'node:http'

/** Elasticsearch's own answer for a path that it does not have. */
export function sendUnknownPath({ method, url, headers }: IncomingMessage, response: ServerResponse): void {
  const opaqueId = headers['x-opaque-id']
  if (opaqueId !== undefined) response.setHeader('X-Opaque-Id', opaqueId)
  response.setHeader('X-elastic-product', 'Elasticsearch')
  response.setHeader('content-type', 'application/json')
  const body = Buffer.from(
    JSON.stringify({ error: `no handler found for uri [${url}] and method [${method}]` }),
  )
  response.setHeader('content-length', body.length)
  response.statusCode = 400
  response.end(body)
}
