import type * as Arrow from 'apache-arrow'
import type { Data, DataType } from 'apache-arrow'

export type ArrowModule = typeof Arrow

// Written by hand, because the builders of the library take several times as long: they make an array of each text, and
// remember each value until a batch is full.

/**
 * Collects the values of a column in the memory that Arrow has for them. Uses it again for the next batch, so what `take`
 * gives is right until the next value comes.
 */
export abstract class ArrowVector<T = unknown> {
  readonly #arrow: ArrowModule
  readonly #type: DataType
  readonly #valid = new Bits()
  #length = 0
  #nulls = 0

  constructor(arrow: ArrowModule, type: DataType) {
    this.#arrow = arrow
    this.#type = type
  }

  /** Returns about how many bytes the value takes. */
  append(value: T | null): number {
    const at = this.#length++
    this.#valid.set(at, value !== null)
    if (value === null) this.#nulls++
    return this.put(at, value)
  }

  take(): Data {
    const length = this.#length
    const nulls = this.#nulls
    this.#length = this.#nulls = 0
    const { OFFSET, DATA, VALIDITY } = this.#arrow.BufferType
    const { offsets, data, children } = this.taken(length)
    const buffers = {
      ...(offsets && { [OFFSET]: offsets }),
      ...(data && { [DATA]: data }),
      ...(nulls > 0 && { [VALIDITY]: this.#valid.bytes(length) }),
    }
    return new this.#arrow.Data(
      this.#type,
      0,
      length,
      nulls,
      buffers,
      children?.map((child) => child.take()),
    )
  }

  protected abstract put(at: number, value: T | null): number

  protected abstract taken(length: number): Parts
}

interface Parts {
  offsets?: Int32Array
  data?: TypedArray
  children?: readonly ArrowVector[]
}

type TypedArray = Uint8Array | Int32Array | Float64Array | BigInt64Array | BigUint64Array

/** Values of one size. What stands in the place of null is zero. */
export class FixedVector<Element extends number | bigint> extends ArrowVector<Element> {
  #elements: { [at: number]: Element } & TypedArray
  readonly #zero: Element

  constructor(arrow: ArrowModule, type: DataType, zero: Element) {
    super(arrow, type)
    this.#elements = new type.ArrayType(64)
    this.#zero = zero
  }

  protected override put(at: number, value: Element | null): number {
    if (at === this.#elements.length) this.#elements = larger(this.#elements, at + 1)
    this.#elements[at] = value ?? this.#zero
    return 8
  }

  protected override taken(length: number): Parts {
    return { data: this.#elements.subarray(0, length) }
  }
}

export class BooleanVector extends ArrowVector<boolean> {
  readonly #bits = new Bits()

  protected override put(at: number, value: boolean | null): number {
    this.#bits.set(at, value === true)
    return 8
  }

  protected override taken(length: number): Parts {
    return { data: this.#bits.bytes(length) }
  }
}

/** A column without any values. */
export class NullVector extends ArrowVector<never> {
  protected override put(): number {
    return 8
  }

  protected override taken(): Parts {
    return {}
  }
}

/** Texts, and bytes. */
export class BytesVector extends ArrowVector<string | Uint8Array> {
  readonly #offsets = new Offsets()
  #bytes = Buffer.allocUnsafeSlow(4096)

  protected override put(at: number, value: string | Uint8Array | null): number {
    this.#offsets.add(at, value === null ? 0 : this.#write(value, this.#offsets.end(at)))
    return value === null ? 8 : value.length + 4
  }

  protected override taken(length: number): Parts {
    return { offsets: this.#offsets.upTo(length), data: this.#bytes.subarray(0, this.#offsets.end(length)) }
  }

  #write(value: string | Uint8Array, begin: number): number {
    // No character takes more than three bytes for each of its code units.
    const room = typeof value === 'string' ? value.length * 3 : value.length
    if (begin + room > this.#bytes.length) this.#grow(begin, begin + room)
    if (typeof value === 'string') return this.#bytes.write(value, begin)
    this.#bytes.set(value, begin)
    return value.length
  }

  #grow(used: number, needed: number): void {
    const bytes = Buffer.allocUnsafeSlow(Math.max(needed, this.#bytes.length * 2))
    this.#bytes.copy(bytes, 0, 0, used)
    this.#bytes = bytes
  }
}

/** Several values in each place. */
export class ListVector<T> extends ArrowVector<readonly T[]> {
  readonly #offsets = new Offsets()
  readonly #items: ArrowVector<T>

  constructor(arrow: ArrowModule, type: DataType, items: ArrowVector<T>) {
    super(arrow, type)
    this.#items = items
  }

  protected override put(at: number, values: readonly T[] | null): number {
    if (values === null) {
      this.#offsets.add(at, 0)
      return 8
    }
    let size = 4
    for (const value of values) size += this.#items.append(value)
    this.#offsets.add(at, values.length)
    return size
  }

  protected override taken(length: number): Parts {
    return { offsets: this.#offsets.upTo(length), children: [this.#items] }
  }
}

/** A value for each of the fields in each place. */
export class StructVector<T> extends ArrowVector<readonly (T | null)[]> {
  readonly #fields: readonly ArrowVector<T>[]

  constructor(arrow: ArrowModule, type: DataType, fields: readonly ArrowVector<T>[]) {
    super(arrow, type)
    this.#fields = fields
  }

  protected override put(_: number, values: readonly (T | null)[] | null): number {
    for (const [index, field] of this.#fields.entries()) field.append(values?.[index] ?? null)
    return 8
  }

  protected override taken(): Parts {
    return { children: this.#fields }
  }
}

/** One bit for each place, in bytes that the library writes as they are. */
class Bits {
  #bytes = new Uint8Array(64)

  set(at: number, isSet: boolean): void {
    const byte = at >> 3
    if (byte === this.#bytes.length) this.#bytes = larger(this.#bytes, byte + 1)
    if ((at & 7) === 0) this.#bytes[byte] = 0
    if (isSet) this.#bytes[byte] = (this.#bytes[byte] ?? 0) | (1 << (at & 7))
  }

  /** As many bytes as are aligned. Those beyond the last bit are zero. */
  bytes(length: number): Uint8Array {
    const used = (length + 7) >> 3
    const aligned = Math.max(64, (used + 63) & ~63)
    if (aligned > this.#bytes.length) this.#bytes = larger(this.#bytes, aligned)
    return this.#bytes.fill(0, used, aligned).subarray(0, aligned)
  }
}

/** Where each place begins and ends. */
class Offsets {
  #ends = new Int32Array(64)

  /** Where the next place begins, after this many. */
  end(length: number): number {
    return this.#ends[length] ?? 0
  }

  add(at: number, size: number): void {
    if (at + 1 === this.#ends.length) this.#ends = larger(this.#ends, at + 2)
    this.#ends[at + 1] = this.end(at) + size
  }

  upTo(length: number): Int32Array {
    return this.#ends.subarray(0, length + 1)
  }
}

function larger<Elements extends TypedArray>(elements: Elements, needed: number): Elements {
  const TypedArray = elements.constructor as new (length: number) => Elements
  const copy = new TypedArray(Math.max(needed, elements.length * 2))
  // The two have the same type.
  copy.set(elements as never)
  return copy
}
