import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { request } from 'node:http'

interface Sent {
  token: string
  body?: object
  headers?: Record<string, string>
}

interface Answer {
  status: number
  headers: IncomingHttpHeaders
  text: string
}

/** A request on its own connection. Its client can leave at any moment. */
export class LeavingClient {
  /** Resolves when the answer begins. Rejects if there is none. */
  readonly response: Promise<IncomingMessage>
  readonly #request

  constructor(gatewayUrl: string, target: string, { token, body, headers }: Sent) {
    const [method = '', path = ''] = target.split(' ')
    this.#request = request(`${gatewayUrl}${path}`, {
      method,
      agent: false,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body && { 'content-type': 'application/json' }),
        ...headers,
      },
    })
    this.response = new Promise((resolve, reject) => {
      this.#request.on('response', resolve)
      this.#request.on('error', reject)
    })
    // A client that leaves does not ask for the outcome of the request.
    this.response.catch(() => {})
    this.#request.end(body && JSON.stringify(body))
  }

  /** The whole answer. Rejects if it breaks off. */
  async answer(): Promise<Answer> {
    const response = await this.response
    const chunks: Buffer[] = []
    for await (const chunk of response) chunks.push(chunk)
    const { statusCode = 0, headers } = response
    return { status: statusCode, headers, text: Buffer.concat(chunks).toString() }
  }

  leave(): void {
    this.response.then((response) => response.on('error', () => {})).catch(() => {})
    this.#request.destroy()
  }
}
