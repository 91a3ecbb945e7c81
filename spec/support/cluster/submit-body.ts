import { decode as decodeCbor } from 'cbor-x'
import { parse as decodeSmile } from 'smile-js'
import { parse as parseYaml } from 'yaml'
import { ClusterError } from './cluster-error'
import type { News } from './flavour'
import type { ObjectFormat } from './media-types'
import { readTime } from './parameters'
import { suggestions } from './suggestions'

/** The parts of a submitted body that the stand-in uses. */
export interface Submitted {
  query: string
  columnar: boolean
  keepOnCompletion: boolean
  keepAliveMs: number
  waitMs: number
  /** The whole body, decoded. Integers beyond 2^53 are inexact here; a recorded request has the bytes. */
  fields: Record<string, unknown>
}

type Kind = 'text' | 'boolean' | 'object' | 'zone' | 'params' | 'anything'

/** What a field may hold. */
const FIELDS: Readonly<Record<string, Kind>> = {
  query: 'text',
  columnar: 'boolean',
  filter: 'object',
  params: 'params',
  locale: 'text',
  time_zone: 'zone',
  profile: 'boolean',
  include_ccs_metadata: 'boolean',
  include_execution_metadata: 'boolean',
  tables: 'object',
  pragma: 'object',
  accept_pragma_risks: 'boolean',
  settings: 'object',
  project_routing: 'text',
  approximation: 'anything',
}

/** The fields that only the async API has. */
const ASYNC_FIELDS: Readonly<Record<string, Kind>> = {
  wait_for_completion_timeout: 'anything',
  keep_alive: 'anything',
  keep_on_completion: 'boolean',
}

const SETTINGS = ['time_zone', 'approximation', 'project_routing', 'column_metadata']

/** What reads a body, and what that knows. */
interface Parser {
  name: string
  fields: Readonly<Record<string, Kind>>
  news: News
}

const DECODERS: Readonly<Record<ObjectFormat, (bytes: Buffer) => unknown>> = {
  json: (bytes) => JSON.parse(bytes.toString()),
  yaml: (bytes) => parseYaml(bytes.toString()),
  cbor: decodeCbor,
  smile: decodeSmile,
}

/** `isSync`: the body of a synchronous query. */
export function readSubmitBody(bytes: Buffer, format: ObjectFormat, isSync: boolean, news: News): Submitted {
  const parser = isSync
    ? { name: 'esql/query', fields: FIELDS, news }
    : { name: 'esql/async_query', fields: { ...FIELDS, ...ASYNC_FIELDS }, news }
  const fields = decodeObject(bytes, format, parser)
  for (const [name, value] of Object.entries(fields)) checkField(parser, name, value)
  const { query, columnar, keep_on_completion, include_ccs_metadata, include_execution_metadata } = fields
  if (typeof query !== 'string' || query.trim() === '') {
    const reason = 'Validation Failed: 1: [query] is required;'
    throw new ClusterError(400, 'action_request_validation_exception', reason)
  }
  if (isTrue(include_ccs_metadata) && isTrue(include_execution_metadata)) {
    const reason =
      'Both [include_execution_metadata] and [include_ccs_metadata] query parameters are set. Use only one'
    throw new ClusterError(400, 'verification_exception', reason)
  }
  return {
    query,
    columnar: isTrue(columnar),
    keepOnCompletion: isTrue(keep_on_completion),
    keepAliveMs: timeOf(parser, fields, 'keep_alive', '5d'),
    waitMs: timeOf(parser, fields, 'wait_for_completion_timeout', '1s'),
    fields,
  }
}

function checkField(parser: Parser, name: string, value: unknown): void {
  const { fields, news } = parser
  if (news.fields?.includes(name)) return
  const kind = Object.hasOwn(fields, name) ? fields[name] : undefined
  if (!kind) throw parseFailure(parser, `unknown field [${name}]${suggestions(name, Object.keys(fields))}`)
  if (name === 'settings') checkSettings(parser, value)
  const fault = CHECKS[kind](value)
  if (fault === undefined) return
  if (fault === '') throw parseFailure(parser, `${name} doesn't support values of type: ${tokenOf(value)}`)
  const type = kind === 'zone' ? 'zone_rules_exception' : 'illegal_argument_exception'
  throw parseFailure(parser, `failed to parse field [${name}]`, { type, reason: fault })
}

/** What is wrong with a value. Empty: its type. */
const CHECKS: Readonly<Record<Kind, (value: unknown) => string | undefined>> = {
  text: (value) => (typeof value === 'string' ? undefined : ''),
  boolean: (value) => {
    if (typeof value === 'boolean' || value === 'true' || value === 'false') return undefined
    if (typeof value !== 'string') return ''
    return `Failed to parse value [${value}] as only [true] or [false] are allowed.`
  },
  object: (value) => (tokenOf(value) === 'START_OBJECT' ? undefined : ''),
  zone: (value) => {
    if (typeof value !== 'string') return ''
    return isZone(value) ? undefined : `Unknown time-zone ID: ${value}`
  },
  params: (value) => {
    if (Array.isArray(value)) return isMixed(value) ? MIXED_PARAMS : undefined
    return `Unexpected token [${tokenOf(value)}] at 1:1, expected START_ARRAY. Please check documentation for the correct format of the 'params' field.`
  },
  anything: () => undefined,
}

const MIXED_PARAMS = 'Failed to parse params: Params cannot contain both named and unnamed parameters'

function isMixed(params: readonly unknown[]): boolean {
  const named = params.filter((param) => tokenOf(param) === 'START_OBJECT').length
  return named > 0 && named < params.length
}

function checkSettings(parser: Parser, value: unknown): void {
  const known = [...SETTINGS, ...(parser.news.settings ?? [])]
  const unknown = Object.keys(Object(value)).find((name) => !known.includes(name))
  if (unknown !== undefined) throw parseFailure(parser, `[settings] unknown field [${unknown}]`)
}

function tokenOf(value: unknown): string {
  if (value === null) return 'VALUE_NULL'
  if (typeof value === 'object') return Array.isArray(value) ? 'START_ARRAY' : 'START_OBJECT'
  return `VALUE_${(typeof value).toUpperCase()}`
}

function isZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }) !== undefined
  } catch {
    return name === 'Z'
  }
}

function decodeObject(bytes: Buffer, format: ObjectFormat, parser: Parser): Record<string, unknown> {
  let value: unknown
  try {
    value = DECODERS[format](bytes)
  } catch (error) {
    const causedBy = { type: 'json_parse_exception', reason: String(error) }
    throw new ClusterError(400, 'x_content_parse_exception', `[1:1] ${error}`, { causedBy })
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as never
  throw parseFailure(parser, 'Expected START_OBJECT but was: START_ARRAY')
}

function isTrue(value: unknown): boolean {
  return value === true || value === 'true'
}

function timeOf(parser: Parser, fields: Record<string, unknown>, name: string, absent: string): number {
  try {
    return readTime(String(fields[name] ?? absent), name)
  } catch (error) {
    if (!(error instanceof ClusterError)) throw error
    const causedBy = { type: error.type, reason: error.message }
    throw parseFailure(parser, `failed to parse field [${name}]`, causedBy)
  }
}

function parseFailure(
  { name }: Parser,
  what: string,
  causedBy?: { type: string; reason: string },
): ClusterError {
  const reason = `[1:1] [${name}] ${what}`
  return new ClusterError(400, 'x_content_parse_exception', reason, causedBy && { causedBy })
}
