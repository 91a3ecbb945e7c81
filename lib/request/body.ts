import { isUtf8 } from 'node:buffer'
import type { Request } from 'express'
import { isQueryError, QueryError, tooLong } from '../core/errors'
import type { Work } from '../core/turns'
import type { JsonNode } from '../json/parse'
import { locate, parseInTurns, parseUnlocated } from '../json/parse'
import { decoderFor, unsupportedCoding } from './content-coding'
import type { Decode } from './decoders/decoders'

/** Longer bodies are read one after the other: what is made of them may take thirty times their length. */
export const LONGEST_SIDE_BY_SIDE = 2 ** 20

/** A compressed body that is longer than that. It may take a thousand times its bytes, so it stays packed until its turn. */
export class PackedBody {
  constructor(readonly unpack: () => Promise<Buffer>) {}
}

/** The body of one request, which is read when somebody asks for it. */
export class RequestBody {
  readonly #request: Request
  readonly #maxBytes: number
  #content: Promise<unknown> | undefined

  /** `maxBytes`: the longest body, before and after decompression. */
  constructor(request: Request, maxBytes: number) {
    this.#request = request
    this.#maxBytes = maxBytes
  }

  /** Whether there is one. Where no header tells, as for chunks and in HTTP/2, the body is read. */
  exists(): boolean | Promise<boolean> {
    const { headers, httpVersionMajor } = this.#request
    const isLengthKnown = headers['content-length'] !== undefined || httpVersionMajor < 2
    if (headers['transfer-encoding'] === undefined && isLengthKnown) return lengthOf(this.#request) > 0
    return this.content().then((content) => !isEmpty(content))
  }

  /** The bytes, decompressed, or a {@link PackedBody}, or what a parser of the host application has made of them. */
  content(): Promise<unknown> {
    this.#content ??= this.#read()
    return this.#content
  }

  /** Throws when the client has gone: nobody waits for what becomes of the body. */
  assertSenderIsThere(): void {
    const { socket, res } = this.#request
    if (socket.destroyed || res?.destroyed) throw refusalOfBody(new Error(BROKEN_OFF), this.#maxBytes)
  }

  async #read(): Promise<unknown> {
    const request = this.#request
    const { body, headers, readableDidRead, readableEnded, readableEncoding } = request
    // A host application may set a body without reading one.
    if (body !== undefined && (readableDidRead || readableEnded)) return body
    if (readableDidRead || readableEncoding !== null) {
      throw new TypeError(
        'Middleware in front of the router has read the body of the request and has not put it into `request.body`. ' +
          'Mount the router before that middleware, or let it set `request.body` to the bytes, the text or the parsed JSON.',
      )
    }
    if (readableEnded) return Buffer.alloc(0)
    if (lengthOf(request) > this.#maxBytes) throw tooLong(this.#maxBytes)
    const decode = decoderFor(headers['content-encoding'] ?? 'identity')
    const maxBytes = this.#maxBytes
    const refuse = (error: unknown): never => {
      throw refusalOfBody(error, maxBytes)
    }
    const bytes = bytesAtHand(request) ?? (await readBytes(request, maxBytes))
    if (!decode || bytes.length === 0) return bytes
    const unpack = (maxOutputLength: number): Promise<Buffer> => decode(bytes, { maxOutputLength })
    return unpack(Math.min(maxBytes, LONGEST_SIDE_BY_SIDE)).catch((error) =>
      isTooLarge(error) && maxBytes > LONGEST_SIDE_BY_SIDE
        ? new PackedBody(() => unpack(maxBytes).catch(refuse))
        : refuse(error),
    )
  }
}

/** The error for the client, for what reading or parsing a body has failed with, here or in the host application. */
export function refusalOfBody(error: unknown, maxBytes: number): QueryError {
  if (isQueryError(error)) return error
  const { type, code, encoding } = (error ?? {}) as { type?: unknown; code?: unknown; encoding?: unknown }
  if (type === 'entity.too.large' || isTooLarge({ code })) return tooLong(maxBytes, error)
  if (type === 'encoding.unsupported') return unsupportedCoding(String(encoding))
  return new QueryError('parse_exception', 'the request body could not be read', { cause: error })
}

function isTooLarge({ code }: { code?: unknown }): boolean {
  return code === 'ERR_BUFFER_TOO_LARGE'
}

/**
 * The bytes of a body that has come with its head, as nearly all short ones do. They need no listeners. In HTTP/1, there are no
 * more than its length says, unless it comes in chunks.
 */
function bytesAtHand(request: Request): Buffer | undefined {
  const { httpVersionMajor, headers, destroyed, readableFlowing, readableLength } = request
  if (httpVersionMajor > 1 || headers['transfer-encoding'] !== undefined) return undefined
  if (readableLength === 0 || readableLength !== lengthOf(request)) return undefined
  if (destroyed || readableFlowing !== null) return undefined
  const bytes: Buffer = request.read()
  // Lets the request end.
  request.resume()
  return isWhole(bytes, readableLength) ? bytes : Buffer.concat([bytes])
}

/** Clients may send each byte as a chunk of its own, and an object for it takes hundreds of times its memory. */
const MOST_LOOSE = 1_024

function readBytes(request: Request, maxBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = []
    let loose: Buffer[] = []
    let length = 0
    const join = (): void => {
      pieces.push(Buffer.concat(loose))
      loose = []
    }
    // The request lives as long as its answer, which may wait for days, and a listener would keep the bytes alive.
    const settle = (): void => {
      request
        .off('data', take)
        .off('end', end)
        .off('close', breakOff)
        .off('error', breakOff)
        .on('error', ignore)
    }
    const take = (piece: Buffer): void => {
      length += piece.length
      loose.push(piece)
      if (loose.length === MOST_LOOSE) join()
      if (length <= maxBytes) return
      settle()
      // Drops the rest, so that the client gets the refusal.
      request.resume()
      reject(tooLong(maxBytes))
    }
    const end = (): void => {
      settle()
      const first = loose[0]
      resolve(isWhole(first, length) ? first : Buffer.concat([...pieces, ...loose]))
    }
    const breakOff = (): void => {
      settle()
      reject(refusalOfBody(new Error(BROKEN_OFF), maxBytes))
    }
    request.on('data', take).on('end', end).on('close', breakOff).on('error', breakOff)
    if (request.destroyed) breakOff()
  })
}

