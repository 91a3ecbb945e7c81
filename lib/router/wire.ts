import type { Request } from 'express'
import type { Caller } from '../core/caller'
import type { PassThrough, WireRequest } from '../core/store'
import type { Incoming } from '../request/head'

/** A request as a server behind the gateway is to see it. */
export function wireRequest(
  request: Request,
  { parameters, mediaTypes, hasBody }: Incoming,
  caller: Caller,
  { needsAuthorization = false }: PassThrough,
  gone: AbortSignal,
): WireRequest {
  const { authorization, traceparent, 'x-opaque-id': opaqueId } = request.headers
  const { source, source_content_type: sourceType, ...others } = parameters
  const { rawAccept: accept, rawContentType: contentType = sourceType } = mediaTypes
  const body = hasBody ? bodyBytes(request.body) : source
  return {
    caller,
    parameters: others,
    ...(accept !== undefined && { accept }),
    ...(contentType !== undefined && { contentType }),
    ...(typeof opaqueId === 'string' && { opaqueId }),
    ...(typeof traceparent === 'string' && { traceparent }),
    ...(needsAuthorization && authorization !== undefined && { authorization }),
    ...(body !== undefined && { body: typeof body === 'string' ? Buffer.from(body) : body }),
    gone,
  }
}

/** Of a body that the host application has parsed, only what it kept can be written down again. */
function bodyBytes(body: unknown): Buffer | string {
  return Buffer.isBuffer(body) || typeof body === 'string' ? body : JSON.stringify(body)
}
