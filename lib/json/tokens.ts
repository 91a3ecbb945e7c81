import type * as Jsonc from 'jsonc-parser'
import { parsedJson } from '../core/is-object'

/** Not by the main file of the package, which loads this one in a way that bundlers cannot follow. */
const { createScanner }: Pick<typeof Jsonc, 'createScanner'> = require('jsonc-parser/lib/umd/impl/scanner')

/** The library's kinds of tokens. It declares them as a const enum, which a module that is compiled alone cannot read. */
export const OPEN_BRACE = 1
export const CLOSE_BRACE = 2
export const OPEN_BRACKET = 3
export const CLOSE_BRACKET = 4
export const COMMA = 5
export const COLON = 6
export const NULL = 7
export const TRUE = 8
export const FALSE = 9
export const STRING_LITERAL = 10
export const NUMBER_LITERAL = 11
const LINE_COMMENT = 12
const BLANK = 15
export const END = 17

/** The library's faults, likewise. All others are faults of strings. */
export const NO_FAULT = 0
export const OPEN_COMMENT = 1
export const BROKEN_NUMBER = 3

/** The kinds of the characters that are a token of their own, by their code. */
const MARKS = new Uint8Array(128)
for (const [index, mark] of [...'{}[],:'].entries()) MARKS[mark.charCodeAt(0)] = OPEN_BRACE + index

const WORDS = [
  ['null', NULL],
  ['true', TRUE],
  ['false', FALSE],
] as const

const QUOTE = 34
const BACKSLASH = 92
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
/** An integer of so many digits needs no other arithmetic than that of numbers. */
const SHORT_NUMBER = 15
/** V8 copies shorter pieces of a text. A longer piece keeps the whole text alive. */
const SHORT_TEXT = 12

/**
 * The tokens of a JSON text, without blanks and comments. Reads the tokens of valid texts itself, in a tenth of the time
 * that the scanner of jsonc-parser takes. Comments and whatever may be a fault are left to that scanner, which knows
 * where a fault is.
 */
export class Tokens {
  readonly text: string
  kind: number = END
  /** Where the token stands in the text. */
  start = 0
  end = 0
  /** The content of a string literal. Never a piece of the text, so that whoever keeps it does not keep the text. */
  content = ''
  /** The value of a short integer. Negative for all other numbers. */
  integer = -1
  fault: number = NO_FAULT
  #scanner: Jsonc.JSONScanner | undefined

  constructor(text: string) {
    this.text = text
  }

  /** Goes to the next token, and returns its kind. */
  next(): number {
    do this.kind = this.#read()
    while (this.kind >= LINE_COMMENT && this.kind <= BLANK && this.fault === NO_FAULT)
    return this.kind
  }

  #read(): number {
    const { text } = this
    let at = this.end
    let code = text.charCodeAt(at)
    while (isBlank(code)) {
      at += 1
      code = text.charCodeAt(at)
    }
    this.start = at
    if (code === QUOTE) return this.#string(at)
    if (isDigit(code) || code === 45) return this.#number(at)
    const mark = markOf(code)
    if (mark > 0) return this.#ends(at + 1, mark)
    for (const [word, kind] of WORDS) {
      if (text.startsWith(word, at) && isDelimiter(text.charCodeAt(at + word.length))) {
        return this.#ends(at + word.length, kind)
      }
    }
    return this.#scan(at)
  }

  #string(at: number): number {
    const { text } = this
    let end = at + 1
    let hasEscapes = false
    for (let code = text.charCodeAt(end); code !== QUOTE; code = text.charCodeAt(end)) {
      // A control character, or the end of the text.
      if (!(code >= 32)) return this.#scan(at)
      hasEscapes ||= code === BACKSLASH
      end += code === BACKSLASH ? 2 : 1
    }
    end += 1
    if (!hasEscapes && end - at - 2 <= SHORT_TEXT) {
      this.content = text.slice(at + 1, end - 1)
      return this.#ends(end, STRING_LITERAL)
    }
    const content = parsedJson(text.slice(at, end))
    if (typeof content !== 'string') return this.#scan(at)
    this.content = content
    return this.#ends(end, STRING_LITERAL)
  }

  #number(at: number): number {
    const { text } = this
    let end = at
    let value = 0
    let code = text.charCodeAt(end)
    while (isDigit(code) && end - at < SHORT_NUMBER) {
      value = value * 10 + code - 48
      end += 1
      code = text.charCodeAt(end)
    }
    const isShort = isDelimiter(code) && end > at && (text.charCodeAt(at) !== 48 || end === at + 1)
    this.integer = isShort ? value : -1
    if (isShort) return this.#ends(end, NUMBER_LITERAL)
    NUMBER.lastIndex = at
    if (!NUMBER.test(text) || !isDelimiter(text.charCodeAt(NUMBER.lastIndex))) return this.#scan(at)
    return this.#ends(NUMBER.lastIndex, NUMBER_LITERAL)
  }

  #ends(end: number, kind: number): number {
    this.end = end
    return kind
  }

  #scan(at: number): number {
    this.#scanner ??= createScanner(this.text)
    this.#scanner.setPosition(at)
    const kind = this.#scanner.scan()
    this.start = this.#scanner.getTokenOffset()
    this.fault = this.#scanner.getTokenError()
    this.content = this.#scanner.getTokenValue()
    this.integer = -1
    return this.#ends(this.#scanner.getPosition(), kind)
  }
}

export function isDigit(code: number): boolean {
  return code >= 48 && code <= 57
}

function isBlank(code: number): boolean {
  return code <= 32 && (code === 32 || code === 10 || code === 13 || code === 9)
}

function markOf(code: number): number {
  return code < MARKS.length ? (MARKS[code] ?? 0) : 0
}

/** Whether this can stand behind a number or a word. `NaN` is the end of the text. */
function isDelimiter(code: number): boolean {
  return markOf(code) > 0 || isBlank(code) || Number.isNaN(code)
}
