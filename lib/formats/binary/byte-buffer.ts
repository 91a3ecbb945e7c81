const INITIAL_SIZE = 32 * 1024

/** Up to this many characters, a loop is faster than a call of Node.js. */
const SHORT_TEXT = 16

/** Bytes that are written one after another and handed out in copies. */
export class ByteBuffer {
  #bytes = Buffer.allocUnsafeSlow(INITIAL_SIZE)
  #view = viewOf(this.#bytes)
  #length = 0

  get pending(): number {
    return this.#length
  }

  take(): Uint8Array {
    const bytes = new Uint8Array(this.#bytes.buffer.slice(0, this.#length))
    this.#length = 0
    return bytes
  }

  byte(value: number): void {
    this.#reserve(1)
    this.#bytes[this.#length++] = value
  }

  uint16(value: number): void {
    this.#view.setUint16(this.#next(2), value)
  }

  uint32(value: number): void {
    this.#view.setUint32(this.#next(4), value)
  }

  uint64(value: bigint): void {
    this.#view.setBigUint64(this.#next(8), value)
  }

  float32(value: number): void {
    this.#view.setFloat32(this.#next(4), value)
  }

  float64(value: number): void {
    this.#view.setFloat64(this.#next(8), value)
  }

  bytes(values: Uint8Array): void {
    this.#bytes.set(values, this.#next(values.length))
  }

  /**
   * Writes the UTF-8 of a text behind room for its head, and tells its size. The head comes next, and then `skip`.
   * Surrogates that are not in pairs become U+FFFD.
   */
  textAhead(value: string, room: number): number {
    const { length } = value
    // No character takes more than three bytes for each of its code units.
    this.#reserve(room + length * 3)
    const begin = this.#length + room
    if (length > SHORT_TEXT) return this.#bytes.write(value, begin)
    const bytes = this.#bytes
    for (let index = 0; index < length; index++) {
      const code = value.charCodeAt(index)
      if (code > 0x7f) return bytes.write(value, begin)
      bytes[begin + index] = code
    }
    return length
  }

  /** Goes behind what is written ahead. */
  skip(size: number): void {
    this.#length += size
  }

  /** Where to write the next bytes. */
  #next(size: number): number {
    this.#reserve(size)
    const begin = this.#length
    this.#length += size
    return begin
  }

  #reserve(size: number): void {
    const needed = this.#length + size
    if (needed > this.#bytes.length) this.#grow(needed)
  }

  #grow(needed: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#bytes.length * 2))
    this.#bytes.copy(larger, 0, 0, this.#length)
    this.#bytes = larger
    this.#view = viewOf(larger)
  }
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength)
}

/** The fewest bytes that hold an integer in two's complement, the highest first: Java's `BigInteger.toByteArray`. */
export function integerBytes(value: bigint): Uint8Array {
  let size = 1
  while (BigInt.asIntN(size * 8, value) !== value) size++
  const hex = BigInt.asUintN(size * 8, value).toString(16)
  return Buffer.from(hex.padStart(size * 2, '0'), 'hex')
}
