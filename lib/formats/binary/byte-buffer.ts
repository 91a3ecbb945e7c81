const INITIAL_SIZE = 32 * 1024

/** Bytes that are written one after another and handed out in copies. */
export class ByteBuffer {
  #bytes = Buffer.allocUnsafe(INITIAL_SIZE)
  #length = 0

  get pending(): number {
    return this.#length
  }

  take(): Uint8Array {
    const bytes = Uint8Array.prototype.slice.call(this.#bytes, 0, this.#length)
    this.#length = 0
    return bytes
  }

  byte(value: number): void {
    this.#reserve(1)
    this.#bytes[this.#length++] = value
  }

  uint16(value: number): void {
    this.#reserve(2)
    this.#length = this.#bytes.writeUInt16BE(value, this.#length)
  }

  uint32(value: number): void {
    this.#reserve(4)
    this.#length = this.#bytes.writeUInt32BE(value, this.#length)
  }

  uint64(value: bigint): void {
    this.#reserve(8)
    this.#length = this.#bytes.writeBigUInt64BE(value, this.#length)
  }

  float32(value: number): void {
    this.#reserve(4)
    this.#length = this.#bytes.writeFloatBE(value, this.#length)
  }

  float64(value: number): void {
    this.#reserve(8)
    this.#length = this.#bytes.writeDoubleBE(value, this.#length)
  }

  bytes(values: Uint8Array): void {
    this.#reserve(values.length)
    this.#bytes.set(values, this.#length)
    this.#length += values.length
  }

  /** UTF-8. Surrogates that are not in pairs become U+FFFD. */
  text(value: string): void {
    // No character takes more than three bytes for each of its code units.
    this.#reserve(value.length * 3)
    this.#length += this.#bytes.write(value, this.#length)
  }

  #reserve(size: number): void {
    const needed = this.#length + size
    if (needed <= this.#bytes.length) return
    const larger = Buffer.allocUnsafe(Math.max(needed, this.#bytes.length * 2))
    this.#bytes.copy(larger, 0, 0, this.#length)
    this.#bytes = larger
  }
}

/** The fewest bytes that hold an integer in two's complement, the highest first: Java's `BigInteger.toByteArray`. */
export function integerBytes(value: bigint): Uint8Array {
  let size = 1
  while (BigInt.asIntN(size * 8, value) !== value) size++
  const hex = BigInt.asUintN(size * 8, value).toString(16)
  return Buffer.from(hex.padStart(size * 2, '0'), 'hex')
}
