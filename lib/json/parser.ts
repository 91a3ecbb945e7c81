import type { QueryError } from '../core/errors'
import type { Value } from '../core/result'
import type { Work } from '../core/turns'
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
  tooMany,
  trailingContent,
  unexpectedCharacter,
} from './faults'
import type { Kept } from './kept-text'
import { KeptText } from './kept-text'
import { Lines } from './lines'
import { digitsOf, exactNumber, MAX_DIGITS } from './numbers'
import {
  BROKEN_NUMBER,
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COLON,
  COMMA,
  CUT_OFF,
  END,
  FALSE,
  isDigit,
  LENGTH_PER_TURN,
  NO_FAULT,
  NULL,
  NUMBER_LITERAL,
  OPEN_BRACE,
  OPEN_BRACKET,
  PAUSE,
  STRING_LITERAL,
  Tokens,
  TRUE,
} from './tokens'
import type { NodeSource } from './tree'
import { JsonField, JsonNode, MAX_FIELDS } from './tree'
import { MAX_CONTAINERS, MAX_ITEMS, MAX_OBJECT_FIELDS, TreeBuilder } from './tree-builder'
import { MAX_DEPTH } from './write'

/** What the next token may be. */
const VALUE = 0
const ITEM_OR_END = 1
const NAME = 2
const NAME_OR_END = 3
const NAME_END = 4
const SEPARATOR = 5
const NOTHING = 6

const NO_INDICES: ReadonlySet<number> = new Set()

export interface ParserOptions {
  hasPositions?: boolean
  lengthPerTurn?: number
  kept?: Kept
  /** Of two fields of one name, the last one counts. In what is kept, nobody has to choose. */
  allowsDoubledNames?: boolean
}

/**
 * Reads a value, token by token. Not by functions that call each other for what is within, so that it can pause at
 * any token.
 */
export class Parser implements NodeSource {
  readonly text: string
  readonly lines: Lines
  readonly #tokens: Tokens
  #expected = VALUE
  #tree = new TreeBuilder()
  /** The value, once it is complete. */
  #value: Value = null
  #fields: JsonField[] = []
  #field: { node: JsonNode; start: number } | undefined
  #nameStart = 0
  #wanted = NO_INDICES
  #itemStarts: Map<number, number> | undefined
  readonly #kept: KeptText
  readonly #allowsDoubledNames: boolean

  constructor(text: string, options: ParserOptions) {
    this.text = text
    this.lines = new Lines(text, options.hasPositions ?? true)
    this.#tokens = new Tokens(text, options.lengthPerTurn ?? LENGTH_PER_TURN)
    this.#kept = new KeptText(options.kept ?? 'nothing')
    this.#allowsDoubledNames = options.allowsDoubledNames ?? false
  }

