import type { QueryError } from '../../core/errors'
import type { Work } from '../../core/turns'
import type { Container } from '../../formats/document/token-sink'
import { ByteSource, textOf } from './byte-source'
import { assertShortInteger, bigIntegerOf, JsonText, malformed } from './json-text'

/**
 * A body in SMILE as JSON text. Read by hand: `smile-js` keeps the last of two fields of one name, takes texts that are cut off,
 * sets prototypes, and cannot pause.
 */
export function smileToJson(bytes: Buffer, maxLength = Number.POSITIVE_INFINITY): Work<string> {
  return new SmileReader(bytes, new JsonText(maxLength)).read()
}

const HEADER = Buffer.from(':)\n')

/** Flags in the fourth byte. Above them stands the version. */
const SHARES_NAMES = 1
const SHARES_VALUES = 2

const EMPTY_TEXT = 0x20
const NULL = 0x21
const FALSE = 0x22
const TRUE = 0x23
const INT32 = 0x24
const INT64 = 0x25
const BIG_INTEGER = 0x26
const FLOAT = 0x28
const DOUBLE = 0x29
const BIG_DECIMAL = 0x2a
const SHORT_TEXT = 0x40
const SHORT_UNICODE = 0x80
const SMALL_INTEGER = 0xc0
const LONG_ASCII = 0xe0
const LONG_UNICODE = 0xe4
const LONG_REFERENCE = 0xec
const START_ARRAY = 0xf8
const END_ARRAY = 0xf9
const START_OBJECT = 0xfa
const END_OBJECT = 0xfb
const END_OF_TEXT = 0xfc
const END_OF_CONTENT = 0xff

/** In the place of a name. */
const LONG_NAME_REFERENCE = 0x30
const LONG_NAME = 0x34
const NAME_REFERENCE = 0x40
const ASCII_NAME = 0x80
const UNICODE_NAME = 0xc0
const LAST_NAME = 0xf7

class SmileReader {
  readonly #source: ByteSource
  readonly #json: JsonText
  readonly #opened: Container[] = []
  /** The name of a field has been read, and its value has not. */
  #isNamed = false
  #names = new SharedTexts(false)
  #values = new SharedTexts(false)

  constructor(bytes: Buffer, json: JsonText) {
    this.#json = json
    this.#source = new ByteSource(bytes)
  }

  *read(): Work<string> {
    this.#readHeader()
    do {
      this.#readToken(this.#source.byte())
      if (!this.#source.isPauseDue) continue
      this.#json.compact()
      yield
    } while (this.#opened.length > 0)
    if (!this.#source.isAtEnd && this.#source.byte() !== END_OF_CONTENT) throw trailing()
    if (!this.#source.isAtEnd) throw trailing()
    return this.#json.take()
  }

  #readHeader(): void {
    const isSmile = this.#source.take(HEADER.length).equals(HEADER)
    const flags = this.#source.byte()
    if (!isSmile || flags >> 4 !== 0) throw malformed('SMILE begins with another header')
    this.#names = new SharedTexts((flags & SHARES_NAMES) !== 0)
    this.#values = new SharedTexts((flags & SHARES_VALUES) !== 0)
  }

  #readToken(token: number): void {
    const open = this.#opened.at(-1)
    if (open === 'object' && !this.#isNamed) {
      this.#readName(token)
      return
    }
    this.#isNamed = false
    if (token === END_ARRAY && open === 'array') this.#end()
    else if (token === START_ARRAY) this.#begin('array')
    else if (token === START_OBJECT) this.#begin('object')
    else if (token > EMPTY_TEXT && token < SHORT_TEXT) this.#readLiteral(token)
    else if (token >= SMALL_INTEGER && token < LONG_ASCII) this.#json.integer(smallInteger(token & 31))
    else this.#json.string(this.#text(token))
  }

  #readName(token: number): void {
    this.#isNamed = token !== END_OBJECT
    if (this.#isNamed) this.#json.key(this.#name(token))
    else this.#end()
  }

  #readLiteral(token: number): void {
    if (token === INT32 || token === INT64) this.#json.integer(unzigzag(this.#variableLength()))
    else if (token === BIG_INTEGER) this.#json.integer(this.#bigInteger())
    else if (token === FLOAT) this.#json.double(this.#sevenBits(4, 5).readFloatBE())
    else if (token === DOUBLE) this.#json.double(this.#sevenBits(8, 10).readDoubleBE())
    else if (token === BIG_DECIMAL) this.#json.double(this.#bigDecimal())
    else if (token === NULL) this.#json.null()
    else if (token === FALSE || token === TRUE) this.#json.boolean(token === TRUE)
    else throw unknownToken(token)
  }

  #text(token: number): string {
    if (token === EMPTY_TEXT) return ''
    if (token > 0 && token < EMPTY_TEXT) return this.#values.get(token - 1)
    if (token >= SHORT_TEXT && token < SHORT_UNICODE) return this.#newValue(token - SHORT_TEXT + 1)
    if (token >= SHORT_UNICODE && token < SMALL_INTEGER) return this.#newValue(token - SHORT_UNICODE + 2)
    if (token === LONG_ASCII || token === LONG_UNICODE) return textOf(this.#source.takeUntil(END_OF_TEXT))
    if (token >= LONG_REFERENCE && token < LONG_REFERENCE + 4) return this.#values.get(this.#longIndex(token))
    throw unknownToken(token)
  }

  #name(token: number): string {
    if (token === EMPTY_TEXT) return ''
    if (token >= LONG_NAME_REFERENCE && token < LONG_NAME) return this.#names.get(this.#longIndex(token))
    if (token >= NAME_REFERENCE && token < ASCII_NAME) return this.#names.get(token - NAME_REFERENCE)
    if (token === LONG_NAME) return this.#names.add(textOf(this.#source.takeUntil(END_OF_TEXT)))
    if (token >= ASCII_NAME && token < UNICODE_NAME) return this.#newName(token - ASCII_NAME + 1)
    if (token >= UNICODE_NAME && token <= LAST_NAME) return this.#newName(token - UNICODE_NAME + 2)
    throw unknownToken(token)
  }

