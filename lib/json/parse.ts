import { isChecked, isJsonText, type JsonText } from '../core/json-text'
import type { Value } from '../core/result'
import type { Work } from '../core/turns'
import { atOnce } from '../core/turns'
import { Parser } from './parser'
import { LENGTH_PER_TURN } from './tokens'
import type { JsonNode } from './tree'
import { exactJson } from './write'

export type { JsonLocation } from './lines'
export type { JsonField, JsonNode, TokenName } from './tree'

/**
 * Parses the JSON text of a request body. Comments are tolerated, as Elasticsearch does; duplicate names are
 * not. Pauses after each `lengthPerTurn` characters. `JSON.parse` loses integers beyond 2^53, does not know lines and columns, and cannot pause.
 *
 * Throws `x_content_parse_exception` or, where the text ends too early, `x_content_e_o_f_exception`.
 */
export function parseInTurns(text: string, lengthPerTurn = LENGTH_PER_TURN): Work<JsonNode | undefined> {
  return new Parser(text, { lengthPerTurn }).parse()
}

/** As {@link parseInTurns}, without a pause. */
export function parseJson(text: string): JsonNode | undefined {
  return atOnce(parseInTurns(text))
}

/** As {@link parseInTurns}, for a text that the client did not send. Positions are unknown then. */
export function parseUnlocated(text: string): Work<JsonNode | undefined> {
  return new Parser(text, { hasPositions: false }).parse()
}

/** The same tree for a body that the host application has already parsed. */
export function* locate(value: unknown): Work<JsonNode | undefined> {
  return yield* parseUnlocated(yield* exactJson(value))
}

/** As {@link parseJson}, for an answer or a catalogue of answers: the objects in cells are a {@link JsonText}. */
export function parseAnswer(text: string): JsonNode | undefined {
  return atOnce(new Parser(text, { kept: 'cells' }).parse())
}

/** The same text, checked. Throws a `TypeError` if it is no JSON, which quotes nothing of it. */
export function checkedJson(given: JsonText): JsonText {
  if (isChecked(given)) return given
  let checked: Value | undefined
  try {
    checked = atOnce(new Parser(given.text, { kept: 'all' }).parse())?.value
  } catch {
    // The parser's own error quotes the text.
  }
  if (isJsonText(checked)) return checked
  throw new TypeError('it has a text that is no JSON')
}

/** The value of a checked text, with bigint for exact integers. Of two fields of one name, it has the last one. */
export function valueIn(text: JsonText): Value {
  return atOnce(new Parser(text.text, { allowsDoubledNames: true }).parse())?.value ?? null
}
