import { abbreviated, QueryError } from '../core/errors'
import { isObject } from '../core/is-object'
import type { Value, ValueObject } from '../core/result'
import type { QueryParam } from '../core/store'
import type { Work } from '../core/turns'
import { Pace } from '../core/turns'
import type { JsonNode } from '../json/parse'
import { isContainer } from '../json/tree'

const KINDS = ['value', 'identifier', 'pattern'] as const
type Kind = (typeof KINDS)[number]
const KIND_NAMES = KINDS.join(', ').toUpperCase()

const PARAM_NAME = /^[A-Za-z_]\w*$/

/** A list can have a hundred thousand faults. Ten are enough for its author. */
const MAX_FAULTS = 10
/** A query of 1,000,000 characters, the longest that Elasticsearch takes, has no room for more. */
const MAX_PARAMS = 500_000
/** More members, and more characters, than an abbreviated text can show. */
const MAX_PRINTED = 1_000

/** How many values and names are read between two pauses. */
const VALUES_PER_TURN = 2 ** 14

/** What is wrong with an item of the list or, where `inner` is given, with an item of that item. */
interface Fault {
  inner?: number
  text: string
}

type ItemFault = Fault & { index: number }

/** Finds faults one after the other, because nobody reads more than ten. `undefined` stands for a pause. */
type Faults = Iterable<Fault | undefined>

/**
 * Reads the `params` field of a submit body: only positional values, or only `{ name: value }` objects. Collects up to
 * ten faults, in the words of Elasticsearch's parser, and throws one `x_content_parse_exception` for them.
 */
export function* readParams(node: JsonNode): Work<QueryParam[]> {
  const values: readonly Value[] = Array.isArray(node.value) ? node.value : []
  if (values.length > MAX_PARAMS) {
    throw refusal(`[${values.length}] params exceed the maximum allowed [${MAX_PARAMS}]`)
  }
  const read: ReadParams = { named: [], positional: [], faults: [] }
  const pace = new Pace(VALUES_PER_TURN)
  for (const [index, value] of values.entries()) {
    yield* readParam(value, index, pace, read)
    if (read.faults.length >= MAX_FAULTS) break
  }
  const { named, positional, faults } = read
  const reasons = [...(yield* located(faults, node)), ...mixedFaults(named, positional)]
  if (reasons.length > 0) throw refusal(abbreviated(reasons.join('; ')))
  return named.length > 0 ? named : positional
}

interface ReadParams {
  named: QueryParam[]
  positional: QueryParam[]
  faults: ItemFault[]
}

function* readParam(
  value: Value,
  index: number,
  pace: Pace,
  { named, positional, faults }: ReadParams,
): Work<void> {
  const names = isObject(value) ? Object.keys(value) : []
  if (pace.isPauseDue(names.length + 1)) yield
  if (!isObject(value)) positional.push({ value })
  // An object with more than one is refused, and an error shows no more than these.
  else for (const name of names.slice(0, MAX_PRINTED)) named.push(readNamed(name, value[name] ?? null))
  for (const fault of isObject(value) ? namedFaults(value, names, pace) : positionalFaults(value, pace)) {
    if (!fault) yield
    else if (faults.push({ ...fault, index }) >= MAX_FAULTS) return
  }
}

function refusal(reason: string): QueryError {
  return new QueryError('x_content_parse_exception', `Failed to parse params: ${reason}`)
}

/** The texts of faults, with the positions of their items. */
function* located(faults: readonly ItemFault[], { source, start }: JsonNode): Work<string[]> {
  if (faults.length === 0) return []
  const starts = yield* source.itemStarts(
    start,
    faults.map(({ index }) => index),
  )
  const texts: string[] = []
  for (const { index, inner, text } of faults) {
    let at = starts.get(index) ?? start
    if (inner !== undefined) at = (yield* source.itemStarts(at, [inner])).get(inner) ?? at
    texts.push(`${source.lines.locate(at)} ${text}`)
  }
  return texts
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
  for (const attribute of Object.keys(content).slice(0, MAX_PRINTED)) {
    const kind = kindOf(attribute)
    if (kind) param = { name, kind, value: content[attribute] ?? null }
  }
  return param
}

function kindOf(attribute: string): Kind | undefined {
  return KINDS.find((kind) => kind === attribute.toLowerCase())
}

function* positionalFaults(value: Value, pace: Pace): Faults {
  if (!Array.isArray(value)) return
  const contents = yield* contentsOf(value, pace)
  const { container: inner } = contents
  if (inner < 0) return yield* listFaults(value, contents, '')
  const token = Array.isArray(value[inner]) ? 'START_ARRAY' : 'START_OBJECT'
  yield { inner, text: `${token} is not supported as a parameter` }
}

function* namedFaults(object: ValueObject, names: readonly string[], pace: Pace): Faults {
  if (names.length > 1) {
    const found = printPairs(firstPairs(object, names))
    yield { text: `Cannot parse more than one key:value pair as parameter, found [${found}]` }
  }
  for (const name of names) {
    const content = object[name] ?? null
    const shown = abbreviated(name)
    if (!PARAM_NAME.test(name)) {
      yield {
        text:
          `[${shown}] is not a valid parameter name, a valid parameter name starts with a letter or underscore, ` +
          'and contains letters, digits and underscores only',
      }
    }
    if (isObject(content)) yield* attributeFaults(shown, content, pace)
    else if (isContainer(content)) yield* valueFaults(shown, content, 'value', content, pace)
  }
}

