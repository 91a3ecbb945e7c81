import { AssertionError } from 'node:assert'
import { STATUS_CODES } from 'node:http'
import type { AnySchemaObject } from 'ajv'
import { decode as decodeCbor } from 'cbor-x'
import { parse as decodeSmile } from 'smile-js'
import { parse as parseYaml } from 'yaml'
import type { Content, ErrorBody, PathItem, ResponseObject, Responses } from './api-document'
import { apiSpec, documentedErrors } from './api-document'
import { closed, schemaFaults, withoutRequired } from './api-schema'

/** One request and its answer, as they went over the wire. */
export interface Exchange {
  method: string
  /** As requested, including mount prefix and query string. */
  path: string
  /** Where the router is mounted. @default '' */
  prefix?: string
  status: number
  headers: Readonly<Record<string, string | readonly string[] | number | undefined>>
  /** Exactly as received. Empty for a HEAD request. */
  body: Buffer
}

/** The answers to requests without an operation in the document. */
const WITHOUT_OPERATION: Responses = pickResponses({
  400: 'BadRequest',
  401: 'Unauthorized',
  405: 'MethodNotAllowed',
  413: 'ContentTooLarge',
  500: 'InternalServerError',
  503: 'ServiceUnavailable',
})
const OPTIONS: Responses = pickResponses({ 200: 'Options' })

/** Headers that this API sends or that Express adds by itself. An answer may have only those that are documented. */
const WATCHED_HEADER =
  /^(x-elastic.*|x-opaque-id|took-nanos|www-authenticate|allow|warning|etag|retry-after)$/

const DECODERS: Readonly<Record<string, (body: Buffer) => unknown>> = {
  json: (body) => JSON.parse(decodeText(body)),
  yaml: (body) => parseYaml(decodeText(body)),
  cbor: (body) => asNumbers(decodeCbor(body)),
  smile: (body) => asNumbers(decodeSmile(body)),
}

/**
 * Throws an `AssertionError` that lists how an exchange differs from what `api-spec.yaml` says: its status, the
 * type and the content of its body, its headers.
 */
export function assertDocumented(exchange: Exchange): void {
  const faults = faultsOf({ ...exchange, method: exchange.method.toUpperCase() })
  if (faults.length === 0) return
  const { method, path: target, status } = exchange
  const answer = `${method} ${target} answered ${status} ${STATUS_CODES[status] ?? ''}`.trimEnd()
  throw new AssertionError({
    message: [`${answer}, not as api-spec.yaml says:`, ...faults].join('\n- '),
    stackStartFn: assertDocumented,
  })
}

function faultsOf(exchange: Exchange): string[] {
  const { method, status } = exchange
  const pathItem = findPathItem(exchange)
  if (!pathItem) return ['the path is not documented']
  const responses = responsesOf(pathItem, method)
  const response = responses[status] ?? (status >= 400 ? responses.default : undefined)
  if (!response) return ['the status is not documented']
  const headers = normalizeHeaders(exchange.headers)
  return [
    ...headerFaults(headers, response.headers ?? {}),
    ...(method === 'HEAD'
      ? headFaults(exchange, headers, response.content ?? pathItem.get?.responses[status]?.content ?? {})
      : bodyFaults(exchange, headers, response.content ?? {}, !responses.default)),
  ]
}

function findPathItem({ path: target, prefix = '' }: Exchange): PathItem | undefined {
  if (!target.startsWith(`${prefix}/`)) return undefined
  // A slash at the end is ignored, but an empty segment inside is an empty id.
  const requested = target
    .slice(prefix.length)
    .replace(/\?.*$/s, '')
    .replace(/(?<=.)\/+$/, '')
  const template = Object.keys(apiSpec.paths).find((candidate) =>
    new RegExp(`^${candidate.replace(/\{\w+\}/g, '[^/]*')}$`).test(requested),
  )
  return template === undefined ? undefined : apiSpec.paths[template]
}

function responsesOf(pathItem: PathItem, method: string): Responses {
  const operation = pathItem[method.toLowerCase()]
  if (operation) return operation.responses
  return method === 'OPTIONS' ? OPTIONS : WITHOUT_OPERATION
}

function normalizeHeaders(headers: Exchange['headers']): Map<string, string> {
  return new Map(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name.toLowerCase(), [value].flat().join(', ')] as const],
    ),
  )
}

