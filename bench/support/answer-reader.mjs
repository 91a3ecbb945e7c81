const HEAD_END = Buffer.from('\r\n\r\n')
const LINE_END = Buffer.from('\r\n')

/** Reads HTTP/1.1 answers off a connection. It costs far less than a full client, so the server stays the busy side. */
export class AnswerReader {
  #onBody
  #onEnd
  #held
  #state = 'head'
  #left = 0
  #status = 0
  #headText = ''

  /** `onBody` gets the pieces of each body, `onEnd` the status and the head when an answer is complete. */
  constructor({ onBody, onEnd }) {
    this.#onBody = onBody
    this.#onEnd = onEnd
  }

  read(data) {
    let rest = this.#held ? Buffer.concat([this.#held, data]) : data
    this.#held = undefined
    while (rest.length > 0) {
      const used = this.#step(rest)
      if (used === 0) {
        this.#held = rest
        return
      }
      rest = rest.subarray(used)
    }
  }

  /** Uses some of the bytes, or none if it needs more to go on. Returns how many. */
  #step(bytes) {
    if (this.#state === 'head') return this.#readHead(bytes)
    if (this.#state === 'size') return this.#readSize(bytes)
    return this.#readBody(bytes)
  }

  #readHead(bytes) {
    const end = bytes.indexOf(HEAD_END)
    if (end < 0) return 0
    const head = bytes.latin1Slice(0, end)
    this.#status = Number(head.slice(9, 12))
    this.#headText = head
    const [, length] = /\r\ncontent-length: (\d+)/i.exec(head) ?? []
    this.#state = length === undefined ? 'size' : 'body'
    this.#left = Number(length ?? 0)
    if (length === '0') this.#end()
    return end + HEAD_END.length
  }

  #readSize(bytes) {
    const end = bytes.indexOf(LINE_END)
    if (end < 0) return 0
    const size = Number.parseInt(bytes.latin1Slice(0, end), 16)
    const sizeLine = end + LINE_END.length
    if (size === 0) {
      if (bytes.length < sizeLine + LINE_END.length) return 0
      this.#end()
      return sizeLine + LINE_END.length
    }
    this.#state = 'chunk'
    this.#left = size
    return sizeLine
  }

  #readBody(bytes) {
    if (this.#left > 0) {
      const piece = bytes.subarray(0, this.#left)
      this.#left -= piece.length
      this.#onBody(piece)
      if (this.#left === 0 && this.#state === 'body') this.#end()
      return piece.length
    }
    if (bytes.length < LINE_END.length) return 0
    this.#state = 'size'
    return LINE_END.length
  }

  #end() {
    this.#state = 'head'
    this.#onEnd(this.#status, this.#headText)
  }
}
