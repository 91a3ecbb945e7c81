import type { Server } from 'node:http'
import type { Socket } from 'node:net'

/**
 * Ends the connections of a server that closes, without cutting off answers that are being sent.
 *
 * `server.closeIdleConnections()` is not enough: it takes a connection without a request for a busy one, and has to be
 * called again for each connection that becomes idle later.
 */
export class Connections {
  /** How many requests each open connection is answering. */
  readonly #requests = new Map<Socket, number>()
  #isEnding = false

  constructor(server: Server) {
    server.on('connection', (socket: Socket) => {
      this.#count(socket, 0)
      socket.once('close', () => this.#requests.delete(socket))
      this.#endIfIdle(socket)
    })
    server.on('request', ({ socket }, response) => {
      this.#count(socket, 1)
      response.once('close', () => {
        this.#count(socket, -1)
        this.#endIfIdle(socket)
      })
    })
  }

  /** Ends idle connections at once, and the others when their answers have been sent. */
  end(): void {
    this.#isEnding = true
    for (const socket of [...this.#requests.keys()]) this.#endIfIdle(socket)
  }

  #count(socket: Socket, more: number): void {
    if (!socket.destroyed) this.#requests.set(socket, (this.#requests.get(socket) ?? 0) + more)
  }

  #endIfIdle(socket: Socket): void {
    if (this.#isEnding && this.#requests.get(socket) === 0) socket.destroySoon()
  }
}