function headerFaults(
  headers: ReadonlyMap<string, string>,
  documented: NonNullable<ResponseObject['headers']>,
): string[] {
  const known = new Set(Object.keys(documented).map((name) => name.toLowerCase()))
  const unannounced = [...headers.keys()].filter((name) => WATCHED_HEADER.test(name) && !known.has(name))
  return [
    ...unannounced.map((name) => `the header ${name} is not documented for this answer`),
    ...Object.entries(documented).flatMap(([name, { required = false, schema }]) => {
      const value = headers.get(name.toLowerCase())
      if (value === undefined) return required ? [`the header ${name} is missing`] : []
      return schemaFaults(schema, value, `the header ${name}`)
    }),
  ]
}

function headFaults({ body }: Exchange, headers: ReadonlyMap<string, string>, content: Content): string[] {
  return [
    ...(body.length > 0 ? ['the answer to a HEAD request has a body'] : []),
    ...(findMediaType(headers, content) ? [] : [undocumentedContentType(headers)]),
  ]
}

function bodyFaults(
  { path: target, status, body }: Exchange,
  headers: ReadonlyMap<string, string>,
  content: Content,
  isClosed: boolean,
): string[] {
  const mediaType = findMediaType(headers, content)
  if (!mediaType) return [undocumentedContentType(headers)]
  const { decode, schema } = mediaType
  let value: unknown
  try {
    value = decode(body)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return [`the body is not what its Content-Type says: ${reason}`]
  }
  const isFiltered = status < 400 && /[?&]filter_path=/.test(target)
  return [
    ...schemaFaults(isFiltered ? withoutRequired(closed(schema)) : closed(schema), value, 'body'),
    ...errorFaults(value, status, isClosed),
  ]
}

/** An error shows its status and has the status of its type. If no engine can have thrown it, its type is one of ours. */
function errorFaults(value: unknown, status: number, isClosed: boolean): string[] {
  if (status < 400 || typeof value !== 'object' || value === null) return []
  const { error, status: told } = value as { error?: string | ErrorBody; status?: unknown }
  // The schema says whether there has to be one.
  if (error === undefined) return []
  const faults = told === status ? [] : [`body/status is ${told}`]
  if (typeof error !== 'object') return faults
  const expected = Object.hasOwn(documentedErrors, error.type) ? documentedErrors[error.type] : undefined
  if (expected === undefined && isClosed) faults.push(`the error type ${error.type} is not documented`)
  // From an Elasticsearch behind us that knows the caller but does not allow the request.
  const isForbidden = error.type === 'security_exception' && status === 403
  const isKeyReused = error.type === 'illegal_argument_exception' && status === 422
  if (expected !== undefined && expected !== status && !isForbidden && !isKeyReused)
    faults.push(`the status of ${error.type} is ${expected}`)
  return faults
}

/** The documented content that a Content-Type header names, and how to read it. */
function findMediaType(
  headers: ReadonlyMap<string, string>,
  content: Content,
): { decode: (body: Buffer) => unknown; schema: AnySchemaObject } | undefined {
  const contentType = headers.get('content-type') ?? ''
  // Media types of objects get the parameters of the Accept header, joined without blanks.
  const [, essence = contentType, kind] =
    /^(application\/(?:vnd\.elasticsearch\+)?(json|yaml|cbor|smile))(?:;[^\s;=]+=[^;]+)*$/.exec(
      contentType,
    ) ?? []
  if (!Object.hasOwn(content, essence)) return undefined
  const { schema } = content[essence] as Content[string]
  const decodeRest = schema.format === 'binary' ? decodeBytes : decodeText
  return { schema, decode: (kind && DECODERS[kind]) || decodeRest }
}

function undocumentedContentType(headers: ReadonlyMap<string, string>): string {
  const contentType = headers.get('content-type')
  if (contentType === undefined) return 'the header Content-Type is missing'
  return `the Content-Type ${contentType} is not documented for this answer`
}

/** Decoders give bigints where JSON Schema expects integers. */
function asNumbers(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value)
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(asNumbers)
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, asNumbers(item)]))
}

function decodeText(body: Buffer): string {
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body)
}

function decodeBytes(body: Buffer): string {
  return body.toString('latin1')
}

function pickResponses(names: Readonly<Record<number, string>>): Responses {
  const { responses } = apiSpec.components
  return Object.fromEntries(
    Object.entries(names).map(([status, name]) => {
      const response = responses[name]
      if (!response) throw new TypeError(`api-spec.yaml has no response ${name}`)
      return [status, response]
    }),
  )
}
