import type * as Yaml from 'yaml'
import type { QueryError } from '../../core/errors'
import type { Work } from '../../core/turns'
import { Pace } from '../../core/turns'
import { malformedJson, nestedTooDeep } from '../../json/faults'
import { Lines } from '../../json/lines'
import { MAX_DEPTH } from '../../json/write'
import { textOf } from './byte-source'
import { JsonText, malformed } from './json-text'

/**
 * Elasticsearch's reader stops at 3 MiB. Here it is less, because the package `yaml` cannot pause while it makes nodes of what
 * it has read: within both limits, that takes some tens of milliseconds.
 */
export const MAX_YAML_LENGTH = 2 ** 16
export const MAX_YAML_LEXEMES = 2 ** 13

/** To read this many takes some milliseconds. */
const LEXEMES_PER_TURN = 2 ** 10

/** The types of JSON, and no others. The parser of JSON looks for double names: this one would take too long. */
const OPTIONS = {
  schema: 'core',
  resolveKnownTags: false,
  merge: false,
  uniqueKeys: false,
  intAsBigInt: true,
  logLevel: 'silent',
} as const

/** A body in YAML as JSON text, given the package `yaml`. Aliases, tags of other types and further documents are refused. */
export function* yamlToJson(yaml: typeof Yaml, bytes: Buffer): Work<string> {
  if (bytes.length > MAX_YAML_LENGTH) throw tooMuch(MAX_YAML_LENGTH, 'bytes')
  const text = textOf(bytes)
  const document = compose(yaml, yield* readTokens(yaml, text), text)
  if (!document) return ''
  const json = new JsonText(Number.POSITIVE_INFINITY)
  yield* new NodeWriter(yaml, json).write(document)
  return json.take()
}

function* readTokens(yaml: typeof Yaml, text: string): Work<Yaml.CST.Token[]> {
  const parser = new yaml.Parser()
  const pace = new Pace(LEXEMES_PER_TURN)
  const tokens: Yaml.CST.Token[] = []
  let lexemes = 0
  for (const lexeme of new yaml.Lexer().lex(text)) {
    lexemes += 1
    if (lexemes > MAX_YAML_LEXEMES) throw tooMuch(MAX_YAML_LEXEMES, 'words and signs')
    tokens.push(...parser.next(lexeme))
    if (pace.isPauseDue(1)) yield
  }
  tokens.push(...parser.end())
  const fault = tokens.find((token) => token.type === 'error')
  if (fault?.type === 'error') throw faultAt(text, fault.offset, fault.message)
  return tokens
}

/** The content of the only document. */
function compose(yaml: typeof Yaml, tokens: Yaml.CST.Token[], text: string): Yaml.ParsedNode | null {
  const composer = new yaml.Composer(OPTIONS)
  let fault: QueryError | undefined
  // To collect thousands of faults takes much longer than to read a text without any. The composer catches what is thrown
  // within, and reports that as a fault of what is around it: the first one counts.
  Object.assign(composer, {
    onError: (source: FaultSource, code: string, message: string) => {
      const isTooDeep = code === 'RESOURCE_EXHAUSTION'
      fault ??= isTooDeep ? malformed(nestedTooDeep(MAX_DEPTH)) : faultAt(text, offsetOf(source), message)
      throw fault
    },
  })
  try {
    const [document, other] = composer.compose(tokens, true, text.length)
    const [found] = [...(document?.errors ?? []), ...(document?.warnings ?? [])]
    if (found) throw faultAt(text, found.pos[0], found.message)
    if (other) throw malformed('YAML has more than one document')
    return document?.contents ?? null
  } catch (error) {
    throw fault ?? (error instanceof RangeError ? malformed(nestedTooDeep(MAX_DEPTH)) : error)
  }
}

/** Where the composer finds a fault. */
type FaultSource = number | readonly [number, ...number[]] | { offset: number }

function offsetOf(source: FaultSource): number {
  if (typeof source === 'number') return source
  return 'offset' in source ? source.offset : source[0]
}

/** Writes nodes as JSON. */
class NodeWriter {
  readonly #yaml: typeof Yaml
  readonly #json: JsonText

  constructor(yaml: typeof Yaml, json: JsonText) {
    this.#yaml = yaml
    this.#json = json
  }

  *write(node: unknown): Work<void> {
    const { isAlias, isMap, isScalar, isSeq } = this.#yaml
    if (isMap(node)) yield* this.#writeMap(node)
    else if (isSeq(node)) yield* this.#writeList(node)
    else if (isScalar(node)) this.#writeScalar(node)
    else if (isAlias(node)) throw malformed('YAML has an alias, which is not supported here')
    else this.#json.null()
  }

  *#writeMap({ items }: Yaml.YAMLMap): Work<void> {
    this.#json.start('object')
    for (const { key, value } of items) {
      if (!this.#yaml.isScalar(key)) throw malformed('The names of fields in YAML have to be texts')
      this.#json.key(typeof key.value === 'string' ? key.value : (key.source ?? ''))
      yield* this.write(value)
    }
    this.#json.end('object')
  }

  *#writeList({ items }: Yaml.YAMLSeq): Work<void> {
    this.#json.start('array')
    for (const item of items) yield* this.write(item)
    this.#json.end('array')
  }

  #writeScalar({ value }: Yaml.Scalar): void {
    if (typeof value === 'string') this.#json.string(value)
    else if (typeof value === 'bigint') this.#json.integer(value)
    else if (typeof value === 'number') this.#json.double(value)
    else if (typeof value === 'boolean') this.#json.boolean(value)
    else this.#json.null()
  }
}

function faultAt(text: string, offset: number, message: string): QueryError {
  return malformedJson(new Lines(text, true).locate(offset), message)
}

function tooMuch(limit: number, unit: string): QueryError {
  return malformed(`The incoming YAML document exceeds the limit: ${limit} ${unit}. Send it as JSON.`)
}
