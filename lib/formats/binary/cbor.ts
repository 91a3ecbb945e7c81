import { documentWriter } from '../document/document'
import type { Container, TokenSink } from '../document/token-sink'
import { ByteBuffer, integerBytes } from './byte-buffer'

/**
 * CBOR as Elasticsearch writes it. Written by hand, because `cbor-x` writes the double 3.0 as an integer, and the
 * length of an array before its elements.
 */
export const cborWriter = documentWriter(() => new CborSink())

/** Major types of RFC 8949, in their place in the first byte. */
const UNSIGNED = 0x00
const NEGATIVE = 0x20
const BYTES = 0x40
const TEXT = 0x60

const ARRAY_OF_ANY_LENGTH = 0x9f
const MAP_OF_ANY_LENGTH = 0xbf
const BIG_UNSIGNED = 0xc2
const BIG_NEGATIVE = 0xc3
const FALSE = 0xf4
const TRUE = 0xf5
const NULL = 0xf6
const FLOAT = 0xfa
const DOUBLE = 0xfb
const BREAK = 0xff

const TWO_TO_32 = 2 ** 32
const LONG_LIMIT = 1n << 63n

export class CborSink extends ByteBuffer implements TokenSink {
  start(kind: Container): void {
    this.byte(kind === 'object' ? MAP_OF_ANY_LENGTH : ARRAY_OF_ANY_LENGTH)
  }

  end(): void {
    this.byte(BREAK)
  }

  key(name: string): boolean {
    this.string(name)
    return true
  }

  string(value: string): void {
    const room = headSize(value.length)
    const size = this.textAhead(value, room)
    this.#head(TEXT, size)
    // More bytes than characters may need a longer head.
    if (headSize(size) !== room) this.textAhead(value, 0)
    this.skip(size)
  }

  integer(value: number | bigint): void {
    if (typeof value === 'bigint') this.#bigInteger(value)
    else if (value < 0) this.#head(NEGATIVE, -1 - value)
    else this.#head(UNSIGNED, value)
  }

  double(value: number): void {
    this.byte(DOUBLE)
    this.float64(value)
  }

  float(value: number): void {
    this.byte(FLOAT)
    this.float32(value)
  }

  boolean(value: boolean): void {
    this.byte(value ? TRUE : FALSE)
  }

  null(): void {
    this.byte(NULL)
  }

  /** What does not fit a Java `long` is tagged as a big integer, although CBOR has room for one more bit. */
  #bigInteger(value: bigint): void {
    const isNegative = value < 0n
    const magnitude = isNegative ? -1n - value : value
    if (magnitude <= Number.MAX_SAFE_INTEGER) {
      this.#head(isNegative ? NEGATIVE : UNSIGNED, Number(magnitude))
    } else if (magnitude < LONG_LIMIT) {
      this.byte((isNegative ? NEGATIVE : UNSIGNED) | 27)
      this.uint64(magnitude)
    } else {
      const bytes = integerBytes(magnitude)
      this.byte(isNegative ? BIG_NEGATIVE : BIG_UNSIGNED)
      this.#head(BYTES, bytes.length)
      this.bytes(bytes)
    }
  }

  /** The argument is at most 2^53. */
  #head(major: number, argument: number): void {
    if (argument < 24) {
      this.byte(major | argument)
    } else if (argument < 0x100) {
      this.byte(major | 24)
      this.byte(argument)
    } else if (argument < 0x10000) {
      this.byte(major | 25)
      this.uint16(argument)
    } else if (argument < TWO_TO_32) {
      this.byte(major | 26)
      this.uint32(argument)
    } else {
      this.byte(major | 27)
      this.uint32(Math.floor(argument / TWO_TO_32))
      this.uint32(argument % TWO_TO_32)
    }
  }
}

function headSize(argument: number): number {
  if (argument < 24) return 1
  if (argument < 0x100) return 2
  return argument < 0x10000 ? 3 : 5
}
