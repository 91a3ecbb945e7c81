import { abbreviated, QueryError } from '../core/errors'
import { isObject } from '../core/is-object'
import type { Value, ValueObject } from '../core/result'
import type { QueryParam } from '../core/store'
import type { JsonNode } from '../json/parse'
import { isContainer } from '../json/tree'

const KINDS = ['value', 'identifier', 'pattern'] as const
type Kind = (typeof KINDS)[number]
const KIND_NAMES = KINDS.join(', ').toUpperCase()

const PARAM_NAME = /^[A-Za-z_]\w*$/

/** A list can have a hundred thousand faults. Ten are enough for its author. */
const MAX_FAULTS = 10
/** More members, and more characters, than an abbreviated text can show. */
const MAX_PRINTED = 1_000

/**
 * Reads the `params` field of a submit body: only positional values, or only `{ name: value }` objects. Collects up to
 * ten faults, in the words of Elasticsearch's parser, and throws one `x_content_parse_exception` for them.
 */
export function readParams(node: JsonNode): QueryParam[] {
  const faults: string[] = []
  const named: QueryParam[] = []
  const positional: QueryParam[] = []
  const values: readonly Value[] = Array.isArray(node.value) ? node.value : []
  for (const [index, value] of values.entries()) {
    if (!isObject(value)) {
      positional.push({ value })
      if (Array.isArray(value)) faults.push(...positionalFaults(value, node, index))
    } else {
      for (const [name, content = null] of Object.entries(value)) named.push(readNamed(name, content))
      for (const fault of namedFaults(value)) {
        if (faults.push(`${node.itemLocation(index)} ${fault}`) >= MAX_FAULTS) break
      }
    }
    if (faults.length >= MAX_FAULTS) break
  }
  faults.push(...mixedFaults(named, positional))
  if (faults.length > 0) {
    throw new QueryError(
      'x_content_parse_exception',
      `Failed to parse params: ${abbreviated(faults.join('; '))}`,
    )
  }
  return named.length > 0 ? named : positional
}

function mixedFaults(named: readonly QueryParam[], positional: readonly QueryParam[]): string[] {
  if (named.length === 0 || positional.length === 0) return []
  const both = `${printParams(named)} and ${printParams(positional)}`
  return [`Params cannot contain both named and unnamed parameters; got ${both}`]
}

/** Reads `name: x` or `name: { value | identifier | pattern: x }`, whether or not it has faults. */
function readNamed(name: string, content: Value): QueryParam {
  if (!isObject(content)) return { name, value: content }
  let param: QueryParam = { name, value: null }
  for (const [attribute, value = null] of Object.entries(content)) {
    const kind = kindOf(attribute)
    if (kind) param = { name, kind, value }
  }
  return param
}

function kindOf(attribute: string): Kind | undefined {
  return KINDS.find((kind) => kind === attribute.toLowerCase())
}

function positionalFaults(list: readonly Value[], node: JsonNode, index: number): string[] {
  const inner = list.findIndex(isContainer)
  if (inner < 0) return listFaults(list, '').map((fault) => `${node.itemLocation(index)} ${fault}`)
  const token = Array.isArray(list[inner]) ? 'START_ARRAY' : 'START_OBJECT'
  return [`${node.item(index).itemLocation(inner)} ${token} is not supported as a parameter`]
}

/** The faults of an object, one after the other, because nobody reads more than ten. */
function* namedFaults(object: ValueObject): Iterable<string> {
  const entries = Object.entries(object)
  if (entries.length > 1) {
    yield `Cannot parse more than one key:value pair as parameter, found [${printPairs(entries)}]`
  }
  for (const [name, content = null] of entries) {
    const shown = abbreviated(name)
    if (!PARAM_NAME.test(name)) {
      yield `[${shown}] is not a valid parameter name, a valid parameter name starts with a letter or underscore, ` +
        'and contains letters, digits and underscores only'
    }
    if (isObject(content)) yield* attributeFaults(shown, content)
    else if (isContainer(content)) yield* valueFaults(shown, content, 'value', content)
  }
}

