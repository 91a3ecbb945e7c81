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