function* attributeFaults(name: string, attributes: ValueObject, pace: Pace): Faults {
  const all = Object.keys(attributes)
  if (pace.isPauseDue(all.length)) yield
  if (all.length !== 1) {
    const names = abbreviated(all.slice(0, MAX_PRINTED).map(abbreviated).join(', '))
    const found = all.length === 0 ? 'no valid param attribute' : `multiple param attributes [${names}]`
    yield { text: `[${name}] has ${found}, only one of ${KIND_NAMES} can be defined in a param` }
  }
  for (const attribute of all) {
    const kind = kindOf(attribute)
    if (kind) yield* valueFaults(name, attributes, kind, attributes[attribute] ?? null, pace)
    else {
      const shown = abbreviated(attribute)
      yield {
        text: `[${shown}] is not a valid param attribute, a valid attribute is any of ${KIND_NAMES}`,
      }
    }
  }
}

/** The faults of one value. `content` is all that stands at the name, for the texts. */
function* valueFaults(name: string, content: Value, kind: Kind, value: Value, pace: Pace): Faults {
  const isList = Array.isArray(value)
  if (isList && kind !== 'value') {
    const text = `${name}=${printValue(content)} parameter is multivalued, only VALUE parameters can be multivalued`
    return yield { text }
  }
  const contents = isList ? yield* contentsOf(value, pace) : undefined
  if (contents ? contents.container >= 0 : isContainer(value)) {
    yield { text: `${name}=${printValue(content)} is not supported as a parameter` }
  } else if (isList && value.length === 0) {
    yield {
      text: `Empty lists are not allowed as named parameter values. Got parameter [${name}] with value [[]]`,
    }
  } else if (isList && contents) yield* listFaults(value, contents, `[${name}] `)
  for (const text of kindFaults(kind, value)) yield { text }
}

function* kindFaults(kind: Kind, value: Value): Iterable<string> {
  if (kind === 'value') return
  if (typeof value === 'string' && (kind === 'identifier' || value.includes('*'))) return
  const label = kind.toUpperCase()
  yield `[${printValue(value)}] is not a valid value for ${label} parameter, a valid value for ${label} parameter is a ` +
    `string${kind === 'pattern' ? ' and contains *' : ''}`
}

/** What a list holds. */
interface Contents {
  /** Where the first list or object stands, or -1. */
  container: number
  hasNull: boolean
  isMixed: boolean
}

function* contentsOf(list: readonly Value[], pace: Pace): Work<Contents> {
  const contents = { container: -1, hasNull: false, isMixed: false }
  const first = typeOf(list[0])
  for (const [index, item] of list.entries()) {
    if (pace.isPauseDue(1)) yield
    if (isContainer(item)) return { ...contents, container: index }
    if (item === null) contents.hasNull = true
    else if (typeOf(item) !== first) contents.isMixed = true
  }
  return contents
}

/** The fault of a list of scalars. All numbers are one type here: which of them go together is for the engine to say. */
function* listFaults(list: readonly Value[], { hasNull, isMixed }: Contents, whose: string): Faults {
  if (!hasNull && !isMixed) return
  const [found, rule] = hasNull
    ? ['a null entry', 'Null values are not allowed in multivalued params']
    : ['mixed data types', 'Mixed data types are not allowed in multivalued params.']
  yield { text: `Parameter ${whose}contains ${found}: ${printValue(list)}. ${rule}` }
}

function typeOf(value: Value | undefined): string {
  return typeof value === 'bigint' ? 'number' : typeof value
}

type Pair = readonly [name: string | undefined, value: Value]

/** `{name:value}, {value}`, for pairs of a name, if any, and a value. */
function printPairs(pairs: readonly Pair[]): string {
  const texts = pairs.map(
    ([name, value]) => `{${name === undefined ? '' : `${abbreviated(name)}:`}${printValue(value)}}`,
  )
  return abbreviated(texts.join(', '))
}

function firstPairs(object: ValueObject, names: readonly string[]): Pair[] {
  return names.slice(0, MAX_PRINTED).map((name) => [name, object[name] ?? null])
}

function printParams(params: readonly QueryParam[]): string {
  return `[${printPairs(params.slice(0, MAX_PRINTED).map(({ name, value }) => [name, value]))}]`
}

/** A value of the client for the reason of an error: as Java prints it, but abbreviated to `room` characters. */
export function printValue(value: Value, room = MAX_PRINTED): string {
  if (!isContainer(value)) return abbreviated(String(value))
  const isList = Array.isArray(value)
  let text = ''
  const pairs = isList ? value.entries() : firstPairs(value as ValueObject, Object.keys(value))
  for (const [name, item] of pairs) {
    if (text !== '') text += ', '
    if (!isList) text += `${abbreviated(String(name))}=`
    text += printValue(item ?? null, room - text.length)
    if (text.length > room) break
  }
  return abbreviated(isList ? `[${text}]` : `{${text}}`)
}