function* attributeFaults(name: string, attributes: ValueObject): Iterable<string> {
  const entries = Object.entries(attributes)
  if (entries.length !== 1) {
    const names = abbreviated(entries.map(([attribute]) => abbreviated(attribute)).join(', '))
    const found = entries.length === 0 ? 'no valid param attribute' : `multiple param attributes [${names}]`
    yield `[${name}] has ${found}, only one of ${KIND_NAMES} can be defined in a param`
  }
  for (const [attribute, value = null] of entries) {
    const kind = kindOf(attribute)
    if (kind) yield* valueFaults(name, attributes, kind, value)
    else {
      yield `[${abbreviated(attribute)}] is not a valid param attribute, a valid attribute is any of ${KIND_NAMES}`
    }
  }
}

/** The faults of one value. `content` is all that stands at the name, for the texts. */
function* valueFaults(name: string, content: Value, kind: Kind, value: Value): Iterable<string> {
  const isList = Array.isArray(value)
  if (isList && kind !== 'value') {
    yield `${name}=${printValue(content)} parameter is multivalued, only VALUE parameters can be multivalued`
    return
  }
  if (isList ? value.some(isContainer) : isContainer(value)) {
    yield `${name}=${printValue(content)} is not supported as a parameter`
  } else if (isList && value.length === 0) {
    yield `Empty lists are not allowed as named parameter values. Got parameter [${name}] with value [[]]`
  } else if (isList) yield* listFaults(value, `[${name}] `)
  yield* kindFaults(kind, value)
}

function* kindFaults(kind: Kind, value: Value): Iterable<string> {
  if (kind === 'value') return
  if (typeof value === 'string' && (kind === 'identifier' || value.includes('*'))) return
  const label = kind.toUpperCase()
  yield `[${printValue(value)}] is not a valid value for ${label} parameter, a valid value for ${label} parameter is a ` +
    `string${kind === 'pattern' ? ' and contains *' : ''}`
}

/** The fault of a list of scalars. All numbers are one type here: which of them go together is for the engine to say. */
function listFaults(list: readonly Value[], whose: string): string[] {
  const first = typeOf(list[0])
  if (list.every((item) => item !== null && typeOf(item) === first)) return []
  const [found, rule] = list.includes(null)
    ? ['a null entry', 'Null values are not allowed in multivalued params']
    : ['mixed data types', 'Mixed data types are not allowed in multivalued params.']
  return [`Parameter ${whose}contains ${found}: ${printValue(list)}. ${rule}`]
}

function typeOf(value: Value | undefined): string {
  return typeof value === 'bigint' ? 'number' : typeof value
}

/** `{name:value}, {value}`, for pairs of a name, if any, and a value. */
function printPairs(pairs: readonly (readonly [string | undefined, Value | undefined])[]): string {
  const texts = pairs
    .slice(0, MAX_PRINTED)
    .map(
      ([name, value]) => `{${name === undefined ? '' : `${abbreviated(name)}:`}${printValue(value ?? null)}}`,
    )
  return abbreviated(texts.join(', '))
}

function printParams(params: readonly QueryParam[]): string {
  return `[${printPairs(params.slice(0, MAX_PRINTED).map(({ name, value }) => [name, value]))}]`
}

/** A value of the client for the reason of an error: as Java prints it, but abbreviated to `room` characters. */
export function printValue(value: Value, room = MAX_PRINTED): string {
  if (!isContainer(value)) return abbreviated(String(value))
  const isList = Array.isArray(value)
  let text = ''
  for (const [name, item] of isList ? value.entries() : Object.entries(value)) {
    if (text !== '') text += ', '
    if (!isList) text += `${abbreviated(String(name))}=`
    text += printValue(item ?? null, room - text.length)
    if (text.length > room) break
  }
  return abbreviated(isList ? `[${text}]` : `{${text}}`)
}
