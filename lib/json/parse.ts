import type * as Jsonc from 'jsonc-parser'
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
import type { NodeSource } from './tree'
import { isContainer, JsonField, JsonNode, locationAt, MAX_FIELDS, UNKNOWN_LOCATION } from './tree'

export type { JsonField, JsonLocation, JsonNode, TokenName } from './tree'

/** Not by the main file of the package, which loads this one in a way that bundlers cannot follow. */
const { createScanner }: Pick<typeof Jsonc, 'createScanner'> = require('jsonc-parser/lib/umd/impl/scanner')

/** Elasticsearch's limit on nesting, which also keeps the parser's recursion within the stack. */
const MAX_DEPTH = 1_000

/** Elasticsearch's limit on digits, which also keeps big integers cheap to read and to print. */
const MAX_NUMBER_LENGTH = 1_000

/** The library's kinds of tokens. It declares them as a const enum, which a module that is compiled alone cannot read. */
const OPEN_BRACE = 1
const CLOSE_BRACE = 2
const OPEN_BRACKET = 3
const CLOSE_BRACKET = 4
const COMMA = 5
const COLON = 6
const NULL = 7
const TRUE = 8
const FALSE = 9
const STRING_LITERAL = 10
const NUMBER_LITERAL = 11
const LINE_COMMENT = 12
const BLANK = 15
const END = 17

/** The library's faults, likewise. All others are faults of strings. */
const NO_FAULT = 0
const OPEN_COMMENT = 1
const BROKEN_NUMBER = 3

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
  readonly #scanner: Jsonc.JSONScanner
  #kind: number = END
  #depth = 0

  constructor(text: string, hasPositions = true) {
    this.text = text
    this.hasPositions = hasPositions
    this.#scanner = createScanner(text)
  }

  parse(): JsonNode | undefined {
    if (this.#next() === END) return undefined
    const root = this.#node(true)
    if (this.#next() !== END) throw this.#refusal(trailingContent)
    return root
  }

  nodeAt(offset: number): JsonNode {
    this.#scanner.setPosition(offset)
    this.#next()
    return this.#node(true)
  }

  /** Reads a value, with the offsets of the items of an array, and with the fields of an object if `wantsFields`. */
  #node(wantsFields: boolean): JsonNode {
    const start = this.#scanner.getTokenOffset()
    const node = new JsonNode(this, start)
    if (this.#kind === OPEN_BRACE && wantsFields) {
      const fields: JsonField[] = []
      node.parsedFields = fields
      node.value = this.#object(fields)
    } else if (this.#kind === OPEN_BRACKET) {
      const offsets: number[] = []
      node.itemOffsets = offsets
      node.value = this.#array(offsets)
    } else {
      node.value = this.#value()
    }
    node.stop = isContainer(node.value) ? this.#scanner.getTokenOffset() : this.#scanner.getPosition()
    return node
  }

  #value(): Value {
    switch (this.#kind) {
      case OPEN_BRACE:
        return this.#object()
      case OPEN_BRACKET:
        return this.#array()
      case STRING_LITERAL:
        return this.#scanner.getTokenValue()
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
      if (this.#kind !== CLOSE_BRACE) throw this.#refusal(noSeparator, 'Object')
    }
    this.#depth -= 1
    return object
  }

  /** Reads a field. Returns whether another one follows. */
  #field(object: Record<string, Value>, fields?: JsonField[]): boolean {
    if (this.#kind !== STRING_LITERAL) {
      throw this.#refusal(unexpectedCharacter, 'was expecting double-quote to start field name')
    }
    const start = this.#scanner.getTokenOffset()
    const name = this.#scanner.getTokenValue()
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
    let array: Value[] = []
    if (this.#next() !== CLOSE_BRACKET) {
      offsets?.push(this.#scanner.getTokenOffset())
      // A push to an empty array makes room for seventeen items, and a body can have a hundred thousand short arrays.
      array = [this.#value()]
      while (this.#next() === COMMA) {
        this.#next()
        offsets?.push(this.#scanner.getTokenOffset())
        array.push(this.#value())
      }
      if (this.#kind !== CLOSE_BRACKET) throw this.#refusal(noSeparator, 'Array')
    }
    this.#depth -= 1
    return array
  }

  #open(): void {
    this.#depth += 1
    if (this.#depth > MAX_DEPTH) throw this.#refusal(() => nestedTooDeep(MAX_DEPTH))
  }

  #number(): number | bigint {
    const literal = this.#scanner.getTokenValue()
    const end = this.#scanner.getPosition()
    if (literal.length <= 2 && Number(literal) === 0 && isDigit(this.text.charCodeAt(end))) {
      throw malformedJson(locationAt(this, end), 'Invalid numeric value: Leading zeroes not allowed')
    }
    if (literal.length > MAX_NUMBER_LENGTH) {
      const digits = literal.replace(/\D/g, '').length
      if (digits > MAX_NUMBER_LENGTH) throw this.#refusal(() => numberTooLong(digits, MAX_NUMBER_LENGTH))
    }
    return exactNumber(literal)
  }

  /** Goes to the next token that is neither blank nor comment, and returns its kind. */
  #next(): number {
    do this.#kind = this.#scanner.scan()
    while (this.#kind >= LINE_COMMENT && this.#kind <= BLANK && this.#scanner.getTokenError() === NO_FAULT)
    if (this.#scanner.getTokenError() !== NO_FAULT) throw this.#brokenToken()
    return this.#kind
  }

  #brokenToken(): QueryError {
    const fault: number = this.#scanner.getTokenError()
    const end = this.#scanner.getPosition()
    const location = locationAt(this, this.#scanner.getTokenOffset())
    if (fault === OPEN_COMMENT || (fault <= BROKEN_NUMBER && end >= this.text.length)) {
      return endOfInput(location)
    }
    if (fault === BROKEN_NUMBER) return malformedJson(location, brokenNumber(this.text, end))
    return malformedJson(location, brokenString(this.text, this.#scanner.getTokenOffset()))
  }

  /** The error for a token that cannot stand where it stands. */
  #refusal<Rest extends unknown[]>(
    reason: (source: string, offset: number, ...rest: Rest) => string,
    ...rest: Rest
  ): QueryError {
    const offset = this.#scanner.getTokenOffset()
    const location = locationAt(this, offset)
    const isCutOff = this.#kind === END || (this.text[offset] === '-' && offset + 1 === this.text.length)
    return isCutOff ? endOfInput(location) : malformedJson(location, reason(this.text, offset, ...rest))
  }
}

/** Sets a field of any name. An assignment to `__proto__` would set the prototype. */
function setOwn(object: Record<string, Value>, name: string, value: Value): void {
  if (name !== '__proto__') object[name] = value
  else Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true })
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57
}
