import { isUtf8 } from 'node:buffer'
import { Pace } from '../../core/turns'
import { cutOff, malformed } from './json-text'

/** To read this many bytes takes some milliseconds. */
const BYTES_PER_TURN = 2 ** 14

/** The bytes of a body, which are read from the first to the last. */
export class ByteSource {
  readonly #bytes: Buffer
  readonly #pace = new Pace(BYTES_PER_TURN)
  #offset = 0
  #lastPause = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  get isAtEnd(): boolean {
    return this.#offset === this.#bytes.length
  }

  /** Whether to pause: so much has been read since this was asked last. */
  get isPauseDue(): boolean {
    const read = this.#offset - this.#lastPause
    this.#lastPause = this.#offset
    return this.#pace.isPauseDue(read)
  }

  byte(): number {
    const byte = this.#bytes[this.#offset]
    if (byte === undefined) throw cutOff()
    this.#offset += 1
    return byte
  }

  /** The next bytes. They are a part of the body, and no copy. */
  take(length: number): Buffer {
    if (length > this.#bytes.length - this.#offset) throw cutOff()
    const begin = this.#offset
    this.#offset += length
    return this.#bytes.subarray(begin, this.#offset)
  }

  /** The bytes up to a mark, which is skipped. */
  takeUntil(mark: number): Buffer {
    const end = this.#bytes.indexOf(mark, this.#offset)
    if (end < 0) throw cutOff()
    const bytes = this.take(end - this.#offset)
    this.#offset += 1
    return bytes
  }
}

export function textOf(bytes: Buffer): string {
  if (!isUtf8(bytes)) throw malformed(INVALID_TEXT)
  return bytes.toString()
}

export const INVALID_TEXT = 'Invalid UTF-8 in the request body'
