import type { Socket } from 'node:net'
import { connect } from 'node:net'

/** The outcome of a request: the whole answer, or how the connection ended without one. */
export interface Ending {
  /** Everything that came over the connection. */
  text: string
  /** The code of the error that ended the connection. Absent if the connection was closed normally. */
  error?: string
}

/** A GET on its own connection, as the bytes of HTTP/1.1, so that no library repeats or hides anything. */
export class WaitingRequest {
  /** Resolves when the connection has ended in any way. */
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

  /** Resolves when the request is sent, or the connection has failed. */
  async get(path: string, token: string): Promise<this> {
    await this.#connected
    const head = [`GET ${path} HTTP/1.1`, 'Host: gateway.example.org', `Authorization: Bearer ${token}`]
    this.#socket.write(`${head.join('\r\n')}\r\n\r\n`)
    return this
  }
}
