import type { ClientRequest, IncomingMessage } from 'node:http'
import http from 'node:http'
import https from 'node:https'
import type { UpstreamResponse } from '../answers/response'
import { UnusableAnswerError, UpstreamError } from '../outage'
import type { Transport, UpstreamRequest } from './transport'
import { isNotConnected, lengthOfBody } from './transport'

export interface UrlTransportOptions {
  /** The address of the cluster. It may have a path. */
  url: URL
  /** Sent with every request: `authorization` of the service account. */
  headers: Readonly<Record<string, string>>
  /** Certificates in PEM, to trust in place of those of the system. */
  ca: string | Buffer | undefined
  /** @default no limit */
  maxConnections?: number
}

/**
 * How long to keep an unused connection, in milliseconds. Shorter than load balancers keep theirs: when the other side
 * closes a connection just as a submit goes out on it, the submit cannot be repeated.
 */
const IDLE_MS = 4_000

/**
 * Talks to one URL with `node:http`. Not with `fetch`: that gives up after five minutes without an answer, takes
 * certificates only with another package, and makes web streams of bodies that are only piped.
 */
export class UrlTransport implements Transport {
  readonly #base: string
  readonly #headers: Readonly<Record<string, string>>
  readonly #request: typeof http.request
  readonly #agent: http.Agent

  constructor({ url, headers, ca, maxConnections = Number.POSITIVE_INFINITY }: UrlTransportOptions) {
    this.#base = url.origin + url.pathname.replace(/\/+$/, '')
    this.#headers = headers
    const agentOptions = { keepAlive: true, timeout: IDLE_MS, maxSockets: maxConnections }
    if (url.protocol === 'https:') {
      this.#request = https.request
      this.#agent = new https.Agent({ ...agentOptions, ...(ca !== undefined && { ca }) })
    } else {
      this.#request = http.request
      this.#agent = new http.Agent(agentOptions)
    }
  }

  async send(request: UpstreamRequest): Promise<UpstreamResponse> {
    for (;;) {
      const outgoing = this.#open(request)
      try {
        return await responseTo(outgoing, request.body)
      } catch (error) {
        // The other side closed an idle connection as we used it. It may have closed others too: each attempt uses up one.
        if (!request.isRepeatable || !outgoing.reusedSocket || request.ending.aborted) throw failure(error)
      }
    }
  }

  close(): void {
    this.#agent.destroy()
  }

  #open({ method, path, query, headers, body, ending }: UpstreamRequest): ClientRequest {
    const url = `${this.#base}${path}${query === '' ? '' : `?${query}`}`
    const outgoing = this.#request(url, {
      method,
      agent: this.#agent,
      headers: {
        ...this.#headers,
        // In a compressed body there is no id to find.
        'accept-encoding': 'identity',
        ...headers,
        ...(body && { 'content-length': lengthOfBody(body) }),
      },
    })
    const listener = { handleEvent: () => void outgoing.destroy(new Error('the request was given up')) }
    ending.addEventListener('abort', listener)
    outgoing.once('close', () => ending.removeEventListener('abort', listener))
    if (ending.aborted) listener.handleEvent()
    return outgoing
  }
}

function responseTo(outgoing: ClientRequest, body: readonly Buffer[] = []): Promise<UpstreamResponse> {
  return new Promise((resolve, reject) => {
    // This listener stays, because an aborted request may report more than one error.
    outgoing.on('error', reject)
    // Without this listener, Node.js closes the connection and reports nothing.
    outgoing.on('upgrade', (_, socket) => {
      socket.destroy()
      reject(new UnusableAnswerError('what answers 101 is not Elasticsearch'))
    })
    outgoing.on('response', (incoming: IncomingMessage) => {
      resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: incoming })
    })
    for (const piece of body.slice(0, -1)) outgoing.write(piece)
    outgoing.end(body.at(-1))
  })
}

function failure(cause: unknown): UpstreamError {
  return new UpstreamError('the cluster does not answer', { mayHaveArrived: !isNotConnected(cause), cause })
}
