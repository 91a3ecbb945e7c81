import type { Output } from './request/command'
import type { QueryResult } from './result'
import type { AsyncQuery } from './store'
import type { Writer } from './writers/writer'

type Chunk = string | Uint8Array

/** Share of the budget that one body may take. */
const LARGEST_SHARE = 1 / 8

/** About the least that a cell takes in a body, in bytes. */
const BYTES_PER_CELL = 8

/** Clients choose what a label says, and there is one for each result. */
const LONGEST_LABEL = 1_024

/** A result that was written, and from the second time on also the body. */
interface Encoded {
  /** All that the body depends on beside the result. */
  readonly label: string
  state: 'written' | 'being kept' | 'kept' | 'too large'
  parts: Uint8Array[]
  bytes: number
}

/**
 * Bodies of finished results that are read again and again, so that they need not be written again and again. A
 * body is kept when it is written for the second time, since most results are read once. Kept are only bodies of
 * results that are frozen through and through, as those of `MemoryStore` are: of any other it cannot be told
 * whether it is still the same. When there are too many, the one that was kept first goes first.
 */
export class EncodedAnswers {
  readonly #maxBytes: number
  readonly #largestBytes: number
  /** Weak, so that a result that its store has forgotten is not kept alive. */
  readonly #answers = new WeakMap<QueryResult, Encoded>()
  readonly #kept = new Set<Encoded>()
  readonly #forgotten = new FinalizationRegistry<Encoded>((encoded) => this.#drop(encoded))
  #bytes = 0

  /** `maxBytes`: what all bodies may take, those that are just being written included. 0 keeps none. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
    this.#largestBytes = maxBytes * LARGEST_SHARE
  }

  /** What the bodies take now, in bytes. */
  get bytes(): number {
    return this.#bytes
  }

  /** The chunks of an answer: those that the writer makes, or the body where it is known. */
  chunks(query: AsyncQuery, { format, presentation }: Output, write: Writer): Iterable<Chunk> {
    if (query.isRunning || this.#maxBytes === 0) return write(query, presentation)
    const { result, ...state } = query
    const known = this.#answers.get(result)
    if (!known && !this.#mayKeep(result)) return write(query, presentation)
    const label = JSON.stringify([format.format, presentation, state])
    if (known?.label !== label) {
      this.#begin(result, label, known)
      return write(query, presentation)
    }
    if (known.state === 'kept') return known.parts
    return this.#keep(known, result, write(query, presentation))
  }

  #mayKeep({ columns, values, ...rest }: QueryResult): boolean {
    if (columns.length * values.length * BYTES_PER_CELL > this.#largestBytes) return false
    return isFrozen(values) && isFrozen(columns) && Object.values(rest).every(isFrozen)
  }

  #begin(result: QueryResult, label: string, previous: Encoded | undefined): void {
    if (previous) this.#drop(previous)
    if (label.length > LONGEST_LABEL) this.#answers.delete(result)
    else this.#answers.set(result, { label, state: 'written', parts: [], bytes: 0 })
  }

  /** Passes the chunks on, and keeps them if they fit, none is missing, and nobody else is about it. */
  *#keep(encoded: Encoded, result: QueryResult, chunks: Iterable<Chunk>): Generator<Chunk> {
    if (encoded.state !== 'written' || this.#answers.get(result) !== encoded) return yield* chunks
    encoded.state = 'being kept'
    try {
      for (const chunk of chunks) {
        const part = typeof chunk === 'string' ? Buffer.from(chunk) : chunk
        if (encoded.state === 'being kept') this.#collect(encoded, part)
        yield part
      }
      if (encoded.state !== 'being kept') return
      encoded.parts = [Buffer.concat(encoded.parts)]
      encoded.state = 'kept'
      this.#kept.add(encoded)
      this.#forgotten.register(result, encoded, encoded)
    } finally {
      if (encoded.state === 'being kept') this.#drop(encoded)
    }
  }

  #collect(encoded: Encoded, part: Uint8Array): void {
    const isTooLarge = encoded.bytes + part.length > this.#largestBytes
    if (isTooLarge || !this.#makeRoom(part.length)) {
      this.#drop(encoded)
      if (isTooLarge) encoded.state = 'too large'
      return
    }
    encoded.parts.push(part)
    encoded.bytes += part.length
    this.#bytes += part.length
  }

  #makeRoom(bytes: number): boolean {
    for (const oldest of this.#kept) {
      if (this.#bytes + bytes <= this.#maxBytes) break
      this.#drop(oldest)
    }
    return this.#bytes + bytes <= this.#maxBytes
  }

  #drop(encoded: Encoded): void {
    if (this.#kept.delete(encoded)) this.#forgotten.unregister(encoded)
    this.#bytes -= encoded.bytes
    encoded.bytes = 0
    encoded.parts = []
    encoded.state = 'written'
  }
}

/** Whether nothing in it can be changed. A `Date` can, even if it is frozen. */
function isFrozen(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return typeof value !== 'function'
  if (value instanceof Date || !Object.isFrozen(value)) return false
  return Array.isArray(value) ? value.every(isFrozen) : Object.values(value).every(isFrozen)
}
