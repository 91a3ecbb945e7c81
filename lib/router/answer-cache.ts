import { LRUCache } from 'lru-cache'
import type { StoredResult } from '../core/result'
import { isRows } from '../core/result'
import type { AsyncQuery, CompletedQuery } from '../core/store'
import { WrittenRows } from '../formats/json/written-rows'
import type { Chunk, Piece, Presentation, Writer } from '../formats/writer'
import type { Output } from '../request/command'

/** The shares of the budget for one body, and for all bodies that are not complete yet. */
const LARGEST_SHARE = 1 / 8
const INCOMPLETE_SHARE = 1 / 2

/** The limit of the texts of a label, in characters. Clients choose them, and each result has a label. */
const LONGEST_LABEL = 1_024

/** How many bytes of a body are sent at a time, so that a slow client holds no more. */
const SLICE_BYTES = 64 * 1_024

/** A result that has been written once, in one way. */
interface Written {
  /** Everything but the result that decides what the body is. */
  readonly label: Label
  /** Whether a reader is collecting the body, or the body has turned out to be too large. */
  state: 'idle' | 'collecting' | 'too large'
}

interface Body {
  readonly bytes: Buffer
  /** How many clients are reading it. Its memory is free only when they have finished. */
  readers: number
  isKept: boolean
  /** Its share of the sum of all bodies. */
  countedBytes: number
}

/**
 * Bodies of finished results that are read again and again, so that they need not be written again and again. A body
 * is kept when it is written for the second time, since most results are read once. Kept are only bodies of results
 * that never change, with all rows in memory. When there are too many, the one goes first that has not been read for the longest time.
 */
export class AnswerCache {
  readonly #maxBytes: number
  /** Weak, so that it does not keep a result alive that its store has forgotten. */
  readonly #written = new WeakMap<StoredResult, Written>()
  /** `#reserve` makes room before this cache has to, because incomplete and dropped bodies take memory too. */
  readonly #bodies: LRUCache<Written, Body>
  readonly #forgotten = new FinalizationRegistry<Written>((written) => this.#bodies.delete(written))
  #bytes = 0
  #incompleteBytes = 0

  /** `maxBytes`: the memory for all bodies, with incomplete ones and dropped ones that are being read. 0 keeps none. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
    this.#bodies = new LRUCache({
      maxSize: Math.max(1, Math.min(Math.floor(maxBytes), Number.MAX_SAFE_INTEGER)),
      sizeCalculation: ({ bytes }) => Math.max(1, bytes.length),
      dispose: (body, written) => this.#drop(body, written),
    })
  }

  /** The memory that all bodies take now, in bytes. */
  get bytes(): number {
    return this.#bytes
  }

  /** The chunks of an answer, from the writer or from the cache. */
  chunks(query: AsyncQuery, output: Output, write: Writer): Iterable<Piece> {
    const { presentation } = output
    if (query.isRunning || this.#maxBytes === 0 || !isLasting(query.result)) return write(query, presentation)
    const written = this.#writtenAs(query, output)
    const body = written && this.#bodies.get(written)
    if (body) return this.#read(body)
    // Rows in memory need no promise.
    const chunks = write(query, presentation) as Iterable<Chunk>
    return written ? this.#keep(written, query.result, chunks) : chunks
  }

  /** Returns `undefined` when a result is written like this for the first time. */
  #writtenAs(query: CompletedQuery, output: Output): Written | undefined {
    const { result } = query
    const known = this.#written.get(result)
    const label = labelOf(query, output)
    if (known?.label.every((part, at) => part === label[at])) return known
    if (known) this.#bodies.delete(known)
    if (isLong(label)) this.#written.delete(result)
    else this.#written.set(result, { label, state: 'idle' })
    return undefined
  }

  *#read(body: Body): Generator<Chunk> {
    body.readers += 1
    try {
      for (let begin = 0; begin < body.bytes.length; begin += SLICE_BYTES) {
        yield body.bytes.subarray(begin, begin + SLICE_BYTES)
      }
    } finally {
      body.readers -= 1
      this.#releaseUnused(body)
    }
  }

  /** Passes the chunks on. Keeps them if they fit, if they are complete, and if no other reader collects them. */
  *#keep(written: Written, result: StoredResult, chunks: Iterable<Chunk>): Generator<Chunk> {
    if (written.state !== 'idle') return yield* chunks
    written.state = 'collecting'
    let parts: Uint8Array[] | undefined = []
    let bytes = 0
    let isTooLarge = false
    try {
      for (const chunk of chunks) {
        const part = typeof chunk === 'string' ? Buffer.from(chunk) : chunk
        if (parts) {
          isTooLarge = bytes + part.length > this.#maxBytes * LARGEST_SHARE
          if (!isTooLarge && this.#reserve(part.length)) {
            parts.push(part)
            bytes += part.length
          } else {
            this.#free(bytes)
            parts = undefined
            bytes = 0
          }
        }
        yield part
      }
      if (parts && this.#written.get(result) === written) this.#publish(written, result, Buffer.concat(parts))
    } finally {
      this.#free(bytes)
      written.state = isTooLarge ? 'too large' : 'idle'
    }
  }

  #publish(written: Written, result: StoredResult, bytes: Buffer): void {
    this.#bytes += bytes.length
    this.#bodies.set(written, { bytes, readers: 0, isKept: true, countedBytes: bytes.length })
    this.#forgotten.register(result, written, written)
  }

  /** Takes room for a part of an incomplete body. Returns `false` if there is none. */
  #reserve(bytes: number): boolean {
    if (this.#incompleteBytes + bytes > this.#maxBytes * INCOMPLETE_SHARE) return false
    for (const written of this.#bodies.rkeys()) {
      if (this.#bytes + bytes <= this.#maxBytes) break
      if (this.#bodies.peek(written)?.readers === 0) this.#bodies.delete(written)
    }
    if (this.#bytes + bytes > this.#maxBytes) return false
    this.#incompleteBytes += bytes
    this.#bytes += bytes
    return true
  }

  #free(bytes: number): void {
    this.#incompleteBytes -= bytes
    this.#bytes -= bytes
  }

  #drop(body: Body, written: Written): void {
    this.#forgotten.unregister(written)
    body.isKept = false
    this.#releaseUnused(body)
  }

  #releaseUnused(body: Body): void {
    if (body.isKept || body.readers > 0) return
    this.#bytes -= body.countedBytes
    body.countedBytes = 0
  }
}

function isLasting({ isFrozen, values }: StoredResult): boolean {
  return isFrozen === true && (isRows(values) || values instanceof WrittenRows)
}

/** What decides about a body, in a fixed order. Most results are read once, so it is quickly made. */
type Label = readonly (string | number | boolean | undefined)[]

/** Names each field, so that the compiler misses one that is new. */
type Style = { [Name in keyof Required<Presentation>]: Presentation[Name] | undefined }

/** Lists the fields that count. A store may return more than that. */
function labelOf(query: CompletedQuery, { format, presentation }: Output): Label {
  const { id, startTimeMs, expirationTimeMs, tookNanos, isPartial, columnar, timeZone, columnMetadata } =
    query
  const { dropNullColumns, pretty, human, filterPath, delimiter, header, isSync } = presentation
  const style: Style = { dropNullColumns, pretty, human, filterPath, delimiter, header, isSync }
  const state = [id, startTimeMs, expirationTimeMs, tookNanos, isPartial, columnar, timeZone, columnMetadata]
  return [format.format, ...Object.values(style), ...state]
}

function isLong(label: Label): boolean {
  let length = 0
  for (const part of label) if (typeof part === 'string') length += part.length
  return length > LONGEST_LABEL
}