/** Whether a piece is all of a body, with memory of its own, as most are. In HTTP/2, it is a part of all that came with it. */
function isWhole(piece: Buffer | undefined, length: number): piece is Buffer {
  return Buffer.isBuffer(piece) && piece.length === length && piece.buffer.byteLength === length
}

const BROKEN_OFF = 'the connection has ended in the middle of the body'

function ignore(): void {}

function lengthOf({ headers }: Request): number {
  return Number(headers['content-length'] ?? 0)
}

/** Parsers represent an empty body by no bytes, no text, or an object without members. */
function isEmpty(body: unknown): boolean {
  if (body === undefined || body === '') return true
  if (Buffer.isBuffer(body)) return body.length === 0
  if (body instanceof PackedBody) return false
  return typeof body === 'object' && body !== null && Object.keys(body).length === 0
}

/** How many bytes are decoded between two pauses. It takes some milliseconds. */
const BYTES_PER_TURN = 2 ** 18

/** Bodies that are longer wait for their turn. Nearly all are shorter, and are read at once. */
const LONGEST_AT_ONCE = 2 ** 16

/** The JSON of a body. `undefined` if it is only white space. `decode`: for a body in another format. */
export function* readJson(content: unknown, decode?: Decode): Work<JsonNode | undefined> {
  if (decode && isAsSent(content)) {
    return yield* parseUnlocated(yield* decode(typeof content === 'string' ? Buffer.from(content) : content))
  }
  if (Buffer.isBuffer(content)) {
    if (content.length > LONGEST_AT_ONCE) yield
    assertUtf8(content)
    const isShort = content.length <= BYTES_PER_TURN
    const text = isShort ? content.toString('utf8', markLength(content)) : yield* decodeText(content)
    return yield* parseInTurns(text)
  }
  return yield* typeof content === 'string' ? parseInTurns(content) : locate(content)
}

/** Whether a host application has left the bytes or the text of a body. */
export function isAsSent(content: unknown): content is Buffer | string {
  return Buffer.isBuffer(content) || typeof content === 'string'
}

function assertUtf8(bytes: Buffer): void {
  if (isUtf8(bytes)) return
  const reason = 'Invalid UTF-8 in the request body'
  throw new QueryError('x_content_parse_exception', `[1:1] ${reason}`, {
    causedBy: { type: 'json_parse_exception', reason },
  })
}

function* decodeText(bytes: Buffer): Work<string> {
  const pieces: string[] = []
  for (let begin = markLength(bytes), end = begin; begin < bytes.length; begin = end) {
    if (pieces.length > 0) yield
    end = Math.min(begin + BYTES_PER_TURN, bytes.length)
    // A character of several bytes must not be cut.
    while (end < bytes.length && isInnerByte(bytes[end])) end += 1
    pieces.push(bytes.toString('utf8', begin, end))
  }
  return pieces.join('')
}

function isInnerByte(byte = 0): boolean {
  return (byte & 0xc0) === 0x80
}

/** The length of the byte order mark that a text may begin with. */
export function markLength(bytes: Buffer): number {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0
}
