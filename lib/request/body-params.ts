import { QueryError } from '../errors'
import type { Value } from '../result'
import type { QueryParam } from '../store'
import type { JsonField, JsonNode } from './json-body'

const KINDS = ['value', 'identifier', 'pattern'] as const

const PARAM_NAME = /^[A-Za-z_]\w*$/

/**
 * Reads the `params` field of a submit body: all positional values, or all `{ name: value }` objects. Collects
 * what is wrong and throws it as one `x_content_parse_exception`.
 */
export function readParams(node: JsonNode): QueryParam[] {
  const faults: string[] = []
  const named: QueryParam[] = []
  const positional: QueryParam[] = []
  for (const item of node.items) {
    if (item.token === 'START_OBJECT') named.push(...readNamed(item, faults))
    else if (isValue(item)) positional.push({ value: item.value })
    else faults.push(`${item.location} ${item.token} is not supported as a parameter`)
  }
  if (named.length > 0 && positional.length > 0) {
    faults.push(
      `Params cannot contain both named and unnamed parameters; got ${print(named)} and ${print(positional)}`,
    )
  }
  if (faults.length > 0) {
    throw new QueryError(
      'x_content_parse_exception',
      `${node.location} Failed to parse params: ${faults.join('; ')}`,
    )
  }
  return named.length > 0 ? named : positional
}

function readNamed(item: JsonNode, faults: string[]): QueryParam[] {
  const [field, ...more] = item.fields
  if (!field || more.length > 0) {
    faults.push(
      `${item.location} Cannot parse more than one key:value pair as parameter, found [${fieldList(item)}]`,
    )
    return []
  }
  if (!PARAM_NAME.test(field.name)) {
    faults.push(
      `${field.location} [${field.name}] is not a valid parameter name, a valid parameter name starts with ` +
        'a letter or underscore, and contains letters, digits and underscores only',
    )
    return []
  }
  const param = field.node.token === 'START_OBJECT' ? readKind(field) : { value: field.node.value }
  const content = param && 'kind' in param ? field.node.fields[0]?.node : field.node
  if (!param || !content || !isValue(content)) {
    faults.push(`${field.node.location} ${field.node.token} is not supported as a parameter`)
    return []
  }
  if (content.token === 'START_ARRAY' && content.items.length === 0) {
    faults.push(
      `${content.location} Empty lists are not allowed as named parameter values. ` +
        `Got parameter [${field.name}] with value [[]]`,
    )
    return []
  }
  return [{ name: field.name, ...param }]
}

/** `{ value | identifier | pattern: x }`. */
function readKind({ node }: JsonField): Omit<QueryParam, 'name'> | undefined {
  const [field, ...more] = node.fields
  const kind = KINDS.find((name) => name === field?.name)
  return field && kind && more.length === 0 ? { kind, value: field.node.value } : undefined
}

/** A scalar or a list of scalars. */
function isValue({ token, items }: JsonNode): boolean {
  if (token === 'START_ARRAY') return items.every((item) => item.token.startsWith('VALUE_'))
  return token !== 'START_OBJECT'
}

function fieldList({ fields }: JsonNode): string {
  return fields.map(({ name, node }) => `${name}:${node.text}`).join(', ')
}

function print(params: readonly QueryParam[]): string {
  const texts = params.map(({ name, value }) =>
    name === undefined ? text(value) : `{${name}=${text(value)}}`,
  )
  return `[${texts.join(', ')}]`
}

function text(value: Value): string {
  return Array.isArray(value) ? `[${value.map(text).join(', ')}]` : String(value)
}
