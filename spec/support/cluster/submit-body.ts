import { decode as decodeCbor } from 'cbor-x'
import { parse as decodeSmile } from 'smile-js'
import { parse as parseYaml } from 'yaml'
import { ClusterError } from './cluster-error'
import type { ObjectFormat } from './media-types'
import { readTime } from './parameters'

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

const FIELDS: readonly string[] = [
  'query',
  'columnar',
  'filter',
  'params',
  'locale',
  'time_zone',
  'profile',
  'include_ccs_metadata',
  'include_execution_metadata',
  'tables',
  'pragma',
  'accept_pragma_risks',
  'settings',
  'project_routing',
]

/** The fields that only the async API has. */
const ASYNC_FIELDS = ['wait_for_completion_timeout', 'keep_alive', 'keep_on_completion']

const DECODERS: Readonly<Record<ObjectFormat, (bytes: Buffer) => unknown>> = {
  json: (bytes) => JSON.parse(bytes.toString()),
  yaml: (bytes) => parseYaml(bytes.toString()),
  cbor: decodeCbor,
  smile: decodeSmile,
}

/** `isSync`: the body of a synchronous query. */
export function readSubmitBody(bytes: Buffer, format: ObjectFormat, isSync: boolean): Submitted {
  const parser = isSync ? 'esql/query' : 'esql/async_query'
  const known = isSync ? FIELDS : [...FIELDS, ...ASYNC_FIELDS]
  const fields = decodeObject(bytes, format, parser)
  const unknown = Object.keys(fields).find((name) => !known.includes(name))
  if (unknown !== undefined) throw parseFailure(parser, `unknown field [${unknown}]`)
  const { query, columnar, keep_on_completion } = fields
  if (typeof query !== 'string' || query.trim() === '') {
    const reason = 'Validation Failed: 1: [query] is required;'
    throw new ClusterError(400, 'action_request_validation_exception', reason)
  }
  return {
    query,
    columnar: isTrue(columnar),
    keepOnCompletion: isTrue(keep_on_completion),
    keepAliveMs: timeOf(fields, 'keep_alive', '5d'),
    waitMs: timeOf(fields, 'wait_for_completion_timeout', '1s'),
    fields,
  }
}

function decodeObject(bytes: Buffer, format: ObjectFormat, parser: string): Record<string, unknown> {
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

function timeOf(fields: Record<string, unknown>, name: string, absent: string): number {
  try {
    return readTime(String(fields[name] ?? absent), name)
  } catch (error) {
    if (!(error instanceof ClusterError)) throw error
    const causedBy = { type: error.type, reason: error.message }
    throw parseFailure('esql/async_query', `failed to parse field [${name}]`, causedBy)
  }
}

function parseFailure(
  parser: string,
  what: string,
  causedBy?: { type: string; reason: string },
): ClusterError {
  const reason = `[1:1] [${parser}] ${what}`
  return new ClusterError(400, 'x_content_parse_exception', reason, causedBy && { causedBy })
}
