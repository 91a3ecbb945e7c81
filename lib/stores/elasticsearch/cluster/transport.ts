import type { Ending } from '../../../core/early-end'
import type { UpstreamResponse } from '../answers/response'

export interface UpstreamRequest {
  method: 'GET' | 'POST' | 'DELETE'
  /** Without the path of the cluster's own URL. */
  path: string
  /** Encoded, without `?`. May be empty. */
  query: string
  /** All but those that authenticate the service account. Names in lower case. */
  headers: Readonly<Record<string, string>>
  /** In pieces, which are sent one after the other. */
  body?: readonly Buffer[]
  /** Whether to send it again when the connection breaks. Never for a submit, which would run twice. */
  isRepeatable: boolean
  /** How long the answer may take, in milliseconds. Then the request ends. */
  timeoutMs: number
  /** Gives the request up, also while its body comes. */
  ending: Ending
}

export interface Transport {
  /** Rejects with an `UpstreamError` when the cluster does not answer. */
  send(request: UpstreamRequest): Promise<UpstreamResponse>
  /** Lets go of the connections that the transport itself has opened. */
  close(): void
}

/** Codes and words of errors of a connection that was never made. */
const NOT_CONNECTED = [
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
  'CERT_',
  'certificate',
  'Connect Timeout',
  'no living connections',
]

/** Whether an error says that no connection was made. `false` in doubt. */
export function isNotConnected(error: unknown): boolean {
  const { code = '', message = '' } = (error ?? {}) as { code?: unknown; message?: unknown }
  return NOT_CONNECTED.some((sign) => String(code).startsWith(sign) || String(message).includes(sign))
}

export function lengthOfBody(body: readonly Buffer[]): number {
  return body.reduce((length, piece) => length + piece.length, 0)
}
