import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import https from 'node:https'
import type { Socket } from 'node:net'
import { Server as Listener } from 'node:net'
import { systemClock } from '../core/clock'
import { nextTurn } from '../core/turns'

/** How long a connection must be idle before it ends: longer than a client in use takes from one request to the next. */
const IDLE_MS = 200

/** How often to look for idle connections. */
const SWEEP_MS = 50

/** How long to look for a quiet turn of the event loop. A process under full load has none. */
const QUIET_MS = 1_000

interface Connection {
  /** How many requests it is answering. */
  requests: number
  /** The bytes that had come by the end of the last of them. More bytes are the beginning of another. */
  readBytes: number
  /** When it was opened, or when the last of them ended. */
  lastMs: number
}

/**
 * Ends the connections of a server that closes, without cutting off answers that are being sent, and without resetting
 * requests that nobody has read yet.
 *
 * `server.close()` is not enough. It ends idle connections at once, whatever they have just received, also those whose
 * answer is not sent yet. It takes a connection without a request for a busy one, and does not end connections that
 * become idle later.
 */
export class Connections {
  readonly #server: Server
  readonly #open = new Map<Socket, Connection>()
  /** What is below the connections: with TLS, also what has not come to a connection yet. */
  readonly #sockets = new Set<Socket>()
  /** How many connections and requests have come. */
  #arrivals = 0
  #isLeaving = false

  constructor(server: Server) {
    this.#server = server
    server.on('connection', (socket: Socket) => {
      this.#arrivals++
      this.#sockets.add(socket)
      socket.once('close', () => this.#sockets.delete(socket))
    })
    const opened = server instanceof https.Server ? 'secureConnection' : 'connection'
    server.on(opened, (socket: Socket) => this.#know(socket))
    // Before the handlers of the host, which may answer at once.
    server.prependListener('request', (request, response) => {
      this.#arrivals++
      if (this.#isLeaving) response.setHeader('Connection', 'close')
      countRequest(this.#know(request.socket), request, response)
    })
  }

  /** Whether clients are asked to leave. */
  get isLeaving(): boolean {
    return this.#isLeaving
  }

  /** Asks the clients of all later requests to close their connections. Goes on accepting new ones. */
  leave(): void {
    this.#isLeaving = true
  }

  /**
   * Takes no more connections than those that the system has already taken. It resets what waits to be taken when we
   * stop, so new connections are not read until then: their requests would keep us from taking others.
   */
  async stopListening(): Promise<void> {
    const held: Socket[] = []
    this.#server.on('connection', (socket: Socket) => held.push(socket))
    Object.assign(this.#server, { pauseOnConnect: true })
    await this.#quietTurn()
    // That of `node:http` ends idle connections at once.
    Listener.prototype.close.call(this.#server)
    for (const socket of held) socket.resume()
  }

  /** Ends each connection when it is idle. */
  async end(): Promise<void> {
    while (this.#open.size > 0) {
      await this.#quietTurn()
      for (const [socket, connection] of this.#open) endIfIdle(socket, connection)
      await new Promise<void>((resolve) => systemClock.setTimer(resolve, SWEEP_MS, { background: true }))
    }
    // Those that were open before somebody began to count.
    this.#server.closeIdleConnections()
  }

  /** Cuts all connections off, whatever they do. */
  cutOff(): void {
    this.#server.closeAllConnections()
    for (const socket of this.#sockets) socket.destroy()
  }

  #know(socket: Socket): Connection {
    const known = this.#open.get(socket)
    if (known) return known
    const connection = { requests: 0, readBytes: 0, lastMs: systemClock.now() }
    this.#open.set(socket, connection)
    socket.once('close', () => this.#open.delete(socket))
    return connection
  }

  /** Resolves after a turn of the event loop in which nothing came, so that next to nothing is unread. */
  async #quietTurn(): Promise<void> {
    const untilMs = systemClock.now() + QUIET_MS
    await nextTurn()
    for (let before = -1; before !== this.#arrivals && systemClock.now() < untilMs; ) {
      before = this.#arrivals
      await nextTurn()
    }
  }
}

function countRequest(connection: Connection, request: IncomingMessage, response: ServerResponse): void {
  const { socket } = request
  const ended = (): void => {
    connection.readBytes = socket.bytesRead
    connection.lastMs = systemClock.now()
  }
  connection.requests++
  response.once('close', () => {
    connection.requests--
    ended()
  })
  // A request can be answered before all of its body has come.
  request.once('close', ended)
}

function endIfIdle(socket: Socket, { requests, readBytes, lastMs }: Connection): void {
  const isIdle = requests === 0 && readBytes === socket.bytesRead
  if (isIdle && systemClock.now() - lastMs > IDLE_MS) socket.destroySoon()
}
