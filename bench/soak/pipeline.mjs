import { once } from 'node:events'
import { connect } from 'node:net'
import { AnswerReader } from '../support/answer-reader.mjs'
import { getRequest } from '../support/load.mjs'

/** One connection that carries several gets behind each other. */
export class Pipeline {
  /** The answers, in the order of the requests. An answer that is not whole is `broken`, or `left` by the client. */
  answers
  #socket
  #outstanding = []
  #ending = 'broken'

  constructor(target, paths, token) {
    this.answers = paths.map(() => new Promise((resolve) => this.#outstanding.push(resolve)))
    const pieces = []
    const body = () => Buffer.concat(pieces.splice(0))
    const reader = new AnswerReader({
      onBody: (piece) => pieces.push(piece),
      onEnd: (status, head) => {
        this.#outstanding.shift()?.({ ending: 'answered', status, headers: headersOf(head), body: body() })
        if (this.#outstanding.length === 0) this.#socket.destroy()
      },
    })
    let error
    this.#socket = connect({ port: target.port, host: '127.0.0.1' })
    this.#socket.on('data', (data) => reader.read(data))
    this.#socket.on('error', ({ code }) => {
      error = code
    })
    this.#socket.on('close', () => {
      for (const resolve of this.#outstanding.splice(0))
        resolve({ ending: this.#ending, body: body(), error })
    })
    this.#socket.write(paths.map((path) => getRequest(target.prefix + path, token)).join(''))
  }

  /** Resolves when the first bytes have come. Reads no more until `resume`. */
  async stall() {
    const [event] = await Promise.race(
      ['data', 'close'].map((event) => once(this.#socket, event).then(() => [event])),
    )
    if (event === 'data') this.#socket.pause()
  }

  resume() {
    this.#socket.resume()
  }

  leave() {
    this.#ending = 'left'
    this.#socket.destroy()
  }
}

function headersOf(head) {
  const lines = head.split('\r\n').slice(1)
  return Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(':')
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
    }),
  )
}
