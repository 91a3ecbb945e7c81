import type { JsonWebKey, KeyObject } from 'node:crypto'
import { once } from 'node:events'
import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A public key as an issuer publishes it. */
export function jwk(key: KeyObject, members: Record<string, unknown> = {}): JsonWebKey {
  return { ...key.export({ format: 'jwk' }), ...members }
}

/** Publishes keys over real sockets, with the faults that a test asks for. */
export class Issuer {
  /** The key set. */
  keys: JsonWebKey[] = []
  /** Fields of the discovery document that are added or replaced. */
  metadata: Record<string, unknown> = {}
  /** The requested paths. */
  readonly requests: string[] = []
  /** Answers in place of the issuer. */
  answer: RequestListener | undefined
  url = ''
  #server: Server
  #held: (() => void)[] | undefined

  constructor() {
    this.#server = createServer((request, response) => this.#serve(request, response))
  }

  get jwksUrl(): string {
    return `${this.url}/jwks`
  }

  async start(port = 0): Promise<this> {
    this.#server.listen(port, '127.0.0.1')
    await once(this.#server, 'listening')
    this.url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
    return this
  }

  /** Holds back every answer until they are released. */
  hold(): void {
    this.#held = []
  }

  release(): void {
    const held = this.#held ?? []
    this.#held = undefined
    for (const answer of held) answer()
  }

  async stop(): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    this.#server.closeAllConnections()
    await closed
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    this.requests.push(request.url ?? '')
    const answer = this.answer ?? this.#publish
    if (this.#held) this.#held.push(() => answer(request, response as never))
    else answer(request, response as never)
  }

  readonly #publish: RequestListener = ({ url }, response) => {
    const isDiscovery = url === '/.well-known/openid-configuration'
    const document = { issuer: this.url, jwks_uri: this.jwksUrl, ...this.metadata }
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify(isDiscovery ? document : { keys: this.keys }))
  }
}
