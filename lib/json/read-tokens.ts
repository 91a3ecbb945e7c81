import { exactNumber } from './numbers'
import {
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COLON,
  COMMA,
  END,
  FALSE,
  NUMBER_LITERAL,
  OPEN_BRACE,
  OPEN_BRACKET,
  STRING_LITERAL,
  Tokens,
  TRUE,
} from './tokens'

/** Takes what a JSON text says, in its order, a key before each value of an object. */
export interface TokenReader {
  start(kind: 'object' | 'array'): void
  end(kind: 'object' | 'array'): void
  key(name: string): unknown
  string(value: string): void
  integer(value: number | bigint): void
  double(value: number): void
  boolean(value: boolean): void
  null(): void
}

/** Reads a text that is known to be JSON, as Elasticsearch does when it writes it again: every name, and a number with a point as a double. */
export function readTokens(text: string, reader: TokenReader): void {
  const tokens = new Tokens(text, Number.POSITIVE_INFINITY)
  const opened: number[] = []
  let isName = false
  while (tokens.next() !== END) {
    const { kind } = tokens
    if (kind === OPEN_BRACE || kind === OPEN_BRACKET) {
      opened.push(kind)
      isName = kind === OPEN_BRACE
      reader.start(isName ? 'object' : 'array')
    } else if (kind === CLOSE_BRACE || kind === CLOSE_BRACKET) {
      opened.pop()
      reader.end(kind === CLOSE_BRACE ? 'object' : 'array')
    } else if (kind === COMMA) isName = opened.at(-1) === OPEN_BRACE
    else if (kind === COLON) isName = false
    else if (isName) reader.key(tokens.content.toWellFormed())
    else readScalar(tokens, reader)
  }
}

function readScalar({ kind, text, start, end, content }: Tokens, reader: TokenReader): void {
  if (kind === STRING_LITERAL) reader.string(content.toWellFormed())
  else if (kind === NUMBER_LITERAL) readNumber(text.slice(start, end), reader)
  else if (kind === TRUE || kind === FALSE) reader.boolean(kind === TRUE)
  else reader.null()
}

function readNumber(literal: string, reader: TokenReader): void {
  if (!/^-?\d+$/.test(literal)) reader.double(Number(literal))
  // There is no integer -0.
  else reader.integer(literal === '-0' ? 0 : exactNumber(literal))
}
