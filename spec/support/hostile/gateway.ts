import { once } from 'node:events'
import type { ServerOptions, ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import express, { type Request } from 'express'
import type { AsyncQueryRouter } from 'express-esql-async-query'
import { asyncQueryRouter } from 'express-esql-async-query'
import { ManualClock } from 'express-esql-async-query/test-kit'
import { testCaller } from '../gateway'
import { token } from '../tokens'
import type { RawAnswer } from './answers'
import { readAnswers } from './answers'
import { MAX_BODY_BYTES } from './bodies'
import { EchoEngine } from './engine'
import { KeptLog } from './log'
import { ProcessWatch } from './process-watch'
import type { SeenRequest } from './seen-request'
import { CountingStore } from './store'
import type { Ids } from './targets'

/** Milliseconds after which a missing answer counts as one that never comes. */
const DEADLINE_MS = 60_000

/** Turns of the event loop without progress after which nothing more can happen. */
const QUIET_TURNS = 30

export interface Sending {
  /** What the client writes, with turns of the event loop in between. */
  pieces: readonly Buffer[]
  /** The client ends its side of the connection when nothing more happens. */
  ends?: boolean
  /** Lets waits go on. Otherwise they end, because their queries end. */
  keepsRunning?: boolean
}

/**
 * A gateway on a real port, like that of an application: real tokens and a real store. The application names the request
 * in a header of the answer, so that specs can distinguish answers of Node.js itself.
 */
export class HostileGateway {
  readonly server: Server
  readonly router: AsyncQueryRouter
  readonly engine = new EchoEngine()
  readonly clock = new ManualClock()
  readonly store = new CountingStore(this.engine, this.clock)
  readonly log = new KeptLog()
  readonly watch = new ProcessWatch()
  readonly seen: SeenRequest[] = []
  readonly #open = new Set<ServerResponse>()

  constructor(options: ServerOptions = {}) {
    const { logger } = this.log
    this.router = asyncQueryRouter({
      store: this.store,
      resolveCaller: testCaller(),
      maxBodyBytes: MAX_BODY_BYTES,
      logger,
    })
    const paths = new WeakMap<object, SeenRequest>()
    const app = express()
    app.use((request: Request, _response, next) => {
      const seen = paths.get(request)
      if (seen) seen.path = request.path
      next()
    })
    app.use(this.router)
    this.server = createServer(options, (request, response) => {
      const seen: SeenRequest = { method: request.method ?? '', url: request.url ?? '' }
      paths.set(request, seen)
      this.seen.push(seen)
      this.#open.add(response)
      response.once('close', () => this.#open.delete(response))
      response.setHeader('X-Exchange', this.seen.length - 1)
      app(request, response)
    })
  }

  async start(): Promise<this> {
    this.server.listen(0, '127.0.0.1')
    await once(this.server, 'listening')
    return this
  }

  async close(): Promise<void> {
    this.server.close()
    this.server.closeAllConnections()
    await this.store.close()
    this.watch.stop()
  }

  /** Forgets everything from before, and submits queries for the requests. */
  async begin(): Promise<Ids> {
    this.seen.length = 0
    this.#open.clear()
    this.log.clear()
    this.watch.clear()
    await this.store.forgetAll()
    return this.store.makeIds()
  }

  /** The request of an answer, or `undefined` for an answer of Node.js itself. */
  seenOf({ headers }: Pick<RawAnswer, 'headers'>): SeenRequest | undefined {
    return this.seen[Number(headers['x-exchange'] ?? Number.NaN)]
  }

  /** Sends bytes over a new connection, and resolves with the received bytes when the connection has ended. */
  async exchange({ pieces, ends = false, keepsRunning = false }: Sending): Promise<RawAnswer[]> {
    const { port } = this.server.address() as AddressInfo
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    const chunks: Buffer[] = []
    socket.on('data', (chunk: Buffer) => chunks.push(chunk))
    // A reset after the last answer is how a server stops a client that still sends.
    socket.on('error', () => {})
    socket.on('end', () => socket.end())
    await once(socket, 'connect')
    void this.#write(socket, pieces, ends)
    try {
      await this.until(() => {
        if (!keepsRunning && this.router.waiting > 0) this.engine.release()
        return socket.closed
      })
    } finally {
      socket.destroy()
    }
    return readAnswers(Buffer.concat(chunks), (headers) => this.#isBodiless(headers))
  }

  /** Sends one request whose connection ends with its answer. */
  async ask(target: string, headers: readonly string[], body = ''): Promise<RawAnswer> {
    const lines = [`${target} HTTP/1.1`, 'Host: x', ...headers, `Content-Length: ${body.length}`]
    const head = [...lines, 'Connection: close', '', ''].join('\r\n')
    const answers = await this.exchange({ pieces: [Buffer.from(head + body, 'latin1')] })
    const [answer, ...more] = answers
    if (!answer || more.length > 0) throw new Error(`${target} got ${answers.length} answers`)
    return answer
  }

  /** Whether the gateway still serves ordinary clients. */
  async isHealthy(): Promise<boolean> {
    const reached = { ...this.store.reached }
    const headers = [`Authorization: Bearer ${token()}`, 'Content-Type: application/json']
    const { status } = await this.ask('POST /_query/async', headers, '{"query":"ROW n = 1"}')
    Object.assign(this.store.reached, reached)
    return status === 200
  }

  /** Resolves when the gateway has nothing left to do. */
  async settle(): Promise<void> {
    await this.until(() => {
      if (this.router.waiting > 0) this.engine.release()
      return this.router.waiting === 0 && this.#openCount() === 0
    })
    let connections = 1
    const count = (): void => {
      this.server.getConnections((_error, found) => {
        connections = found
      })
    }
    await this.until(() => {
      count()
      return connections === 0
    })
  }

  async until(condition: () => boolean): Promise<void> {
    const end = performance.now() + DEADLINE_MS
    while (!condition()) {
      if (performance.now() > end) {
        const open = `${this.#openCount()} requests are open, ${this.router.waiting} waiting`
        throw new Error(`The gateway hangs: ${open}; it saw ${JSON.stringify(this.seen.slice(-5))}`)
      }
      await nextTurn()
    }
  }

  async #write(socket: ReturnType<typeof connect>, pieces: readonly Buffer[], ends: boolean): Promise<void> {
    for (const piece of pieces) {
      socket.write(piece)
      await nextTurn()
    }
    if (!ends) return
    let progress = ''
    for (let quiet = 0; quiet < QUIET_TURNS && !socket.closed; quiet += 1) {
      const now = `${socket.bytesRead} ${this.seen.length} ${this.#openCount()}`
      if (now !== progress) quiet = 0
      progress = now
      await nextTurn()
    }
    socket.end()
  }

  /** When a connection ends, Node.js closes only the first of the answers that are still to come. */
  #openCount(): number {
    return [...this.#open].filter(({ req }) => !req.socket.destroyed).length
  }

  #isBodiless(headers: Readonly<Record<string, string>>): boolean {
    return this.seenOf({ headers })?.method === 'HEAD'
  }
}
