import type { Value } from '../core/result'

/** Names of JSON tokens, as Elasticsearch prints them. */
export type TokenName =
  | 'START_OBJECT'
  | 'START_ARRAY'
  | 'VALUE_STRING'
  | 'VALUE_NUMBER'
  | 'VALUE_BOOLEAN'
  | 'VALUE_NULL'

/** `[LINE:COLUMN]`, both counted from 1. */
export type JsonLocation = string

/** The text of a node, and what reads it. */
export interface NodeSource {
  readonly text: string
  /** `false`: the host application has parsed the body, and this is not the text that the client sent. */
  readonly hasPositions: boolean
  /** Reads the value at an offset again, for the positions in it. */
  nodeAt(offset: number): JsonNode
}

/** The location of a value that the host application has parsed, in Elasticsearch's words. */
export const UNKNOWN_LOCATION = '[-1:-1]'

/** More than the API has fields, and more than a quotation shows, so that no refusal misses the others. */
export const MAX_FIELDS = 1_000

const SCALAR_TOKENS: Readonly<Record<string, TokenName>> = {
  string: 'VALUE_STRING',
  number: 'VALUE_NUMBER',
  bigint: 'VALUE_NUMBER',
  boolean: 'VALUE_BOOLEAN',
}

/**
 * A value of a JSON text that knows where it stands, because Elasticsearch's refusals say so. It counts positions, and
 * reads the fields and items of inner values, when a refusal asks for them: most bodies are not refused, and a node for
 * every value costs more than the rest of the parsing.
 */
export class JsonNode {
  /** The value in full. Integers that a number cannot hold are bigint. */
  value: Value = null
  /** Where the text of a scalar ends, or the closing bracket of an object or array stands. */
  stop: number
  /** Where the items of an array start, once they have been read with offsets. */
  itemOffsets: readonly number[] | undefined
  parsedFields: readonly JsonField[] | undefined
  readonly source: NodeSource
  readonly start: number

  constructor(source: NodeSource, start: number) {
    this.source = source
    this.start = start
    this.stop = start
  }

  get token(): TokenName {
    if (Array.isArray(this.value)) return 'START_ARRAY'
    return isContainer(this.value) ? 'START_OBJECT' : (SCALAR_TOKENS[typeof this.value] ?? 'VALUE_NULL')
  }

  get location(): JsonLocation {
    return locationAt(this.source, this.start)
  }

  /** Where an object or array ends. */
  get end(): JsonLocation {
    return locationAt(this.source, isContainer(this.value) ? this.stop : this.start)
  }

  /** The text of a scalar, as Elasticsearch reads it where it wants text. */
  get text(): string {
    if (isContainer(this.value)) return ''
    return typeof this.value === 'string' ? this.value : this.source.text.slice(this.start, this.stop)
  }

  /** The first {@link MAX_FIELDS} fields of an object, in the order of the text. */
  get fields(): readonly JsonField[] {
    this.parsedFields ??= this.source.nodeAt(this.start).parsedFields ?? []
    return this.parsedFields
  }

  item(index: number): JsonNode {
    return this.source.nodeAt(this.#itemStart(index))
  }

  itemLocation(index: number): JsonLocation {
    return locationAt(this.source, this.#itemStart(index))
  }

  #itemStart(index: number): number {
    this.itemOffsets ??= this.source.nodeAt(this.start).itemOffsets ?? []
    return this.itemOffsets[index] ?? this.start
  }
}

export class JsonField {
  readonly name: string
  readonly node: JsonNode
  readonly #start: number

  constructor(name: string, start: number, node: JsonNode) {
    this.name = name
    this.node = node
    this.#start = start
  }

  get location(): JsonLocation {
    return locationAt(this.node.source, this.#start)
  }
}

export function isContainer(
  value: Value,
): value is Exclude<Value, string | number | bigint | boolean | null> {
  return typeof value === 'object' && value !== null
}

export function locationAt({ text, hasPositions }: NodeSource, offset: number): JsonLocation {
  if (!hasPositions) return UNKNOWN_LOCATION
  let line = 1
  let lineStart = 0
  for (let index = 0; index < offset; index += 1) {
    const code = text.charCodeAt(index)
    // In CR LF, the line feed ends the line.
    if (code !== 10 && (code !== 13 || text.charCodeAt(index + 1) === 10)) continue
    line += 1
    lineStart = index + 1
  }
  return `[${line}:${offset - lineStart + 1}]`
}
