import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import type { Operation } from './faults'

/** A request that reached the stand-in, and how it went. */
export class RecordedRequest {
  readonly method: string
  /** Path and query string, as sent. */
  readonly url: string
  readonly headers: IncomingHttpHeaders
  /** Names and values in turn, as sent. */
  readonly rawHeaders: readonly string[]
  /** The bytes, as sent. Complete once the cluster has begun to serve the request. */
  body = Buffer.alloc(0)
  /** Who asked. Left out while nobody was found out. */
  subject: string | undefined
  /** `aborted`: the connection ended before the whole answer was sent, whoever ended it. */
  state: 'open' | 'answered' | 'aborted' = 'open'
  /** The answer's, once it is sent. */
  status: number | undefined
  bodyBytesSent = 0
  /** Aborted when the connection has ended. */
  readonly closed: AbortSignal

  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    /** Left out for what is no operation. */
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
