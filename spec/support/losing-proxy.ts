import { once } from 'node:events'
import type { AddressInfo, Server, Socket } from 'node:net'
import { connect, createServer } from 'node:net'

/**
 * A proxy that loses the first answers: it resets the connection when the server has begun to answer. Each connection goes to the
 * next of the servers.
 */
export class LosingProxy {
  lost = 0
  /** How many connections there were. */
  used = 0
  readonly #toLose: number
  readonly #sockets = new Set<Socket>()
  readonly #server: Server

  constructor(urls: readonly string[], toLose: number) {
    this.#toLose = toLose
    this.#server = createServer((client) => {
      const { hostname, port } = new URL(urls[this.used % urls.length] ?? '')
      this.used += 1
      const upstream = connect(Number(port), hostname)
      for (const socket of [client, upstream]) {
        this.#sockets.add(socket)
        socket.on('error', () => {})
        socket.on('close', () => this.#sockets.delete(socket))
      }
      client.pipe(upstream)
      upstream.on('data', (chunk: Buffer) => {
        if (this.lost < this.#toLose) {
          this.lost += 1
          upstream.destroy()
          client.resetAndDestroy()
        } else client.write(chunk)
      })
      upstream.on('end', () => client.end())
    })
  }

  async start(): Promise<string> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  close(): void {
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
  }
}
