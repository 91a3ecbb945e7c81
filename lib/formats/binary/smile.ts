import { documentWriter } from '../document/document'
import type { Container, TokenSink } from '../document/token-sink'
import { ByteBuffer, integerBytes } from './byte-buffer'

/** SMILE as Elasticsearch writes it. Written by hand, because the packages for SMILE only read it. */
export const smileWriter = documentWriter(() => new SmileSink())

/** Version 0 with shared names, without shared values, and raw binary allowed. */
const HEADER = Uint8Array.of(0x3a, 0x29, 0x0a, 0x05)

const EMPTY_STRING = 0x20
const NULL = 0x21
const FALSE = 0x22
const TRUE = 0x23
const INT32 = 0x24
const INT64 = 0x25
const BIG_INTEGER = 0x26
const FLOAT = 0x28
const DOUBLE = 0x29
const SMALL_INTEGER = 0xc0
const LONG_ASCII = 0xe0
const LONG_UNICODE = 0xe4
const START_ARRAY = 0xf8
const END_ARRAY = 0xf9
const START_OBJECT = 0xfa
const END_OBJECT = 0xfb
const END_OF_STRING = 0xfc

/** First bytes of strings of up to 64 or 65 bytes. The length is added. */
const SHORT_ASCII = 0x40 - 1
const SHORT_UNICODE = 0x80 - 2

/** In the place of a name. */
const LONG_NAME = 0x34
const LONG_REFERENCE = 0x30
const SHORT_REFERENCE = 0x40
const ASCII_NAME = 0x80 - 1
const UNICODE_NAME = 0xc0 - 2

const LONG_LIMIT = 1n << 63n

/** Below this magnitude, `zigzag` makes integers that a double has. */
const MAX_ZIGZAG = 2 ** 52

const BITS = new DataView(new ArrayBuffer(8))

export class SmileSink extends ByteBuffer implements TokenSink {
  readonly #names = new SmileNames()

  constructor() {
    super()
    this.bytes(HEADER)
  }

  start(kind: Container): void {
    this.byte(kind === 'object' ? START_OBJECT : START_ARRAY)
  }

  end(kind: Container): void {
    this.byte(kind === 'object' ? END_OBJECT : END_ARRAY)
  }

  key(name: string): boolean {
    const reference = this.#names.referenceTo(name)
    if (name === '') this.byte(EMPTY_STRING)
    else if (reference === undefined) this.#newName(name)
    else if (reference < 64) this.byte(SHORT_REFERENCE + reference)
    else this.uint16((LONG_REFERENCE << 8) + reference)
    return true
  }

  string(value: string): void {
    const size = this.textAhead(value, 1)
    // As many bytes as characters: all of them are ASCII.
    const isAscii = size === value.length
    if (size === 0) this.byte(EMPTY_STRING)
    else if (isAscii) this.#head(size <= 64 ? SHORT_ASCII + size : LONG_ASCII, size, size > 64)
    else this.#head(size <= 65 ? SHORT_UNICODE + size : LONG_UNICODE, size, size > 65)
  }

  integer(value: number | bigint): void {
    if (value >= -16 && value <= 15) {
      this.byte(SMALL_INTEGER + zigzag(Number(value)))
    } else if (value >= -0x8000_0000 && value <= 0x7fff_ffff) {
      this.byte(INT32)
      this.#variableLength(zigzag(Number(value)))
    } else if (value > -MAX_ZIGZAG && value < MAX_ZIGZAG) {
      this.byte(INT64)
      this.#variableLength(zigzag(Number(value)))
    } else {
      this.#bigInteger(BigInt(value))
    }
  }

  float(value: number): void {
    this.byte(FLOAT)
    BITS.setFloat32(0, value)
    this.#sevenBits(BITS.getUint32(0), 28)
  }

