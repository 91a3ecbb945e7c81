import { didYouMean } from '../core/did-you-mean'
import type { ErrorCause } from '../core/errors'
import { abbreviated, illegalArgument, isQueryError, QueryError } from '../core/errors'
import type { Operation } from '../core/operations'
import type { Value, ValueObject } from '../core/result'
import type { QueryParam } from '../core/store'
import { parseTimeValue } from '../core/time-value'
import { isTimeZone } from '../core/time-zone'
import type { Work } from '../core/turns'
import { isWork } from '../core/turns'
import type { JsonField, JsonNode, TokenName } from '../json/parse'
import { readJson } from './body'
import type { Decode } from './decoders/decoders'
import { OWN_FIELDS, parseBoolean } from './parameters'
import { readParams } from './submit-params'
import { readSettings } from './submit-settings'

/** The tokens that a field of a body may have, and the function that reads them. */
interface FieldType<T> {
  tokens: readonly TokenName[]
  read: (node: JsonNode, name: string) => T | Work<T>
}

const text: FieldType<string> = { tokens: ['VALUE_STRING'], read: (node) => node.text }
const boolean: FieldType<boolean> = {
  tokens: ['VALUE_BOOLEAN', 'VALUE_STRING'],
  read: (node) => parseBoolean(abbreviated(node.text)),
}
const object: FieldType<ValueObject> = {
  tokens: ['START_OBJECT'],
  read: ({ value }) => value as ValueObject,
}
const settings: FieldType<ValueObject> = { tokens: object.tokens, read: readSettings }
const anything: FieldType<Value> = {
  tokens: ['START_OBJECT', 'START_ARRAY', 'VALUE_STRING', 'VALUE_NUMBER', 'VALUE_BOOLEAN', 'VALUE_NULL'],
  read: (node) => node.value,
}
const time: FieldType<number> = {
  tokens: ['VALUE_STRING', 'VALUE_NUMBER', 'VALUE_BOOLEAN', 'VALUE_NULL'],
  read: (node, name) => {
    if (node.token !== 'VALUE_NULL') return parseTimeValue(name, abbreviated(node.text))
    throw new QueryError('illegal_state_exception', `Can't get text on a VALUE_NULL at ${position(node)}`)
  },
}
const timeZone: FieldType<string> = {
  tokens: ['VALUE_STRING'],
  read: (node) => {
    if (isTimeZone(abbreviated(node.text))) return node.text
    throw new QueryError('zone_rules_exception', `Unknown time-zone ID: ${abbreviated(node.text)}`)
  },
}
/** There may be millions. */
const params: FieldType<QueryParam[]> = {
  tokens: anything.tokens,
  read: (node) => {
    if (node.token === 'START_ARRAY') return readParams(node)
    throw illegalArgument(
      `Unexpected token [${node.token}] at ${position(node)}, expected START_ARRAY. ` +
        "Please check documentation for the correct format of the 'params' field.",
    )
  },
}

const QUERY_FIELDS = {
  query: text,
  columnar: boolean,
  filter: object,
  params,
  locale: text,
  time_zone: timeZone,
  profile: boolean,
  include_ccs_metadata: boolean,
  include_execution_metadata: boolean,
  tables: object,
  pragma: object,
  accept_pragma_risks: boolean,
  settings,
  project_routing: text,
  approximation: anything,
}

const SUBMIT_FIELDS = {
  ...QUERY_FIELDS,
  wait_for_completion_timeout: time,
  keep_alive: time,
  keep_on_completion: boolean,
}

type Field = keyof typeof SUBMIT_FIELDS

type Read<T> = T extends FieldType<infer Result> ? Result : never

export type BodyFields = { [Name in Field]?: Read<(typeof SUBMIT_FIELDS)[Name]> }

/** What Elasticsearch reads a body with: the name in its errors, and the fields it knows. */
interface BodyParser {
  name: string
  fields: Partial<typeof SUBMIT_FIELDS>
}

/** The operations that take a body. */
const PARSERS = {
  query: { name: '[esql/query]', fields: QUERY_FIELDS },
  submit: { name: '[esql/async_query]', fields: SUBMIT_FIELDS },
} as const satisfies Partial<Record<Operation, BodyParser>>

export type BodyOperation = keyof typeof PARSERS

export function takesBody(operation: Operation | undefined): operation is BodyOperation {
  return operation !== undefined && Object.hasOwn(PARSERS, operation)
}

/** Reads a body. `isLenient`: as for {@link readBodyFields}. `decode`: as for {@link readJson}. */
export function* readBody(
  content: unknown,
  operation: BodyOperation,
  isLenient = false,
  decode?: Decode,
): Work<{ root: JsonNode | undefined; fields: BodyFields }> {
  const root = yield* readJson(content, decode)
  return { root, fields: yield* readBodyFields(root, operation, isLenient) }
}

/**
 * Reads the fields of a body in their order and stops at the first fault, as Elasticsearch's parser (`RequestXContent`).
 * `isLenient`: another server reads the body, so this reads only the fields that the gateway acts on. Throws
 * `x_content_parse_exception`.
 */
export function* readBodyFields(
  root: JsonNode | undefined,
  operation: BodyOperation,
  isLenient = false,
): Work<BodyFields> {
  const parser: BodyParser = PARSERS[operation]
  if (root?.token !== 'START_OBJECT') {
    const found = root ? root.token : 'null'
    throw parseFailure(parser, root?.location ?? '[1:1]', `Expected START_OBJECT but was: ${found}`)
  }
  const isOwn = (name: string): boolean => OWN_FIELDS.includes(name) && Object.hasOwn(parser.fields, name)
  const fields: Record<string, unknown> = {}
  for (const field of root.fields) {
    if (!isLenient || isOwn(field.name)) fields[field.name] = yield* readField(parser, field)
  }
  return fields
}

function* readField(parser: BodyParser, { name, location, node }: JsonField): Work<unknown> {
  const field = Object.hasOwn(parser.fields, name) ? parser.fields[name as Field] : undefined
  if (!field) {
    const shown = abbreviated(name)
    const suggestion = didYouMean(shown, Object.keys(parser.fields))
    throw parseFailure(parser, location, `unknown field [${shown}]${suggestion ? ` ${suggestion}` : ''}`)
  }
  if (!field.tokens.includes(node.token)) {
    throw parseFailure(parser, node.location, `${name} doesn't support values of type: ${node.token}`)
  }
  try {
    const value = field.read(node, name)
    return isWork<unknown>(value) ? yield* value : value
  } catch (error) {
    if (!isQueryError(error)) throw error
    const { type, reason, causedBy } = error
    throw parseFailure(parser, node.end, `failed to parse field [${name}]`, { type, reason, causedBy })
  }
}

/** A location without its brackets, as Elasticsearch prints it inside sentences: `1:30`. */
function position({ location }: JsonNode): string {
  return location.slice(1, -1)
}

function parseFailure(
  { name }: BodyParser,
  location: string,
  reason: string,
  causedBy?: ErrorCause,
): QueryError {
  return new QueryError('x_content_parse_exception', `${location} ${name} ${reason}`, { causedBy })
}
