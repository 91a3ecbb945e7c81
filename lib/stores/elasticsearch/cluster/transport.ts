import type { UpstreamResponse } from '../answers/answer'

/** One request to the cluster. */
export interface UpstreamRequest {
  method: 'GET' | 'POST' | 'DELETE'
  /** Without the path that the cluster is mounted at. */
  path: string
  /** Encoded, without `?`. May be empty. */
  query: string
  /** All of them but those that authenticate the service account. Names in lower case. */
  headers: Readonly<Record<string, string>>
  body?: Buffer
  /** Sent again when the connection breaks. Never a submit, which would run twice. */
  isRepeatable: boolean
  /** How long the answer may take to begin, in milliseconds. */
  timeoutMs: number
  signal: AbortSignal
}

/** Sends a request to the cluster. Rejects with an {@link UpstreamError} when there is no answer. */
export interface Transport {
  send(request: UpstreamRequest): Promise<UpstreamResponse>
  /** Lets go of the connections that the transport itself has opened. */
  close(): void
}

/** There was no answer. What went wrong is the `cause`. */
export class UpstreamError extends Error {
  override readonly name = 'UpstreamError'
  /** The cluster may have got the request, and may be acting on it. */
  readonly mayHaveArrived: boolean

  constructor(message: string, options: { mayHaveArrived: boolean; cause?: unknown }) {
    super(message, { cause: options.cause })
    this.mayHaveArrived = options.mayHaveArrived
  }
}

/** Errors of a connection that never came about. */
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

/** Whether an error says that no connection was made. In doubt it does not. */
export function isNotConnected(error: unknown): boolean {
  const { code = '', message = '' } = (error ?? {}) as { code?: unknown; message?: unknown }
  return NOT_CONNECTED.some((sign) => String(code).startsWith(sign) || String(message).includes(sign))
}
