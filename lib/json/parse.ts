import type { QueryError } from '../core/errors'
import type { Value } from '../core/result'
import {
  brokenNumber,
  brokenString,
  duplicateField,
  endOfInput,
  malformedJson,
  nestedTooDeep,
  noSeparator,
  noValue,
  numberTooLong,
  trailingContent,
  unexpectedCharacter,
} from './faults'
import {
  BROKEN_NUMBER,
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COLON,
  COMMA,
  END,
  FALSE,
  isDigit,
  NO_FAULT,
  NULL,
  NUMBER_LITERAL,
  OPEN_BRACE,
  OPEN_BRACKET,
  OPEN_COMMENT,
  STRING_LITERAL,
  Tokens,
  TRUE,
} from './tokens'
import type { NodeSource } from './tree'
import { isContainer, JsonField, JsonNode, locationAt, MAX_FIELDS, UNKNOWN_LOCATION } from './tree'

export type { JsonField, JsonLocation, JsonNode, TokenName } from './tree'

/** Elasticsearch's limit on nesting, which also keeps the parser's recursion within the stack. */
const MAX_DEPTH = 1_000

/** Elasticsearch's limit on digits, which also keeps big integers cheap to read and to print. */
const MAX_NUMBER_LENGTH = 1_000

/**
 * Parses the JSON text of a request body. Comments are tolerated, as Elasticsearch does; duplicate names are
 * not.
 *
 * Reads tokens with the scanner of jsonc-parser, which knows positions and keeps number literals: `JSON.parse` loses
 * integers beyond 2^53 and does not know lines and columns, and the library's own parser does not say what it expected.
 *
 * Throws `x_content_parse_exception` or, where the text ends too early, `x_content_e_o_f_exception`.
 */
export function parseJson(text: string): JsonNode | undefined {
  return new Parser(text).parse()
}

/** The same tree for a body that the host application has already parsed. Positions are unknown then. */
export function locate(value: unknown): JsonNode {
  return new Parser(exactJson(value), false).nodeAt(0)
}

/** Like `JSON.stringify`, but writes a bigint as the integer that it is. Throws for a value that is nested too deep. */
export function exactJson(value: unknown, depth = 0): string {
  if (typeof value === 'bigint') return String(value)
  if (typeof value !== 'object' || value === null || value instanceof Date) {
    return JSON.stringify(value) ?? 'null'
  }
  if (depth >= MAX_DEPTH) throw malformedJson(UNKNOWN_LOCATION, nestedTooDeep(MAX_DEPTH))
  if (Array.isArray(value)) return `[${value.map((item) => exactJson(item, depth + 1)).join(',')}]`
  const fields = Object.entries(value).filter(([, inner]) => inner !== undefined)
  return `{${fields.map(([name, inner]) => `${JSON.stringify(name)}:${exactJson(inner, depth + 1)}`).join(',')}}`
}

function exactNumber(literal: string): number | bigint {
  const number = Number(literal)
  return Number.isSafeInteger(number) || !/^-?\d+$/.test(literal) ? number : BigInt(literal)
}

/** Reads values. Each method starts at the first token of what it reads and ends at the last. */
class Parser implements NodeSource {
  readonly text: string
  readonly hasPositions: boolean
  readonly #tokens: Tokens
  /** The items of the arrays that are being read, so that an array is made with just the room that it needs. */
  readonly #items: Value[] = []
  #itemCount = 0
  #depth = 0

  constructor(text: string, hasPositions = true) {
    this.text = text
    this.hasPositions = hasPositions
    this.#tokens = new Tokens(text)
  }

  parse(): JsonNode | undefined {
    if (this.#next() === END) return undefined
    const root = this.#node(true)
    if (this.#next() !== END) throw this.#refusal(trailingContent)
    return root
  }

  nodeAt(offset: number): JsonNode {
    this.#tokens.end = offset
    this.#next()
    return this.#node(true)
  }

  /** Reads a value. If it `isWanted` itself, and not just as a part, also the fields of an object and the offsets of items. */
  #node(isWanted: boolean): JsonNode {
    const start = this.#tokens.start
    const node = new JsonNode(this, start)
    if (this.#tokens.kind === OPEN_BRACE && isWanted) {
      const fields: JsonField[] = []
      node.parsedFields = fields
      node.value = this.#object(fields)
    } else if (this.#tokens.kind === OPEN_BRACKET && isWanted) {
      const offsets: number[] = []
      node.itemOffsets = offsets
      node.value = this.#array(offsets)
    } else {
      node.value = this.#value()
    }
    node.stop = isContainer(node.value) ? this.#tokens.start : this.#tokens.end
    return node
  }

  #value(): Value {
    switch (this.#tokens.kind) {
      case OPEN_BRACE:
        return this.#object()
      case OPEN_BRACKET:
        return this.#array()
      case STRING_LITERAL:
        return this.#tokens.content
      case NUMBER_LITERAL:
        return this.#number()
      case TRUE:
        return true
      case FALSE:
        return false
      case NULL:
        return null
      default:
        throw this.#refusal(noValue)
    }
  }

