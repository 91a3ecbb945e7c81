import type { Socket } from 'node:net'
import type { Response } from 'express'

/**
 * Notices when the clients at the other end of responses go away.
 *
 * A response alone does not tell: of the requests that a client has pipelined, only the response whose turn it is
 * hears of the end of the connection. Each connection is listened to once, however many requests it carries.
 */
export class Clients {
  readonly #bySocket = new WeakMap<Socket, Set<() => void>>()

  isGone(response: Response): boolean {
    return response.destroyed || response.req.socket.destroyed
  }

  /** Calls back once, when the client goes away before the response is done. Returns a function that calls it off. */
  onGone(response: Response, callback: () => void): () => void {
    const callbacks = this.#callbacksOf(response.req.socket)
    const onGone = (): void => {
      callOff()
      callback()
    }
    const callOff = (): void => {
      callbacks.delete(onGone)
      response.off('close', onGone)
    }
    callbacks.add(onGone)
    // Over HTTP/2, a request ends without its connection.
    response.on('close', onGone)
    return callOff
  }

  #callbacksOf(socket: Socket): Set<() => void> {
    const known = this.#bySocket.get(socket)
    if (known) return known
    const callbacks = new Set<() => void>()
    this.#bySocket.set(socket, callbacks)
    socket.once('close', () => {
      for (const callback of [...callbacks]) callback()
    })
    return callbacks
  }
}
