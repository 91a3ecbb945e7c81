import type { Request } from 'express'
import type { Caller } from '../core/caller'
import type { PassThrough, WireRequest } from '../core/store'
import type { Incoming } from '../request/head'

/** A request as a server behind the gateway is to see it. */
export function wireRequest(
  request: Request,
  { parameters, mediaTypes, submitBody }: Incoming,
  caller: Caller,
  { needsAuthorization = false }: PassThrough,
  gone: AbortSignal,
): WireRequest {
  const { authorization, traceparent, 'x-opaque-id': opaqueId } = request.headers
  const { source: _, source_content_type: sourceType, ...others } = parameters
  const { rawAccept: accept, rawContentType: contentType = sourceType } = mediaTypes
  return {
    caller,
    parameters: others,
    ...(accept !== undefined && { accept }),
    ...(contentType !== undefined && { contentType }),
    ...(typeof opaqueId === 'string' && { opaqueId }),
    ...(typeof traceparent === 'string' && { traceparent }),
    ...(needsAuthorization && authorization !== undefined && { authorization }),
    ...(submitBody && { body: submitBody }),
    gone,
  }
}