  #newValue(length: number): string {
    return this.#values.add(textOf(this.#source.take(length)))
  }

  #newName(length: number): string {
    return this.#names.add(textOf(this.#source.take(length)))
  }

  #longIndex(token: number): number {
    return ((token & 3) << 8) | this.#source.byte()
  }

  #begin(kind: Container): void {
    this.#json.start(kind)
    this.#opened.push(kind)
  }

  #end(): void {
    const kind = this.#opened.pop()
    if (kind) this.#json.end(kind)
  }

  /** Groups of seven bits, the highest first. The last byte has six, and the highest bit set. */
  #variableLength(): bigint {
    let value = 0n
    for (let count = 0; count < 10; count += 1) {
      const byte = this.#source.byte()
      if (byte >= 0x80) return (value << 6n) | BigInt(byte & 0x3f)
      value = (value << 7n) | BigInt(byte)
    }
    throw malformed('SMILE has a number of more than 64 bits')
  }

  /** A number in its two's complement. */
  #bigInteger(): bigint {
    const length = Number(this.#variableLength())
    assertShortInteger(length)
    const count = Math.ceil((length * 8) / 7)
    // The last group is not filled up.
    const bytes = unpacked(this.#source.take(count), length, length * 8 - (count - 1) * 7)
    return BigInt.asIntN(length * 8, bigIntegerOf(bytes))
  }

  #bigDecimal(): number {
    const scale = unzigzag(this.#variableLength())
    return Number(`${this.#bigInteger()}e${-scale}`)
  }

  #sevenBits(length: number, count: number): Buffer {
    return unpacked(this.#source.take(count), length, 7)
  }
}

/** Bytes from groups of seven bits. `lastBits`: how many the last group has. */
function unpacked(groups: Buffer, length: number, lastBits: number): Buffer {
  const bytes = Buffer.alloc(length)
  let bits = 0
  // The first group may begin with bits that stand for nothing.
  let count = length * 8 - ((groups.length - 1) * 7 + lastBits)
  let at = 0
  for (const [index, group] of groups.entries()) {
    if (group >= 0x80) throw malformed('SMILE has a number with a byte of eight bits')
    const width = index === groups.length - 1 ? lastBits : 7
    bits = ((bits << width) | (group & ((1 << width) - 1))) & 0xffff
    count += width
    if (count < 8) continue
    count -= 8
    bytes[at] = bits >> count
    at += 1
  }
  return bytes
}

function unzigzag(bits: bigint): bigint {
  return (bits & 1n) === 0n ? bits >> 1n : -(bits >> 1n) - 1n
}

function smallInteger(bits: number): number {
  return (bits & 1) === 0 ? bits >> 1 : -(bits >> 1) - 1
}

/** After so many, a writer begins to count anew. */
const MAX_SHARED = 1_024

/** The short texts of a body, which later ones refer to by number. */
class SharedTexts {
  readonly #isOn: boolean
  #texts: string[] = []

  constructor(isOn: boolean) {
    this.#isOn = isOn
  }

  add(text: string): string {
    if (!this.#isOn) return text
    if (this.#texts.length === MAX_SHARED) this.#texts = []
    this.#texts.push(text)
    return text
  }

  get(index: number): string {
    const text = this.#texts[index]
    if (text === undefined) throw malformed(`SMILE refers to a text [${index}] that it does not have`)
    return text
  }
}

function unknownToken(token: number): QueryError {
  return malformed(`SMILE has a token [0x${token.toString(16)}] in a wrong place`)
}

function trailing(): QueryError {
  return malformed('SMILE has content behind its value')
}
