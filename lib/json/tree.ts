import type { Value } from '../core/result'
import type { Work } from '../core/turns'
import type { JsonLocation, Lines } from './lines'

/** Names of JSON tokens, as Elasticsearch prints them. */
export type TokenName =
  | 'START_OBJECT'
  | 'START_ARRAY'
  | 'VALUE_STRING'
  | 'VALUE_NUMBER'
  | 'VALUE_BOOLEAN'
  | 'VALUE_NULL'

/** The text of a node, and what reads it. */
export interface NodeSource {
  readonly text: string
  readonly lines: Lines
  /** Where some items of the array at an offset stand. Reads the array again. */
  itemStarts(offset: number, indices: Iterable<number>): Work<ReadonlyMap<number, number>>
  /** The first {@link MAX_FIELDS} fields of the object at an offset. Reads the object again. */
  fieldsAt(offset: number): Work<readonly JsonField[]>
}

/** More than the API has fields, and more than a quotation shows, so that no refusal misses the others. */
export const MAX_FIELDS = 1_000

const NO_FIELDS: readonly JsonField[] = []

const SCALAR_TOKENS: Readonly<Record<string, TokenName>> = {
  string: 'VALUE_STRING',
  number: 'VALUE_NUMBER',
  bigint: 'VALUE_NUMBER',
  boolean: 'VALUE_BOOLEAN',
}

/**
 * A value of a JSON text that knows where it stands, because Elasticsearch's refusals say so. Only the root and its fields
 * are nodes: a node for every value costs more than the rest of the parsing. Where a refusal needs the position of an
 * item, the text is read again.
 */
export class JsonNode {
  /** The value in full. Integers that a number cannot hold are bigint. */
  value: Value = null
  /** Where the text of a scalar ends, or the closing bracket of an object or array stands. */
  stop: number
  /** The first {@link MAX_FIELDS} fields of an object, in the order of the text. Only the root has them. */
  fields: readonly JsonField[] = NO_FIELDS
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
    return this.source.lines.locate(this.start)
  }

  /** Where an object or array ends. */
  get end(): JsonLocation {
    return this.source.lines.locate(isContainer(this.value) ? this.stop : this.start)
  }

  /** The text of a scalar, as Elasticsearch reads it where it wants text. */
  get text(): string {
    if (isContainer(this.value)) return ''
    return typeof this.value === 'string' ? this.value : this.source.text.slice(this.start, this.stop)
  }

  /** Says what stands there, once it has been read. */
  complete(value: Value, stop: number): void {
    this.value = value
    this.stop = stop
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
    return this.node.source.lines.locate(this.#start)
  }
}

export function isContainer(
  value: Value,
): value is Exclude<Value, string | number | bigint | boolean | null> {
  return typeof value === 'object' && value !== null
}
