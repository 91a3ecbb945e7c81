import type { Work } from '../../core/turns'
import type { Container } from '../../formats/document/token-sink'
import { ByteSource, textOf } from './byte-source'
import { assertShortInteger, bigIntegerOf, JsonText, malformed } from './json-text'

/**
 * A body in CBOR (RFC 8949) as JSON text. Read by hand: `cbor-x` keeps the last of two fields of one name, refuses the texts
 * in parts that Jackson writes, makes objects of tags, and cannot pause.
 */
export function cborToJson(bytes: Buffer, maxLength = Number.POSITIVE_INFINITY): Work<string> {
  return new CborReader(bytes, new JsonText(maxLength)).read()
}

/** Major types of RFC 8949. */
const UNSIGNED = 0
const NEGATIVE = 1
const BYTES = 2
const TEXT = 3
const ARRAY = 4
const MAP = 5
const TAG = 6

/** In place of a length or argument. */
const ANY_LENGTH = 31
const BREAK = 0xff

const POSITIVE_INTEGER = 2
const NEGATIVE_INTEGER = 3
/** The tag that says that this is CBOR. */
const MAGIC = Buffer.from([0xd9, 0xd9, 0xf7])

/** A map or an array that is being read. */
interface Open {
  kind: Container
  /** How many items, or fields with their values, are missing. Infinity: those up to a break. */
  left: number
  /** The name of a field has been read, and its value has not. */
  isNamed: boolean
}

class CborReader {
  readonly #bytes: Buffer
  readonly #source: ByteSource
  readonly #json: JsonText
  readonly #opened: Open[] = []

  constructor(bytes: Buffer, json: JsonText) {
    this.#json = json
    this.#bytes = bytes
    this.#source = new ByteSource(bytes)
  }

  *read(): Work<string> {
    if (this.#bytes.subarray(0, MAGIC.length).equals(MAGIC)) this.#source.take(MAGIC.length)
    do {
      this.#readItem()
      if (!this.#source.isPauseDue) continue
      this.#json.compact()
      yield
    } while (this.#opened.length > 0)
    if (!this.#source.isAtEnd) throw malformed('CBOR has content behind its value')
    return this.#json.take()
  }

  get #open(): Open | undefined {
    return this.#opened.at(-1)
  }

  #readItem(): void {
    const first = this.#source.byte()
    const major = first >> 5
    const info = first & 31
    const open = this.#open
    if (first === BREAK) this.#break()
    else if (open?.kind === 'object' && !open.isNamed) this.#readName(major, info, open)
    else if (major === ARRAY) this.#begin('array', info)
    else if (major === MAP) this.#begin('object', info)
    else {
      this.#readScalar(major, info)
      this.#completeValue()
    }
  }

  #readName(major: number, info: number, open: Open): void {
    if (major !== TEXT) throw malformed('The names of fields in CBOR have to be texts')
    this.#json.key(this.#text(info))
    open.isNamed = true
  }

  #readScalar(major: number, info: number): void {
    if (major === UNSIGNED) this.#json.integer(this.#argument(info))
    else if (major === NEGATIVE) this.#json.integer(negated(this.#argument(info)))
    else if (major === TEXT) this.#json.string(this.#text(info))
    else if (major === TAG) this.#json.integer(this.#bigInteger(this.#argument(info)))
    else if (major === BYTES) throw malformed('CBOR has a string of bytes, which no field takes')
    else this.#readSimple(info)
  }

  #bigInteger(tag: number | bigint): bigint {
    const first = this.#source.byte()
    const isInteger = (tag === POSITIVE_INTEGER || tag === NEGATIVE_INTEGER) && first >> 5 === BYTES
    if (!isInteger) throw malformed(`Tag [${tag}] of CBOR is not supported here`)
    const length = this.#length(first & 31)
    assertShortInteger(length)
    const magnitude = bigIntegerOf(this.#source.take(length))
    return tag === NEGATIVE_INTEGER ? -1n - magnitude : magnitude
  }

  #readSimple(info: number): void {
    if (info === 20 || info === 21) this.#json.boolean(info === 21)
    // Jackson reads `undefined` as null.
    else if (info === 22 || info === 23) this.#json.null()
    else if (info === 25) this.#json.double(halfOf(this.#source.take(2).readUInt16BE()))
    else if (info === 26) this.#json.double(this.#source.take(4).readFloatBE())
    else if (info === 27) this.#json.double(this.#source.take(8).readDoubleBE())
    else throw malformed(`CBOR has a simple value [${info}], which no field takes`)
  }

  #argument(info: number): number | bigint {
    if (info < 24) return info
    if (info === 24) return this.#source.byte()
    if (info === 25) return this.#source.take(2).readUInt16BE()
    if (info === 26) return this.#source.take(4).readUInt32BE()
    if (info === 27) return this.#source.take(8).readBigUInt64BE()
    throw malformed(`CBOR has [${info}] in place of a number or length`)
  }

  #length(info: number): number {
    return Number(this.#argument(info))
  }

  #text(info: number): string {
    if (info !== ANY_LENGTH) return textOf(this.#source.take(this.#length(info)))
    const parts: string[] = []
    for (let first = this.#source.byte(); first !== BREAK; first = this.#source.byte()) {
      if (first >> 5 !== TEXT || (first & 31) === ANY_LENGTH) {
        throw malformed('A text in CBOR has a part that is no text')
      }
      parts.push(this.#text(first & 31))
    }
    return parts.join('')
  }

  #begin(kind: Container, info: number): void {
    const left = info === ANY_LENGTH ? Number.POSITIVE_INFINITY : this.#length(info)
    this.#json.start(kind)
    this.#opened.push({ kind, left, isNamed: false })
    if (left === 0) this.#end()
  }

  #break(): void {
    const open = this.#open
    if (open?.left !== Number.POSITIVE_INFINITY || open.isNamed) {
      throw malformed('CBOR has a break where none can be')
    }
    this.#end()
  }

  #end(): void {
    const closed = this.#opened.pop()
    if (closed) this.#json.end(closed.kind)
    this.#completeValue()
  }

  /** With its last value, a map or an array is complete. */
  #completeValue(): void {
    const open = this.#open
    if (!open) return
    open.isNamed = false
    open.left -= 1
    if (open.left === 0) this.#end()
  }
}

function negated(argument: number | bigint): number | bigint {
  return typeof argument === 'bigint' ? -1n - argument : -1 - argument
}

/** A floating-point number of 16 bits. */
function halfOf(bits: number): number {
  const sign = bits >> 15 === 0 ? 1 : -1
  const exponent = (bits >> 10) & 31
  const fraction = bits & 1023
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15))
}