  *parse(): Work<JsonNode | undefined> {
    while (this.#next() === PAUSE) yield* this.#pause()
    if (this.#tokens.kind === END) return undefined
    const root = new JsonNode(this, this.#tokens.start)
    this.#expected = this.#begin(this.#tokens.kind)
    while (!this.#readOn()) yield* this.#pause()
    root.complete(this.#value, this.#stop)
    root.fields = this.#fields
    while (this.#next() === PAUSE) yield* this.#pause()
    if (this.#tokens.kind !== END) throw this.#refusal(trailingContent)
    return root
  }

  *itemStarts(offset: number, indices: Iterable<number>): Work<ReadonlyMap<number, number>> {
    const starts = new Map<number, number>()
    this.#wanted = new Set(indices)
    this.#itemStarts = starts
    yield* this.#readAgain(offset)
    return starts
  }

  *fieldsAt(offset: number): Work<readonly JsonField[]> {
    this.#fields = []
    yield* this.#readAgain(offset)
    return this.#fields
  }

  *#readAgain(offset: number): Work<void> {
    this.#tree = new TreeBuilder()
    this.#tokens.moveTo(offset)
    while (this.#next() === PAUSE) yield* this.#pause()
    this.#expected = this.#begin(this.#tokens.kind)
    while (!this.#readOn()) yield* this.#pause()
  }

  *#pause(): Work<void> {
    this.lines.mark(this.#tokens.end)
    yield
  }

  /** Reads until a pause is due. Returns whether the value is complete. */
  #readOn(): boolean {
    while (this.#expected !== NOTHING) {
      const kind = this.#next()
      if (kind === PAUSE) return false
      this.#expected = this.#take(kind)
    }
    return true
  }

  /** Reads one token of a value. Returns what may come next. */
  #take(kind: number): number {
    switch (this.#expected) {
      case VALUE:
        return this.#begin(kind)
      case ITEM_OR_END:
        return kind === CLOSE_BRACKET ? this.#close() : this.#begin(kind)
      case NAME:
        return this.#name(kind)
      case NAME_OR_END:
        return kind === CLOSE_BRACE ? this.#close() : this.#name(kind)
      case NAME_END:
        if (kind === COLON) return VALUE
        throw this.#refusal(unexpectedCharacter, 'was expecting a colon to separate field name and value')
      default:
        return this.#separate(kind)
    }
  }

  #begin(kind: number): number {
    if (this.#tree.depth === 1) this.#beginMember()
    this.#kept.begin(kind, this.#tokens, this.#tree)
    if (kind === OPEN_BRACE) return this.#enter({})
    if (kind === OPEN_BRACKET) return this.#enter(undefined)
    return this.#put(this.#scalar(kind))
  }

  #scalar(kind: number): Value {
    switch (kind) {
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

  #name(kind: number): number {
    if (kind !== STRING_LITERAL) {
      throw this.#refusal(unexpectedCharacter, 'was expecting double-quote to start field name')
    }
    const name = this.#tokens.content
    const isStrict = !this.#allowsDoubledNames && !this.#kept.isOpen
    if (isStrict && this.#tree.hasField(name)) throw this.#refusal(() => duplicateField(name))
    if (this.#tree.isFull) throw this.#refusal(() => tooMany('fields of an object', MAX_OBJECT_FIELDS))
    this.#tree.name = name
    this.#nameStart = this.#tokens.start
    return NAME_END
  }

  #separate(kind: number): number {
    const isObject = this.#tree.isInObject
    if (kind === COMMA) return isObject ? NAME : VALUE
    if (kind === (isObject ? CLOSE_BRACE : CLOSE_BRACKET)) return this.#close()
    throw this.#refusal(noSeparator, isObject ? 'Object' : 'Array')
  }

  #enter(object: Record<string, Value> | undefined): number {
    if (this.#kept.depthIn(this.#tree.depth) === MAX_DEPTH)
      throw this.#refusal(() => nestedTooDeep(MAX_DEPTH))
    if (this.#tree.isCrowded) throw this.#refusal(() => tooMany('objects and arrays', MAX_CONTAINERS))
    this.#tree.enter(object)
    return object ? NAME_OR_END : ITEM_OR_END
  }

  #close(): number {
    return this.#put(this.#tree.leave())
  }

  #put(read: Value): number {
    const value = this.#kept.endsAt(this.#tree.depth) ? this.#kept.end(this.#tokens) : read
    if (this.#tree.depth === 0) {
      this.#value = value
      return NOTHING
    }
    if (this.#tree.depth === 1) this.#endMember(value)
    if (this.#tree.hasAllItems && !this.#tree.isInObject) {
      throw this.#refusal(() => tooMany('items', MAX_ITEMS))
    }
    this.#tree.put(value)
    return SEPARATOR
  }

  /** Notes where a field or item of the root stands. */
  #beginMember(): void {
    const { start } = this.#tokens
    if (!this.#tree.isInObject) {
      const index = this.#tree.itemCount
      if (this.#wanted.has(index)) this.#itemStarts?.set(index, start)
    } else if (this.#fields.length < MAX_FIELDS) {
      this.#field = { node: new JsonNode(this, start), start: this.#nameStart }
    }
  }

  #endMember(value: Value): void {
    if (!this.#field) return
    const { node, start } = this.#field
    node.complete(value, this.#stop)
    this.#fields.push(new JsonField(this.#tree.name, start, node))
    this.#field = undefined
  }

  /** Where the text of a scalar ends, or the closing bracket of an object or array stands. */
  get #stop(): number {
    const { kind, start, end } = this.#tokens
    return kind === CLOSE_BRACE || kind === CLOSE_BRACKET ? start : end
  }

  #number(): number | bigint {
    const { integer, start, end } = this.#tokens
    if (integer >= 0) return integer
    const literal = this.text.slice(start, end)
    if (literal.length <= 2 && Number(literal) === 0 && isDigit(this.text.charCodeAt(end))) {
      throw malformedJson(this.lines.locate(end), 'Invalid numeric value: Leading zeroes not allowed')
    }
    const digits = digitsOf(literal)
    if (digits > MAX_DIGITS) throw this.#refusal(() => numberTooLong(digits, MAX_DIGITS))
    return exactNumber(literal)
  }

  #next(): number {
    const kind = this.#tokens.next()
    if (this.#tokens.fault !== NO_FAULT) throw this.#brokenToken()
    return kind
  }

  #brokenToken(): QueryError {
    const { fault, start, end, brokenFrom } = this.#tokens
    const location = this.lines.locate(start)
    if (fault === CUT_OFF) return endOfInput(location)
    if (fault === BROKEN_NUMBER) return malformedJson(location, brokenNumber(this.text, end))
    return malformedJson(location, brokenString(this.text, brokenFrom))
  }

  /** The error for a token that cannot stand where it stands. */
  #refusal<Rest extends unknown[]>(
    reason: (source: string, offset: number, ...rest: Rest) => string,
    ...rest: Rest
  ): QueryError {
    const offset = this.#tokens.start
    const location = this.lines.locate(offset)
    const isCutOff =
      this.#tokens.kind === END || (this.text[offset] === '-' && offset + 1 === this.text.length)
    return isCutOff ? endOfInput(location) : malformedJson(location, reason(this.text, offset, ...rest))
  }
}
