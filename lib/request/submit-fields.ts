import { didYouMean } from '../core/did-you-mean'
import type { ErrorCause } from '../core/errors'
import { abbreviated, illegalArgument, isQueryError, QueryError } from '../core/errors'
import type { Value, ValueObject } from '../core/result'
import type { QueryParam } from '../core/store'
import { parseTimeValue } from '../core/time-value'
import { isTimeZone } from '../core/time-zone'
import type { Work } from '../core/turns'
import type { JsonField, JsonNode, TokenName } from '../json/parse'
import { readJson } from './body'
import { parseBoolean } from './parameters'
import { readParams } from './submit-params'

/** The tokens that a field of the submit body may have, and the function that reads them. */
interface FieldType<T> {
  tokens: readonly TokenName[]
  read: (node: JsonNode, name: string) => T
}

/** The name of Elasticsearch's parser in its errors. */
const PARSER = '[esql/async_query]'

const text: FieldType<string> = { tokens: ['VALUE_STRING'], read: (node) => node.text }
const boolean: FieldType<boolean> = {
  tokens: ['VALUE_BOOLEAN', 'VALUE_STRING'],
  read: (node) => parseBoolean(abbreviated(node.text)),
}
const object: FieldType<ValueObject> = {
  tokens: ['START_OBJECT'],
  read: ({ value }) => value as ValueObject,
}
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
const params: FieldType<Work<QueryParam[]>> = {
  tokens: anything.tokens,
  read: (node) => {
    if (node.token === 'START_ARRAY') return readParams(node)
    throw illegalArgument(
      `Unexpected token [${node.token}] at ${position(node)}, expected START_ARRAY. ` +
        "Please check documentation for the correct format of the 'params' field.",
    )
  },
}

const FIELDS = {
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
  settings: object,
  project_routing: text,
  approximation: anything,
  wait_for_completion_timeout: time,
  keep_alive: time,
  keep_on_completion: boolean,
}

type Outcome<T> = T extends Work<infer Result> ? Result : T

export type BodyFields = {
  [Name in keyof typeof FIELDS]?: Outcome<ReturnType<(typeof FIELDS)[Name]['read']>>
}

/** Reads the body of a submit. */
export function* readBody(content: unknown): Work<{ root: JsonNode | undefined; fields: BodyFields }> {
  const root = yield* readJson(content)
  return { root, fields: yield* readBodyFields(root) }
}

/**
 * Reads the fields of a submit body in their order and stops at the first fault, as Elasticsearch's parser
 * (`RequestXContent`). Throws `x_content_parse_exception`.
 */
export function* readBodyFields(root: JsonNode | undefined): Work<BodyFields> {
  if (root?.token !== 'START_OBJECT') {
    const found = root ? root.token : 'null'
    throw parseFailure(root?.location ?? '[1:1]', `Expected START_OBJECT but was: ${found}`)
  }
  const fields: Record<string, unknown> = {}
  for (const field of root.fields) fields[field.name] = yield* readField(field)
  return fields
}

function* readField({ name, location, node }: JsonField): Work<unknown> {
  if (!isFieldName(name)) {
    const shown = abbreviated(name)
    const suggestion = didYouMean(shown, Object.keys(FIELDS))
    throw parseFailure(location, `unknown field [${shown}]${suggestion ? ` ${suggestion}` : ''}`)
  }
  const { tokens, read } = FIELDS[name]
  if (!tokens.includes(node.token)) {
    throw parseFailure(node.location, `${name} doesn't support values of type: ${node.token}`)
  }
  try {
    const value = read(node, name)
    return name === 'params' ? yield* value as Work<QueryParam[]> : value
  } catch (error) {
    if (!isQueryError(error)) throw error
    const { type, reason, causedBy } = error
    throw parseFailure(node.end, `failed to parse field [${name}]`, { type, reason, causedBy })
  }
}

function isFieldName(name: string): name is keyof typeof FIELDS {
  return Object.hasOwn(FIELDS, name)
}

/** A location without its brackets, as Elasticsearch prints it inside sentences: `1:30`. */
function position({ location }: JsonNode): string {
  return location.slice(1, -1)
}

function parseFailure(location: string, reason: string, causedBy?: ErrorCause): QueryError {
  return new QueryError('x_content_parse_exception', `${location} ${PARSER} ${reason}`, { causedBy })
}
