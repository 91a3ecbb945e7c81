import { parsedJson } from '../core/is-object'

/** The kinds of tokens. */
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
const COMMENT = 12
/** What begins no token. */
const UNKNOWN = 13
export const END = 14
/** No token: the reader should let others have their turn, and then ask again. */
export const PAUSE = 15

/** What is wrong with a token. */
export const NO_FAULT = 0
/** The text ends within the token. */
export const CUT_OFF = 1
export const BROKEN_NUMBER = 2
export const BROKEN_STRING = 3

/** How much text is read between two pauses, in characters. It takes some milliseconds. */
export const LENGTH_PER_TURN = 2 ** 16

/** The kinds of the characters that are a token of their own, by their code. */
const MARKS = new Uint8Array(128)
for (const [index, mark] of [...'{}[],:'].entries()) MARKS[mark.charCodeAt(0)] = OPEN_BRACE + index

const WORDS = [
  ['null', NULL],
  ['true', TRUE],
  ['false', FALSE],
] as const

const LINE_FEED = 10
const CARRIAGE_RETURN = 13
const QUOTE = 34
const STAR = 42
const MINUS = 45
const SLASH = 47
const BACKSLASH = 92
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
const NUMBER_WITHOUT_END = /-?(?:0|[1-9]\d*)(?:\.(?!\d)|(?:\.\d+)?[eE][+-]?(?!\d))/y
/** An integer of so many digits needs no other arithmetic than that of numbers. */
const SHORT_NUMBER = 15
/** V8 copies shorter pieces of a text. A longer piece keeps the whole text alive. */
const SHORT_TEXT = 12
const LONGEST_ESCAPE = '\\u0000'.length

