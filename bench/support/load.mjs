import { connect } from 'node:net'
import { AnswerReader } from './answer-reader.mjs'

/** A GET as a client with a kept connection sends it. */
export function getRequest(path, token) {
  return headOf('GET', path, token).join('\r\n')
}

/** A POST of the same client, with JSON. */
export function postRequest(path, token, body) {
  const type = 'Content-Type: application/json'
  const [line, ...headers] = headOf('POST', path, token)
  return `${[line, type, `Content-Length: ${Buffer.byteLength(body)}`, ...headers].join('\r\n')}${body}`
}

function headOf(method, path, token) {
  return [
    `${method} ${path} HTTP/1.1`,
    'Host: gateway.example.org',
    'Accept: application/vnd.elasticsearch+json; compatible-with=9,text/plain',
    'User-Agent: elastic-es/9.4.3',
    ...(token === undefined ? [] : [`Authorization: Bearer ${token}`]),
    '',
    '',
  ]
}

/** Connections that ask as fast as the server answers. They compare every answer with the expected one. */
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
      onBody: (piece) => this.#current.pieces.push(piece),
      onEnd: (status) => this.#finish(status),
    })
    socket.on('data', (data) => reader.read(data))
    socket.on('error', (error) => this.#current?.reject(error))
    socket.on('close', () => this.#current?.reject(new Error('the server closed the connection')))
  }

  /** Rejects unless the answer has this status and ends with the `expected` bytes. */
  exchange(request, expected, status = 200) {
    return new Promise((resolve, reject) => {
      this.#current = { expected, status, pieces: [], resolve, reject }
      this.#socket.write(request)
    })
  }

  close() {
    this.#socket.destroy()
  }

  #finish(status) {
    const { expected, pieces, resolve, reject, ...current } = this.#current
    this.#current = undefined
    if (status === current.status && endsWith(pieces, expected)) resolve()
    else reject(new Error(`a wrong answer: status ${status}, ${Buffer.concat(pieces).subarray(0, 500)}`))
  }
}

/** Does not join the pieces, because the server must not wait for the client. */
function endsWith(pieces, expected) {
  let end = expected.length
  for (const piece of pieces.toReversed()) {
    const length = Math.min(piece.length, end)
    if (expected.compare(piece, piece.length - length, piece.length, end - length, end) !== 0) return false
    end -= length
  }
  return end === 0
}
