import type { Socket } from 'node:net'
import { connect } from 'node:net'

/** What became of a request: the whole answer, or how the connection ended without one. */
export interface Ending {
  /** Everything that came over the connection. */
  text: string
  /** The code of the error that ended the connection. Left out for one that was closed in order. */
  error?: string
}

/** A GET on a connection of its own, as the bytes of HTTP/1.1, so that nothing is repeated or hidden. */
export class WaitingRequest {
  /** Resolves when the connection has ended, in whatever way. */
  readonly ended: Promise<Ending>
  readonly #socket: Socket
  readonly #connected: Promise<void>

  constructor(baseUrl: string) {
    const { hostname, port } = new URL(baseUrl)
    const socket = connect({ host: hostname, port: Number(port), noDelay: true })
    const chunks: Buffer[] = []
    let error: string | undefined
    socket.on('data', (chunk) => chunks.push(chunk))
    socket.on('error', ({ code, message }: NodeJS.ErrnoException) => {
      error = code ?? message
    })
    this.#socket = socket
    this.#connected = new Promise((resolve) => {
      socket.once('connect', resolve)
      socket.once('close', () => resolve())
    })
    this.ended = new Promise((resolve) => {
      socket.once('close', () => {
        const text = Buffer.concat(chunks).toString()
        resolve(error === undefined ? { text } : { text, error })
      })
    })
  }

  /** Resolves when the request is on its way, or there is no connection. */
  async get(path: string, token: string): Promise<this> {
    await this.#connected
    const head = [`GET ${path} HTTP/1.1`, 'Host: gateway.example.org', `Authorization: Bearer ${token}`]
    this.#socket.write(`${head.join('\r\n')}\r\n\r\n`)
    return this
  }
}
