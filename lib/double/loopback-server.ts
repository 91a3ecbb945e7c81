import { once } from 'node:events'
import type { RequestListener, Server } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Longer than any client keeps an idle connection, so that it never sends a request on one that just ended. */
const KEEP_ALIVE_MS = 3_600_000

/** A server that only programs of this machine reach. */
export class LoopbackServer {
  /** Where it listens. Empty before that. */
  url = ''
  readonly #server: Server

  constructor(listener: RequestListener) {
    this.#server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS, requestTimeout: 0 }, listener)
  }

  /** Rejects if the port is taken. */
  async listen(port: number): Promise<void> {
    this.#server.listen(port, '127.0.0.1')
    await once(this.#server, 'listening')
    this.url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** Ends every connection. */
  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve))
    this.#server.closeAllConnections()
    await closed
  }
}
