import type { JSONVisitor, ParseErrorCode } from 'jsonc-parser'
import { printParseErrorCode, visit } from 'jsonc-parser'
import { QueryError } from '../errors'
import type { Value } from '../result'

/** Names of JSON tokens, as Elasticsearch prints them. */
export type TokenName =
  | 'START_OBJECT'
  | 'START_ARRAY'
  | 'VALUE_STRING'
  | 'VALUE_NUMBER'
  | 'VALUE_BOOLEAN'
  | 'VALUE_NULL'

/** `[LINE:COLUMN]`, both counted from 1. */
export type Location = string

/** A value of a JSON text that knows where it stands, because Elasticsearch's refusals tell. */
export interface JsonNode {
  token: TokenName
  location: Location
  /** Of an object or array: where it ends. */
  end: Location
  /** The text of a scalar, as Elasticsearch reads it where it wants text. */
  text: string
  /** The value in full. Integers that a number cannot hold are bigint. */
  value: Value
  /** Of an object. */
  fields: readonly JsonField[]
  /** Of an array. */
  items: readonly JsonNode[]
}

export interface JsonField {
  name: string
  location: Location
  node: JsonNode
}

/** Where a value stands that was parsed before it came to us, in Elasticsearch's words. */
const UNKNOWN_LOCATION = '[-1:-1]'

/** Elasticsearch's limit on nesting, which also keeps the parser's recursion within the stack. */
const MAX_DEPTH = 1_000

/**
 * Parses the JSON text of a request body. Comments are tolerated, as Elasticsearch does; duplicate names are
 * not.
 *
 * jsonc-parser, because it is a maintained parser that tells positions and leaves number literals readable:
 * `JSON.parse` loses integers beyond 2^53 and says nothing about lines and columns.
 *
 * Throws `x_content_parse_exception` or, where the text ends too early, `x_content_e_o_f_exception`.
 */
export function parseJson(text: string): JsonNode | undefined {
  const builder = new TreeBuilder()
  const at = (line: number, character: number): Location => `[${line + 1}:${character + 1}]`
  const visitor: JSONVisitor = {
    onObjectBegin: (_offset, _length, line, character) => builder.open('START_OBJECT', at(line, character)),
    onObjectProperty: (name, _offset, _length, line, character) => builder.name(name, at(line, character)),
    onObjectEnd: (_offset, _length, line, character) => builder.close(at(line, character)),
    onArrayBegin: (_offset, _length, line, character) => builder.open('START_ARRAY', at(line, character)),
    onArrayEnd: (_offset, _length, line, character) => builder.close(at(line, character)),
    onLiteralValue: (value, offset, length, line, character) =>
      builder.add(scalar(value, text.slice(offset, offset + length), at(line, character))),
    onError: (code, offset, _length, line, character) => {
      if (text.trim() === '') return
      throw endsTooEarly(code, text.slice(offset))
        ? endOfInput(at(line, character))
        : malformed(code, at(line, character))
    },
  }
  visit(text, visitor, { disallowComments: false, allowTrailingComma: false })
  return builder.root
}

/** The same tree for a body that the host application has already parsed. Positions are unknown then. */
export function locate(value: unknown, depth = 0): JsonNode {
  if (depth > MAX_DEPTH) throw tooDeep(UNKNOWN_LOCATION)
  if (typeof value !== 'object' || value === null) return scalar(value, String(value), UNKNOWN_LOCATION)
  const builder = new TreeBuilder()
  if (Array.isArray(value)) {
    builder.open('START_ARRAY', UNKNOWN_LOCATION)
    for (const item of value) builder.add(locate(item, depth + 1))
  } else {
    builder.open('START_OBJECT', UNKNOWN_LOCATION)
    for (const [name, item] of Object.entries(value)) {
      builder.name(name, UNKNOWN_LOCATION)
      builder.add(locate(item, depth + 1))
    }
  }
  builder.close(UNKNOWN_LOCATION)
  return builder.root as JsonNode
}

interface OpenNode {
  token: 'START_OBJECT' | 'START_ARRAY'
  location: Location
  fields: JsonField[]
  items: JsonNode[]
  names: Set<string>
  pending: { name: string; location: Location } | undefined
}

class TreeBuilder {
  root: JsonNode | undefined
  readonly #open: OpenNode[] = []

  open(token: OpenNode['token'], location: Location): void {
    if (this.#open.length >= MAX_DEPTH) throw tooDeep(location)
    this.#open.push({ token, location, fields: [], items: [], names: new Set(), pending: undefined })
  }

  name(name: string, location: Location): void {
    const parent = this.#open.at(-1)
    if (!parent) return
    if (parent.names.has(name)) throw parseFailure(location, `Duplicate field '${name}'`)
    parent.names.add(name)
    parent.pending = { name, location }
  }

  add(node: JsonNode): void {
    const parent = this.#open.at(-1)
    if (!parent) this.root = node
    else if (parent.token === 'START_ARRAY') parent.items.push(node)
    else if (parent.pending) parent.fields.push({ ...parent.pending, node })
  }

  close(end: Location): void {
    const closed = this.#open.pop()
    if (!closed) return
    const { token, location, fields, items } = closed
    const value: Value =
      token === 'START_ARRAY'
        ? items.map((item) => item.value)
        : Object.fromEntries(fields.map(({ name, node }) => [name, node.value]))
    this.add({ token, location, end, text: '', value, fields, items })
  }
}

const SCALAR_TOKENS: Readonly<Record<string, TokenName>> = {
  string: 'VALUE_STRING',
  number: 'VALUE_NUMBER',
  bigint: 'VALUE_NUMBER',
  boolean: 'VALUE_BOOLEAN',
}

function scalar(value: unknown, literal: string, location: Location): JsonNode {
  const token = SCALAR_TOKENS[typeof value] ?? 'VALUE_NULL'
  const exact = token === 'VALUE_NUMBER' ? exactNumber(literal) : (value ?? null)
  const text = token === 'VALUE_STRING' ? String(value) : literal
  return { token, location, end: location, text, value: exact as Value, fields: [], items: [] }
}

function exactNumber(literal: string): number | bigint {
  const number = Number(literal)
  return Number.isSafeInteger(number) || !/^-?\d+$/.test(literal) ? number : BigInt(literal)
}

function endsTooEarly(code: ParseErrorCode, rest: string): boolean {
  if (rest.trim() === '') return true
  const name = printParseErrorCode(code)
  // The library says the same of a line feed inside a string, which is a different fault.
  const isOpenString = name === 'UnexpectedEndOfString' && !rest.includes('\n')
  return isOpenString || name === 'UnexpectedEndOfComment'
}

function malformed(code: ParseErrorCode, location: Location): QueryError {
  // The library names its errors in one word: `PropertyNameExpected`.
  const words = printParseErrorCode(code).replace(/(?!^)[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
  return parseFailure(location, words)
}

function parseFailure(location: Location, reason: string): QueryError {
  return new QueryError('x_content_parse_exception', `${location} ${reason}`, {
    causedBy: { type: 'json_parse_exception', reason },
  })
}

function tooDeep(location: Location): QueryError {
  return parseFailure(
    location,
    `Document nesting depth (${MAX_DEPTH + 1}) exceeds the maximum allowed (${MAX_DEPTH})`,
  )
}

function endOfInput(location: Location): QueryError {
  const reason = 'Unexpected end-of-input'
  return new QueryError('x_content_e_o_f_exception', `${location} ${reason}`, {
    causedBy: { type: 'json_e_o_f_exception', reason },
  })
}
