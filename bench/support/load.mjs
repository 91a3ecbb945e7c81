import { connect } from 'node:net'
import { AnswerReader } from './answer-reader.mjs'

/** A GET as a client with a kept connection sends it. */
export function getRequest(path, token) {
  return [
    `GET ${path} HTTP/1.1`,
    'Host: gateway.example.org',
    'Accept: application/vnd.elasticsearch+json; compatible-with=9,text/plain',
    'User-Agent: elastic-es/9.4.3',
    ...(token === undefined ? [] : [`Authorization: Bearer ${token}`]),
    '',
    '',
  ].join('\r\n')
}

/** Connections that ask as fast as the server answers. Every answer is compared with the one that is expected. */
export class Load {
  #connections

  static async open({ port, connections }) {
    const opened = Array.from({ length: connections }, () => Connection.open(port))
    return new Load(await Promise.all(opened))
  }

  constructor(connections) {
    this.#connections = connections
  }

  /** Sends `count` requests, spread over the connections. `nextRequest` gives the text of each. */
  async run(count, nextRequest, expected) {
    let begun = 0
    const work = async (connection) => {
      while (begun < count) {
        begun++
        await connection.exchange(nextRequest(), expected)
      }
    }
    await Promise.all(this.#connections.map(work))
  }

  close() {
    for (const connection of this.#connections) connection.close()
  }
}

/** A kept connection that carries one exchange at a time. */
export class Connection {
  #socket
  #current

  static async open(port) {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject))
    return new Connection(socket)
  }

  constructor(socket) {
    this.#socket = socket
    const reader = new AnswerReader({
      onBody: (piece) => this.#compare(piece),
      onEnd: (status) => this.#finish(status),
    })
    socket.on('data', (data) => reader.read(data))
    socket.on('error', (error) => this.#current?.reject(error))
    socket.on('close', () => this.#current?.reject(new Error('the server closed the connection')))
  }

  /** Rejects for any other answer than the expected one. */
  exchange(request, expected, expectedStatus = 200) {
    return new Promise((resolve, reject) => {
      this.#current = { expected, expectedStatus, at: 0, isEqual: true, resolve, reject }
      this.#socket.write(request)
    })
  }

  close() {
    this.#socket.destroy()
  }

  #compare(piece) {
    const { expected, at } = this.#current
    const end = at + piece.length
    if (end > expected.length || expected.compare(piece, 0, piece.length, at, end) !== 0) {
      this.#current.isEqual = false
    }
    this.#current.at = end
  }

  #finish(status) {
    const { expected, expectedStatus, at, isEqual, resolve, reject } = this.#current
    this.#current = undefined
    if (status === expectedStatus && isEqual && at === expected.length) resolve()
    else reject(new Error(`a wrong answer: status ${status}, ${at} bytes instead of ${expected.length}`))
  }
}
