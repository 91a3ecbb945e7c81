import type { QueryError } from '../../core/errors'
import { tooLong } from '../../core/errors'
import type { Container } from '../../formats/document/token-sink'
import { JsonSink } from '../../formats/json/json-sink'
import { endOfInput, malformedJson, nestedTooDeep, numberTooLong } from '../../json/faults'
import { UNKNOWN_LOCATION } from '../../json/lines'
import { MAX_DIGITS } from '../../json/numbers'
import { MAX_DEPTH } from '../../json/write'

/** A body of another format, written down as JSON. The parser of JSON then judges fields, names and numbers. */
export class JsonText extends JsonSink {
  readonly #maxLength: number
  readonly #pieces: string[] = []
  #length = 0
  #depth = 0

  /** `maxLength`: how long the JSON may get, since short bodies in other formats can stand for long ones. */
  constructor(maxLength: number) {
    super()
    this.#maxLength = maxLength
  }

  /** Call it at each pause: a text that is put together of millions of words takes thirty times its length. */
  compact(): void {
    this.#length += this.pending
    if (this.#length > this.#maxLength) throw tooLong(this.#maxLength)
    this.#pieces.push(Buffer.from(super.take()).toString())
  }

  override take(): string {
    this.compact()
    return this.#pieces.splice(0).join('')
  }

  /** Without Jackson's way to write control characters, which takes long where there are millions. */
  override string(value: string): void {
    this.raw(JSON.stringify(value))
  }

  override start(kind: Container): void {
    if (this.#depth === MAX_DEPTH) throw malformed(nestedTooDeep(MAX_DEPTH))
    this.#depth += 1
    super.start(kind)
  }

  override end(kind: Container): void {
    this.#depth -= 1
    super.end(kind)
  }

  /** Refuses what JSON has no number for. */
  override double(value: number): void {
    if (!Number.isFinite(value)) throw malformed(`Non-standard token '${value}'`)
    super.double(value)
  }
}

/** The refusal of a body that is not well-formed. Only texts have lines and columns. */
export function malformed(reason: string): QueryError {
  return malformedJson(UNKNOWN_LOCATION, reason)
}

export function cutOff(): QueryError {
  return endOfInput(UNKNOWN_LOCATION)
}

/** An integer of more bytes has more digits than a number may have. */
const MAX_INTEGER_BYTES = Math.ceil((MAX_DIGITS * Math.log(10)) / Math.log(256))

/** To print a very long integer takes too long. */
export function assertShortInteger(byteLength: number): void {
  if (byteLength <= MAX_INTEGER_BYTES) return
  throw malformed(numberTooLong(Math.ceil(byteLength * Math.log10(256)), MAX_DIGITS))
}

/** The unsigned integer whose bytes these are, the highest first. */
export function bigIntegerOf(bytes: Buffer): bigint {
  return BigInt(`0x0${bytes.toString('hex')}`)
}
