import type { Request } from 'express'
import type { Caller } from '../core/caller'
import type { PassThrough, WireRequest } from '../core/store'
import type { Command } from '../request/command'

/** A request as a server behind the gateway is to see it. */
export function wireRequest(
  request: Request,
  command: Command,
  caller: Caller,
  { needsAuthorization = false }: PassThrough,
  gone: AbortSignal,
): WireRequest {
  const { parameters, mediaTypes } = command.head
  const body = command.operation === 'submit' ? command.body : undefined
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
    ...(body && { body }),
    gone,
  }
}
