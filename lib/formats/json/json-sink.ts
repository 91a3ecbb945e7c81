import { doubleText, floatText, uncachedText } from '../cells/numbers'
import type { Container, Members, TokenSink } from '../document/token-sink'
import type { Chunk } from '../writer'

/** Writes JSON as Jackson does, compact or indented. */
export class JsonSink implements TokenSink {
  readonly #pretty: boolean
  /** What comes before the text. */
  #bytes: Uint8Array[] = []
  #byteCount = 0
  #text = ''
  #depth = 0
  /** The open object or array is empty so far. */
  #isFirst = true
  #isAfterKey = false

  constructor({ pretty = false } = {}) {
    this.#pretty = pretty
  }

  get pending(): number {
    return this.#byteCount + this.#text.length
  }

  take(): Chunk {
    const text = this.#text
    this.#text = ''
    if (this.#bytes.length === 0) return text
    const bytes = Buffer.concat([...this.#bytes, Buffer.from(text)])
    this.#bytes = []
    this.#byteCount = 0
    return bytes
  }

  start(kind: Container): void {
    this.raw(kind === 'object' ? '{' : '[')
    this.#depth++
    this.#isFirst = true
  }

  end(kind: Container): void {
    this.#depth--
    if (!this.#isFirst) this.#breakLine()
    else if (this.#pretty) this.#text += ' '
    this.#isFirst = false
    this.#text += kind === 'object' ? '}' : ']'
    if (this.#depth === 0 && this.#pretty) this.#text += '\n'
  }

  key(name: string): boolean {
    this.string(name)
    this.#text += this.#pretty ? ' : ' : ':'
    this.#isAfterKey = true
    return true
  }

  string(value: string): void {
    this.raw(jsonText(value))
  }

  integer(value: number | bigint): void {
    this.raw(uncachedText(value))
  }

  double(value: number): void {
    this.raw(jsonDouble(value))
  }

  float(value: number): void {
    this.raw(jsonFloat(value))
  }

  boolean(value: boolean): void {
    this.raw(value ? 'true' : 'false')
  }

  null(): void {
    this.raw('null')
  }

  /** Elasticsearch copies a document as it is spelled, unless it indents it. */
  json(text: string): boolean {
    if (!this.#pretty) this.raw(text)
    return !this.#pretty
  }

  /** `JSON.stringify` takes less time than the tokens. */
  members(members: Members): boolean {
    if (this.#pretty || !arePlain(members)) return false
    const json = jsonText(members)
    if (json.length > '{}'.length) this.raw(json.slice(1, -1))
    return true
  }

  /** Writes what is JSON already: a value, or several with commas between them. */
  raw(json: string): void {
    if (this.#isAfterKey) {
      this.#isAfterKey = false
    } else if (this.#depth > 0) {
      if (!this.#isFirst) this.#text += ','
      this.#breakLine()
    }
    this.#isFirst = false
    this.#text += json
  }

  /** Does the same as `raw` with UTF-8. */
  rawBytes(json: Uint8Array): void {
    this.raw('')
    this.#bytes.push(Buffer.from(this.#text), json)
    this.#byteCount += this.#text.length + json.length
    this.#text = ''
  }

  #breakLine(): void {
    if (this.#pretty) this.#text += `\n${'  '.repeat(this.#depth)}`
  }
}

/** Whether `JSON.stringify` writes members as the tokens do. */
function arePlain(members: Members): boolean {
  for (const name in members) if (!isPlain(members[name])) return false
  return true
}

/** The id of a store may be anything. */
function isPlain(value: Members[string]): boolean {
  switch (typeof value) {
    case 'number':
      return Number.isSafeInteger(value) && !Object.is(value, -0)
    case 'object':
      return Array.isArray(value)
    default:
      return typeof value !== 'bigint'
  }
}

/** Characters that JSON has as they are. */
const PLAIN = /^[ !#-[\]-~]*$/

/** Up to here, to look at each character takes less time than `JSON.stringify`. */
const SHORT_TEXT = 64

/**
 * The JSON of a string, or of an array or object of what `JSON.stringify` writes as Elasticsearch does. The two differ in
 * control characters, which Elasticsearch escapes in upper-case digits: `\u000B`.
 */
export function jsonText(value: string | readonly unknown[] | Members): string {
  if (typeof value === 'string' && value.length <= SHORT_TEXT && PLAIN.test(value)) return `"${value}"`
  const json = JSON.stringify(value)
  return json.includes('\\u00') ? json.replace(/\\(?:u00(..)|.)/g, upperCaseDigits) : json
}

function upperCaseDigits(sequence: string, digits: string | undefined): string {
  return digits === undefined ? sequence : `\\u00${digits.toUpperCase()}`
}

/** Puts `NaN` and infinities into quotes, since JSON has no such numbers. */
export function jsonDouble(value: number): string {
  return Number.isFinite(value) ? doubleText(value) : `"${value}"`
}

export function jsonFloat(value: number): string {
  return Number.isFinite(value) ? floatText(value) : `"${value}"`
}

/** Whether `JSON.stringify` writes a number in the digits of a Java double. It would write 3.0 as 3. */
export function isPlainDouble(value: number): boolean {
  const magnitude = Math.abs(value)
  return magnitude >= 1e-3 && magnitude < 1e7 && !Number.isInteger(value)
}