  double(value: number): void {
    this.byte(DOUBLE)
    BITS.setFloat64(0, value)
    const high = BITS.getUint32(0)
    const low = BITS.getUint32(4)
    this.#sevenBits(high, 31)
    this.byte(((high << 4) | (low >>> 28)) & 0x7f)
    this.#sevenBits(low, 21)
  }

  boolean(value: boolean): void {
    this.byte(value ? TRUE : FALSE)
  }

  null(): void {
    this.byte(NULL)
  }

  #newName(name: string): void {
    const size = this.textAhead(name, 1)
    const isAscii = size === name.length
    const isLong = size > (isAscii ? 64 : 57)
    this.#names.add(name, isLong)
    if (isLong) this.#head(LONG_NAME, size, true)
    else this.#head((isAscii ? ASCII_NAME : UNICODE_NAME) + size, size, false)
  }

  /** Completes a text that is written ahead. */
  #head(firstByte: number, size: number, isLong: boolean): void {
    this.byte(firstByte)
    this.skip(size)
    if (isLong) this.byte(END_OF_STRING)
  }

  #bigInteger(value: bigint): void {
    if (value >= -LONG_LIMIT && value < LONG_LIMIT) {
      this.byte(INT64)
      const zigzagged = value < 0n ? -2n * value - 1n : 2n * value
      // In two steps, none of which has more bits than a double: 37 bits, and 27 bits below them.
      this.#groups(Number(zigzagged >> 27n))
      const low = Number(zigzagged & 0x7ff_ffffn)
      this.#sevenBits(low >>> 6, 14)
      this.byte(0x80 | (low & 0x3f))
    } else {
      this.byte(BIG_INTEGER)
      this.#sevenBitBytes(integerBytes(value))
    }
  }

  /** Groups of seven bits, the highest first. The last byte has six, and the highest bit set. */
  #variableLength(value: number): void {
    const rest = Math.floor(value / 64)
    if (rest > 0) this.#groups(rest)
    this.byte(0x80 | (value - rest * 64))
  }

  #groups(value: number): void {
    const rest = Math.floor(value / 128)
    if (rest > 0) this.#groups(rest)
    this.byte(value - rest * 128)
  }

  /** Groups of seven bits down to the lowest, the first of which begins at this bit. */
  #sevenBits(bits: number, firstShift: number): void {
    for (let shift = firstShift; shift >= 0; shift -= 7) this.byte((bits >>> shift) & 0x7f)
  }

  /** Bytes of seven bits each, without shifting what is left for the last one. */
  #sevenBitBytes(bytes: Uint8Array): void {
    this.#variableLength(bytes.length)
    let bits = 0
    let count = 0
    for (const byte of bytes) {
      bits = (bits << 8) | byte
      for (count += 8; count >= 7; count -= 7) this.byte((bits >> (count - 7)) & 0x7f)
    }
    if (count > 0) this.byte(bits & ((1 << count) - 1))
  }
}

/** Puts the sign into the lowest bit. */
function zigzag(value: number): number {
  return value < 0 ? -2 * value - 1 : 2 * value
}

/**
 * How many names a number can stand for. Readers number the names that they read, and not all of them do it in the
 * same way: all agree on the first names, as long as those are short and new.
 */
const MAX_REFERENCES = 254

/** Readers forget all names after this many, whether new or repeated. */
const MAX_NAMES = 1024

/** The names of a SMILE document that a number can stand for. */
class SmileNames {
  readonly #references = new Map<string, number>()
  #count = 0
  #isNumberedAlike = true

  referenceTo(name: string): number | undefined {
    return this.#references.get(name)
  }

  /** Counts a name that is written in full. Not all readers number the names that are written as `isLong`. */
  add(name: string, isLong: boolean): void {
    if (isLong || this.#count === MAX_REFERENCES) this.#isNumberedAlike = false
    if (this.#isNumberedAlike) this.#references.set(name, this.#count)
    this.#count++
    if (this.#count === MAX_NAMES) this.#references.clear()
  }
}
