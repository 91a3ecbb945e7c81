import { abbreviated, QueryError } from '../core/errors'
import { isObject } from '../core/is-object'
import type { Value, ValueObject } from '../core/result'
import type { QueryParam } from '../core/store'
import type { JsonNode } from '../json/parse'
import { isContainer } from '../json/tree'

const KINDS = ['value', 'identifier', 'pattern'] as const

const PARAM_NAME = /^[A-Za-z_]\w*$/

/** A list can have a hundred thousand faults. Ten are enough for its author. */
const MAX_FAULTS = 10
/** More members than an abbreviated text can show. */
const MAX_PRINTED = 1_000

/**
 * Reads the `params` field of a submit body: only positional values, or only `{ name: value }` objects. Collects up to
 * ten faults and throws one `x_content_parse_exception` for them.
 */
export function readParams(node: JsonNode): QueryParam[] {
  const faults: string[] = []
  const named: QueryParam[] = []
  const positional: QueryParam[] = []
  const values: readonly Value[] = Array.isArray(node.value) ? node.value : []
  for (let index = 0; index < values.length; index += 1) {
    const value = values[index] ?? null
    const param = isObject(value) ? readNamed(value) : readPositional(value)
    if (!param) faults.push(findFault(node.item(index)))
    else if (param.name === undefined) positional.push(param)
    else named.push(param)
    if (faults.length >= MAX_FAULTS) break
  }
  if (named.length > 0 && positional.length > 0) {
    faults.push(
      `Params cannot contain both named and unnamed parameters; got ${printParams(named)} and ${printParams(positional)}`,
    )
  }
  if (faults.length > 0) {
    throw new QueryError(
      'x_content_parse_exception',
      `${node.location} Failed to parse params: ${abbreviated(faults.join('; '))}`,
    )
  }
  return named.length > 0 ? named : positional
}

function readPositional(value: Value): QueryParam | undefined {
  return isValue(value) ? { value } : undefined
}

/** Reads `{ name: x }` or `{ name: { value | identifier | pattern: x } }`. `undefined` if that has a fault. */
function readNamed(item: ValueObject): QueryParam | undefined {
  const [name, content] = onlyMember(item) ?? []
  if (name === undefined || content === undefined || !PARAM_NAME.test(name)) return undefined
  const param = isObject(content) ? readKind(content) : { value: content }
  return param && isValue(param.value) && !isEmptyList(param.value) ? { name, ...param } : undefined
}

function readKind(content: ValueObject): Omit<QueryParam, 'name'> | undefined {
  const [name, value] = onlyMember(content) ?? []
  const kind = KINDS.find((known) => known === name)
  return kind && value !== undefined ? { kind, value } : undefined
}

/** The position of the fault of a parameter, and its text. */
function findFault(item: JsonNode): string {
  if (item.token !== 'START_OBJECT') return unsupported(item)
  const [field] = item.fields
  if (!field || item.fields.length > 1) {
    return `${item.location} Cannot parse more than one key:value pair as parameter, found [${fieldList(item)}]`
  }
  const { name, node } = field
  if (!PARAM_NAME.test(name)) {
    return (
      `${field.location} [${abbreviated(name)}] is not a valid parameter name, a valid parameter name starts with ` +
      'a letter or underscore, and contains letters, digits and underscores only'
    )
  }
  const content = isObject(node.value) && readKind(node.value) ? node.fields[0]?.node : node
  if (!content || !isEmptyList(content.value)) return unsupported(node)
  return (
    `${content.location} Empty lists are not allowed as named parameter values. ` +
    `Got parameter [${abbreviated(name)}] with value [[]]`
  )
}

function unsupported({ location, token }: JsonNode): string {
  return `${location} ${token} is not supported as a parameter`
}

function onlyMember(object: ValueObject): [string, Value | undefined] | undefined {
  const names = Object.keys(object)
  const name = names[0]
  return name === undefined || names.length > 1 ? undefined : [name, object[name]]
}

/** A scalar or a list of scalars. */
function isValue(value: Value): boolean {
  return Array.isArray(value) ? !value.some(isContainer) : !isContainer(value)
}

function isEmptyList(value: Value): boolean {
  return Array.isArray(value) && value.length === 0
}

function fieldList({ fields }: JsonNode): string {
  return abbreviated(
    fields.map(({ name, node }) => `${abbreviated(name)}:${abbreviated(node.text)}`).join(', '),
  )
}

function printParams(params: readonly QueryParam[]): string {
  const texts = params
    .slice(0, MAX_PRINTED)
    .map(({ name, value }) => (name === undefined ? printValue(value) : `{${name}=${printValue(value)}}`))
  return `[${texts.join(', ')}]`
}

/** A value of the client for the reason of an error: as Java prints it, but abbreviated. */
export function printValue(value: Value): string {
  if (Array.isArray(value)) return abbreviated(`[${value.slice(0, MAX_PRINTED).map(printValue).join(', ')}]`)
  if (!isContainer(value)) return abbreviated(String(value))
  const members = Object.entries(value).slice(0, MAX_PRINTED)
  return abbreviated(
    `{${members.map(([name, item]) => `${abbreviated(name)}=${printValue(item ?? null)}`).join(', ')}}`,
  )
}
