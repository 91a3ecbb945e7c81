import type { IncomingHttpHeaders } from 'node:http'
import { Readable } from 'node:stream'
import type { UpstreamResponse } from '../answers/response'
import { UpstreamError } from '../outage'
import type { Transport, UpstreamRequest } from './transport'
import { isNotConnected, lengthOfBody } from './transport'

/**
 * What the store uses of a `Client` of `@elastic/elasticsearch`, 8.13 and later. It is described here, so that only
 * applications that have such a client need the package.
 */
export interface ElasticsearchClient {
  readonly transport: {
    // biome-ignore lint/suspicious/noExplicitAny: the overloads of the package fit no narrower signature
    request(params: any, options?: any): Promise<any>
    /** The nodes of the cluster. */
    readonly connectionPool?: { readonly size: number }
  }
}

interface ClientResult {
  statusCode: number
  headers: IncomingHttpHeaders
  body: Readable
}

/** Added to our own time limit, so that the client's limit never ends a request before ours does. */
const SLACK_MS = 5_000

/** A timer of Node.js with a longer delay would fire at once. */
const LONGEST_DELAY_MS = 2 ** 31 - 1

/** Talks to the cluster through the application's own client: its pool, TLS, authentication and retries apply. */
export class ClientTransport implements Transport {
  readonly #client: ElasticsearchClient

  constructor(client: ElasticsearchClient) {
    this.#client = client
  }

  async send(request: UpstreamRequest): Promise<UpstreamResponse> {
    const { size: nodes = 1 } = this.#client.transport.connectionPool ?? {}
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#sendOnce(request)
      } catch (error) {
        // No node has received the request. So it may go to the next one, although it must not run twice.
        const mayGoOn = error instanceof UpstreamError && !error.mayHaveArrived && !request.isRepeatable
        if (!mayGoOn || attempt >= nodes || request.ending.aborted) throw error
      }
    }
  }

  async #sendOnce(request: UpstreamRequest): Promise<UpstreamResponse> {
    const { method, path, query, headers, body, isRepeatable, timeoutMs, ending } = request
    try {
      const result: ClientResult = await this.#client.transport.request(
        {
          method,
          path,
          querystring: query,
          ...(body && { body: body.length === 1 ? body[0] : Readable.from(body, { objectMode: false }) }),
        },
        {
          headers: {
            'accept-encoding': 'identity',
            ...headers,
            ...(body && { 'content-length': String(lengthOfBody(body)) }),
          },
          asStream: true,
          meta: true,
          // In a compressed body there is no id to find, and the cluster would not get the bytes that the caller sent.
          compression: false,
          requestTimeout: Math.min(timeoutMs + SLACK_MS, LONGEST_DELAY_MS),
          signal: ending.signal,
          ...(!isRepeatable && { maxRetries: 0 }),
        },
      )
      return { status: result.statusCode, headers: result.headers, body: result.body }
    } catch (cause) {
      // The client's errors hold the request with its headers, so only their text goes into ours.
      const { name = 'Error', message = '' } = (cause ?? {}) as { name?: string; message?: string }
      throw new UpstreamError(`the cluster does not answer: ${name}: ${message}`, {
        mayHaveArrived: name !== 'NoLivingConnectionsError' && !isNotConnected(cause),
      })
    }
  }

  /** The client belongs to the application. */
  close(): void {}
}
