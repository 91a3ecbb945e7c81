import type { ClientRequest, IncomingMessage } from 'node:http'
import http from 'node:http'
import https from 'node:https'
import type { UpstreamResponse } from '../answers/answer'
import type { Transport, UpstreamRequest } from './transport'
import { isNotConnected, UpstreamError } from './transport'

export interface UrlTransportOptions {
  /** Where the cluster is, with the path that it is mounted at. */
  url: URL
  /** Sent with every request: `authorization` of the service account. */
  headers: Readonly<Record<string, string>>
  /** Certificates, PEM, to trust in place of those of the system. */
  ca: string | Buffer | undefined
}

/**
 * How long an unused connection is kept, in milliseconds. Shorter than load balancers keep theirs: a submit that is
 * sent on a connection that the other side has just given up could not be repeated.
 */
const IDLE_MS = 4_000

/**
 * Talks to one URL with `node:http`. Not with `fetch`: that gives up after five minutes without an answer, does not
 * take certificates without another package, and makes web streams of what is only to be piped.
 */
export class UrlTransport implements Transport {
  readonly #base: string
  readonly #headers: Readonly<Record<string, string>>
  readonly #request: typeof http.request
  readonly #agent: http.Agent

  constructor({ url, headers, ca }: UrlTransportOptions) {
    this.#base = url.origin + url.pathname.replace(/\/+$/, '')
    this.#headers = headers
    const agentOptions = { keepAlive: true, timeout: IDLE_MS }
    if (url.protocol === 'https:') {
      this.#request = https.request
      this.#agent = new https.Agent({ ...agentOptions, ...(ca !== undefined && { ca }) })
    } else {
      this.#request = http.request
      this.#agent = new http.Agent(agentOptions)
    }
  }

  async send(request: UpstreamRequest): Promise<UpstreamResponse> {
    const { isReused, outcome } = this.#attempt(request)
    try {
      return await outcome
    } catch (error) {
      // The other side has given the connection up at the moment that it was used.
      if (!request.isRepeatable || !isReused() || request.signal.aborted) throw failure(error)
      return this.#attempt(request).outcome.catch((again) => Promise.reject(failure(again)))
    }
  }

  close(): void {
    this.#agent.destroy()
  }

  #attempt({ method, path, query, headers, body, signal, timeoutMs }: UpstreamRequest): Attempt {
    const url = `${this.#base}${path}${query === '' ? '' : `?${query}`}`
    const outgoing = this.#request(url, {
      method,
      agent: this.#agent,
      signal,
      headers: {
        ...this.#headers,
        // The body is passed on as it comes; compressed, there would be no id to find in it.
        'accept-encoding': 'identity',
        ...headers,
        ...(body && { 'content-length': body.length }),
      },
    })
    const outcome = responseOf(outgoing, timeoutMs)
    outgoing.end(body)
    return { isReused: () => outgoing.reusedSocket, outcome }
  }
}

interface Attempt {
  isReused: () => boolean
  outcome: Promise<UpstreamResponse>
}

function responseOf(outgoing: ClientRequest, silenceMs: number): Promise<UpstreamResponse> {
  return new Promise((resolve, reject) => {
    // It stays, because an aborted request may report more than one error.
    outgoing.on('error', reject)
    outgoing.on('response', (incoming: IncomingMessage) => {
      breakOffSilence(outgoing, incoming, silenceMs)
      resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: incoming })
    })
  })
}

/** Ends a body that has stopped coming, unless that is because nobody takes it. */
function breakOffSilence(outgoing: ClientRequest, incoming: IncomingMessage, silenceMs: number): void {
  outgoing.setTimeout(silenceMs, () => {
    if (!incoming.isPaused())
      incoming.destroy(new Error('the cluster has fallen silent in the middle of an answer'))
  })
}

function failure(cause: unknown): UpstreamError {
  return new UpstreamError('the cluster does not answer', { mayHaveArrived: !isNotConnected(cause), cause })
}
