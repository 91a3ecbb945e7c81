import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import type { Operation } from './faults'

/** A request that reached the stand-in, and its outcome. */
export class RecordedRequest {
  readonly method: string
  /** Path and query string, as sent. */
  readonly url: string
  readonly headers: IncomingHttpHeaders
  /** Names and values in turn, as sent. */
  readonly rawHeaders: readonly string[]
  /** The bytes, as sent. Complete once the cluster has begun to serve the request. */
  body = Buffer.alloc(0)
  /** The user. Absent before the user is known. */
  subject: string | undefined
  /** `aborted`: either side ended the connection before the whole answer was sent. */
  state: 'open' | 'answered' | 'aborted' = 'open'
  /** The status of the answer, once it is sent. */
  status: number | undefined
  bodyBytesSent = 0
  /** Aborted when the connection has ended. */
  readonly closed: AbortSignal

  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    /** Absent if the request is for no operation. */
    readonly operation: Operation | undefined,
  ) {
    this.method = request.method ?? ''
    this.url = request.url ?? ''
    this.headers = request.headers
    this.rawHeaders = request.rawHeaders
    const closing = new AbortController()
    this.closed = closing.signal
    response.on('close', () => {
      this.state = response.writableFinished ? 'answered' : 'aborted'
      closing.abort()
    })
  }

  async read(request: IncomingMessage): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    this.body = Buffer.concat(chunks)
  }
}
