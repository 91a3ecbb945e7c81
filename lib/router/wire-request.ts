import type { Request } from 'express'
import type { Caller } from '../core/caller'
import type { Ending } from '../core/early-end'
import { withGone } from '../core/early-end'
import type { SubmitBody, WireRequest } from '../core/pass-through'
import type { SentHead } from '../request/command'
import { SOURCE } from '../request/parameters'

/** What a request needs beside its head, to go on to another server. */
export interface Forwarding {
  caller: Caller
  /** Whether the store asks for the caller's credentials. They go to no other. */
  needsAuthorization: boolean
  gone: Ending
  body?: SubmitBody | undefined
}

/** A request for the server behind the gateway. */
export function wireRequestOf(
  { headers }: Request,
  head: SentHead,
  { caller, needsAuthorization, gone, body }: Forwarding,
): WireRequest {
  const { authorization, traceparent, 'x-opaque-id': opaqueId } = headers
  const { source: _, source_content_type: sourceType, ...parameters } = head.parameters
  const sentParameters = head.sentParameters.filter(({ name }) => !SOURCE.includes(name))
  const { rawAccept: accept, rawContentType: contentType = sourceType } = head.mediaTypes
  const wire = {
    caller,
    parameters,
    sentParameters,
    ...(accept !== undefined && { accept }),
    ...(contentType !== undefined && { contentType }),
    ...(typeof opaqueId === 'string' && { opaqueId }),
    ...(typeof traceparent === 'string' && { traceparent }),
    ...(needsAuthorization && authorization !== undefined && { authorization }),
    ...(body && { body }),
  }
  return withGone(wire, gone)
}
