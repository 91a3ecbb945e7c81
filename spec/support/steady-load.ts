import { EventEmitter, once } from 'node:events'
import type { Socket } from 'node:net'
import { connect } from 'node:net'

const REQUEST = 'GET /_query/async/none HTTP/1.1\r\nHost: gateway.example.org\r\n\r\n'

/** How many connections stay open for later requests. */
const KEPT = 20

/** A request without an answer. */
export interface Failure {
  /** The code of the error that ended the connection. Absent if the connection was closed normally. */
  error?: string | undefined
  /** Whether the connection has had an answer before. */
  wasUsed: boolean
}

/**
 * Sends a request each millisecond, on used connections and on new ones in turn, as the bytes of HTTP/1.1, so that no
 * library repeats or hides anything.
 */
export class SteadyLoad {
  readonly failures: Failure[] = []
  readonly #port: number
  readonly #timer = setInterval(() => void this.#send(), 1)
  readonly #ended = new EventEmitter()
  #kept: Connection[] = []
  #isNewNext = false
  #pending = 0
  #answered = 0

  constructor(url: string) {
    this.#port = Number(new URL(url).port)
  }

  /** Resolves when so many more requests have been answered. */
  async untilAnswered(count: number): Promise<void> {
    const enough = this.#answered + count
    while (this.#answered < enough) await once(this.#ended, 'request')
  }

  /** Sends no more, and resolves when each request has ended. */
  async stop(): Promise<void> {
    clearInterval(this.#timer)
    while (this.#pending > 0) await once(this.#ended, 'request')
    for (const connection of this.#kept) connection.close()
  }

  async #send(): Promise<void> {
    this.#isNewNext = !this.#isNewNext
    this.#kept = this.#kept.filter(({ isOpen }) => isOpen)
    const used = this.#isNewNext ? undefined : this.#kept.shift()
    const connection = used ?? new Connection(this.#port)
    this.#pending++
    const failure = await connection.ask()
    this.#pending--
    if (failure) this.failures.push({ ...failure, wasUsed: used !== undefined })
    else this.#answered++
    if (this.#kept.length < KEPT) this.#kept.push(connection)
    else connection.close()
    this.#ended.emit('request')
  }
}

/** A connection for one request at a time. */
class Connection {
  readonly #socket: Socket
  #text = ''
  #error: string | undefined
  #settle = (_failure?: { error: string | undefined }): void => {}

  constructor(port: number) {
    this.#socket = connect({ host: '127.0.0.1', port, noDelay: true })
    this.#socket.on('data', (chunk) => {
      this.#text += chunk
      const [head = '', body] = this.#text.split('\r\n\r\n')
      const length = Number(/^content-length: (\d+)$/im.exec(head)?.[1])
      if (body?.length !== length) return
      if (/^connection: close$/im.test(head)) this.close()
      this.#settle()
    })
    this.#socket.on('error', ({ code }: NodeJS.ErrnoException) => {
      this.#error = code
    })
    this.#socket.on('close', () => this.#settle({ error: this.#error }))
  }

  get isOpen(): boolean {
    return !this.#socket.destroyed && this.#socket.readable
  }

  /** Resolves when the request has its answer, or with the reason why it gets none. */
  ask(): Promise<{ error: string | undefined } | undefined> {
    this.#text = ''
    return new Promise((resolve) => {
      this.#settle = resolve
      this.#socket.write(REQUEST)
    })
  }

  close(): void {
    this.#socket.destroy()
  }
}