  #object(fields?: JsonField[]): Value {
    this.#open()
    const object: Record<string, Value> = {}
    if (this.#next() !== CLOSE_BRACE) {
      while (this.#field(object, fields)) this.#next()
      if (this.#tokens.kind !== CLOSE_BRACE) throw this.#refusal(noSeparator, 'Object')
    }
    this.#depth -= 1
    return object
  }

  /** Reads a field. Returns whether another one follows. */
  #field(object: Record<string, Value>, fields?: JsonField[]): boolean {
    if (this.#tokens.kind !== STRING_LITERAL) {
      throw this.#refusal(unexpectedCharacter, 'was expecting double-quote to start field name')
    }
    const start = this.#tokens.start
    const name = this.#tokens.content
    if (Object.hasOwn(object, name)) throw this.#refusal(() => duplicateField(name))
    if (this.#next() !== COLON) {
      throw this.#refusal(unexpectedCharacter, 'was expecting a colon to separate field name and value')
    }
    this.#next()
    const node = fields && fields.length < MAX_FIELDS ? this.#node(false) : undefined
    if (node) fields?.push(new JsonField(name, start, node))
    setOwn(object, name, node ? node.value : this.#value())
    return this.#next() === COMMA
  }

  #array(offsets?: number[]): Value {
    this.#open()
    const from = this.#itemCount
    if (this.#next() !== CLOSE_BRACKET) {
      this.#item(offsets)
      while (this.#next() === COMMA) {
        this.#next()
        this.#item(offsets)
      }
      if (this.#tokens.kind !== CLOSE_BRACKET) throw this.#refusal(noSeparator, 'Array')
    }
    this.#depth -= 1
    const array = this.#items.slice(from, this.#itemCount)
    this.#itemCount = from
    return array
  }

  #item(offsets: number[] | undefined): void {
    offsets?.push(this.#tokens.start)
    const value = this.#value()
    this.#items[this.#itemCount] = value
    this.#itemCount += 1
  }

  #open(): void {
    this.#depth += 1
    if (this.#depth > MAX_DEPTH) throw this.#refusal(() => nestedTooDeep(MAX_DEPTH))
  }

  #number(): number | bigint {
    const { integer, start, end } = this.#tokens
    if (integer >= 0) return integer
    const literal = this.text.slice(start, end)
    if (literal.length <= 2 && Number(literal) === 0 && isDigit(this.text.charCodeAt(end))) {
      throw malformedJson(locationAt(this, end), 'Invalid numeric value: Leading zeroes not allowed')
    }
    if (literal.length > MAX_NUMBER_LENGTH) {
      const digits = literal.replace(/\D/g, '').length
      if (digits > MAX_NUMBER_LENGTH) throw this.#refusal(() => numberTooLong(digits, MAX_NUMBER_LENGTH))
    }
    return exactNumber(literal)
  }

  #next(): number {
    const kind = this.#tokens.next()
    if (this.#tokens.fault !== NO_FAULT) throw this.#brokenToken()
    return kind
  }

  #brokenToken(): QueryError {
    const { fault, start, end } = this.#tokens
    const location = locationAt(this, start)
    if (fault === OPEN_COMMENT || (fault <= BROKEN_NUMBER && end >= this.text.length)) {
      return endOfInput(location)
    }
    if (fault === BROKEN_NUMBER) return malformedJson(location, brokenNumber(this.text, end))
    return malformedJson(location, brokenString(this.text, start))
  }

  /** The error for a token that cannot stand where it stands. */
  #refusal<Rest extends unknown[]>(
    reason: (source: string, offset: number, ...rest: Rest) => string,
    ...rest: Rest
  ): QueryError {
    const offset = this.#tokens.start
    const location = locationAt(this, offset)
    const isCutOff =
      this.#tokens.kind === END || (this.text[offset] === '-' && offset + 1 === this.text.length)
    return isCutOff ? endOfInput(location) : malformedJson(location, reason(this.text, offset, ...rest))
  }
}

/** Sets a field of any name. An assignment to `__proto__` would set the prototype. */
function setOwn(object: Record<string, Value>, name: string, value: Value): void {
  if (name !== '__proto__') object[name] = value
  else Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true })
}