/**
 * The tokens of a JSON text, without blanks and comments. Pauses after each so many characters, also in
 * the middle of a string, blanks or a comment.
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
  /** Where the last comment ends. */
  commentEnd = -1
  /** Where the piece of a string begins that has its first fault. */
  brokenFrom = -1
  readonly #lengthPerTurn: number
  #pauseAt: number
  /** The character that began a string or comment which is read in pieces. Otherwise 0. */
  #within = 0

  /** `lengthPerTurn` is longer than any escape. */
  constructor(text: string, lengthPerTurn: number) {
    this.text = text
    this.#lengthPerTurn = lengthPerTurn
    this.#pauseAt = lengthPerTurn
  }

  /** Goes to the next token, and returns its kind. */
  next(): number {
    do this.kind = this.#read()
    while (this.kind === COMMENT && this.fault === NO_FAULT)
    return this.kind
  }

  /** Goes to an offset. The next token is the first one from there. */
  moveTo(offset: number): void {
    this.end = offset
    this.#pauseAt = offset + this.#lengthPerTurn
  }

  #read(): number {
    if (this.#within !== 0) return this.#within === QUOTE ? this.#stringPiece() : this.#commentPiece()
    const { text } = this
    const pauseAt = this.#pauseAt
    let at = this.end
    let code = text.charCodeAt(at)
    while (isBlank(code) && at < pauseAt) {
      at += 1
      code = text.charCodeAt(at)
    }
    if (at >= pauseAt) return this.#pause(at)
    this.start = at
    if (code === QUOTE) return this.#string(at)
    if (isDigit(code) || code === MINUS) return this.#number(at)
    const mark = markOf(code)
    return mark > 0 ? this.#ends(at + 1, mark) : this.#word(at, code)
  }

  #word(at: number, code: number): number {
    const { text } = this
    if (at >= text.length) return this.#ends(at, END)
    for (const [word, kind] of WORDS) {
      if (text.startsWith(word, at) && endsWord(text.charCodeAt(at + word.length))) {
        return this.#ends(at + word.length, kind)
      }
    }
    const second = text.charCodeAt(at + 1)
    if (code !== SLASH || (second !== SLASH && second !== STAR)) return this.#ends(at + 1, UNKNOWN)
    this.#within = second
    this.end = at + 2
    return this.#commentPiece()
  }

  #string(at: number): number {
    const { text } = this
    const limit = at + this.#lengthPerTurn
    let end = at + 1
    let hasEscapes = false
    for (let code = text.charCodeAt(end); code !== QUOTE; code = text.charCodeAt(end)) {
      // A control character, or the end of the text.
      if (!(code >= 32) || end > limit) return this.#stringInPieces(at)
      hasEscapes ||= code === BACKSLASH
      end += code === BACKSLASH ? 2 : 1
    }
    end += 1
    if (!hasEscapes && end - at - 2 <= SHORT_TEXT) {
      this.content = text.slice(at + 1, end - 1)
      return this.#ends(end, STRING_LITERAL)
    }
    const content = parsedJson(text.slice(at, end))
    if (typeof content !== 'string') return this.#stringInPieces(at)
    this.content = content
    return this.#ends(end, STRING_LITERAL)
  }

  /** Reads a string that is long, or has a fault. */
  #stringInPieces(at: number): number {
    this.content = ''
    this.brokenFrom = -1
    this.#within = QUOTE
    this.end = at + 1
    return this.#stringPiece()
  }

  #stringPiece(): number {
    const { text, end: from } = this
    const end = this.#pieceEnd(from)
    const code = text.charCodeAt(end)
    const piece = parsedJson(`"${text.slice(from, end)}"`)
    if (this.brokenFrom < 0 && (typeof piece !== 'string' || code < 32)) this.brokenFrom = from
    this.content += this.brokenFrom < 0 ? piece : ''
    if (!endsString(code)) return this.#pause(end)
    this.#within = 0
    const isCutOff = Number.isNaN(code)
    if (isCutOff) this.fault = CUT_OFF
    else if (this.brokenFrom >= 0) this.fault = BROKEN_STRING
    return this.#ends(isCutOff ? text.length : end + 1, STRING_LITERAL)
  }

  /** Where the string ends, or the piece of it, which ends before an escape that could be cut. */
  #pieceEnd(from: number): number {
    const { text } = this
    const limit = from + this.#lengthPerTurn
    let end = from
    let code = text.charCodeAt(end)
    while (!endsString(code) && end < limit && (code !== BACKSLASH || end < limit - LONGEST_ESCAPE)) {
      end += code === BACKSLASH ? 2 : 1
      code = text.charCodeAt(end)
    }
    return end
  }

  #commentPiece(): number {
    const { text, end: from } = this
    // One more, so that an end of two characters is not cut.
    const piece = text.slice(from, from + this.#lengthPerTurn + 1)
    const isBlock = this.#within === STAR
    const length = isBlock ? piece.indexOf('*/') : piece.search(/[\n\r]/)
    if (length < 0 && piece.length > this.#lengthPerTurn) return this.#pause(from + this.#lengthPerTurn)
    this.#within = 0
    if (length < 0 && isBlock) this.fault = CUT_OFF
    this.commentEnd = length < 0 ? text.length : from + length + (isBlock ? 2 : 0)
    return this.#ends(this.commentEnd, COMMENT)
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
    if (!NUMBER.test(text)) return this.#ends(at + 1, UNKNOWN)
    if (isDelimiter(text.charCodeAt(NUMBER.lastIndex))) return this.#ends(NUMBER.lastIndex, NUMBER_LITERAL)
    NUMBER_WITHOUT_END.lastIndex = at
    if (!NUMBER_WITHOUT_END.test(text)) return this.#ends(NUMBER.lastIndex, NUMBER_LITERAL)
    this.fault = NUMBER_WITHOUT_END.lastIndex < text.length ? BROKEN_NUMBER : CUT_OFF
    return this.#ends(NUMBER_WITHOUT_END.lastIndex, NUMBER_LITERAL)
  }

  #ends(end: number, kind: number): number {
    this.end = end
    return kind
  }

  #pause(end: number): number {
    this.moveTo(end)
    return PAUSE
  }
}

export function isDigit(code: number): boolean {
  return code >= 48 && code <= 57
}

function isBlank(code: number): boolean {
  return code <= 32 && (code === 32 || code === LINE_FEED || code === CARRIAGE_RETURN || code === 9)
}

function markOf(code: number): number {
  return code < MARKS.length ? (MARKS[code] ?? 0) : 0
}

/** Whether this can stand behind a number or a word. `NaN` is the end of the text. */
function isDelimiter(code: number): boolean {
  return markOf(code) > 0 || isBlank(code) || Number.isNaN(code)
}

function endsWord(code: number): boolean {
  return isDelimiter(code) || code === QUOTE || code === SLASH
}

function endsString(code: number): boolean {
  return code === QUOTE || code === LINE_FEED || code === CARRIAGE_RETURN || Number.isNaN(code)
}
