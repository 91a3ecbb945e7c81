import type { AnySchemaObject } from 'ajv'
import { Skip } from '../answer'
import type { AnswerDocument, Content, DocumentedAnswer, DocumentedAnswers } from './answers'
import { ERROR_STATUS_OF_TYPES } from './answers'
import { schemaFaults, withoutRequired } from './schema-faults'

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

type Format = 'json' | 'yaml' | 'cbor' | 'smile'

export interface Rules {
  document: AnswerDocument
  /** Reads the bodies of each format. Left out, the bodies of that format are not looked at. */
  decoders: Readonly<Partial<Record<Format, (body: Buffer) => unknown>>>
  /** Makes a schema stricter. Only then must error types be documented. Left out, schemas stay open as they are. */
  close?: (schema: AnySchemaObject) => AnySchemaObject
}

/** Headers that this API sends or that Express adds by itself. An answer may have only those that are documented. */
const WATCHED_HEADER =
  /^(x-elastic.*|x-opaque-id|took-nanos|www-authenticate|allow|warning|etag|retry-after)$/

/** The answers to requests without an operation in the document. */
const WITHOUT_OPERATION = {
  400: 'BadRequest',
  401: 'Unauthorized',
  405: 'MethodNotAllowed',
  413: 'ContentTooLarge',
  500: 'InternalServerError',
  503: 'ServiceUnavailable',
}
const OPTIONS = { 200: 'Options' }

/** How an exchange differs from what the document says: its status, the type and the content of its body, its headers. */
export function exchangeFaults(exchange: Exchange, rules: Rules): string[] {
  const method = exchange.method.toUpperCase()
  const { status } = exchange
  const path = findPath(exchange, rules.document)
  if (!path) return ['the path is not documented']
  const responses = path[method.toLowerCase()]?.responses ?? answersWithoutOperation(method, rules)
  const response = responses[status] ?? (status >= 400 ? responses.default : undefined)
  if (!response) return ['the status is not documented']
  const headers = normalizeHeaders(exchange.headers)
  return [
    ...headerFaults(headers, response.headers ?? {}),
    ...(method === 'HEAD'
      ? headFaults(exchange, headers, response.content ?? path.get?.responses[status]?.content ?? {})
      : bodyFaults(
          exchange,
          { headers, content: response.content ?? {}, isOpen: 'default' in responses },
          rules,
        )),
  ]
}

function findPath({ path: target, prefix = '' }: Exchange, { paths }: AnswerDocument) {
  if (!target.startsWith(`${prefix}/`)) return undefined
  // A slash at the end is ignored, but an empty segment inside is an empty id.
  const requested = target
    .slice(prefix.length)
    .replace(/\?.*$/s, '')
    .replace(/(?<=.)\/+$/, '')
  const template = Object.keys(paths).find((candidate) =>
    new RegExp(`^${candidate.replace(/\{\w+\}/g, '[^/]*')}$`).test(requested),
  )
  return template === undefined ? undefined : paths[template]
}

function answersWithoutOperation(method: string, { document }: Rules): DocumentedAnswers {
  const { responses } = document.components
  return Object.fromEntries(
    Object.entries(method === 'OPTIONS' ? OPTIONS : WITHOUT_OPERATION).map(([status, name]) => {
      const response = responses[name]
      if (!response) throw new TypeError(`api-spec.yaml has no response ${name}`)
      return [status, response]
    }),
  )
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
  documented: NonNullable<DocumentedAnswer['headers']>,
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
  { headers, content, isOpen }: { headers: ReadonlyMap<string, string>; content: Content; isOpen: boolean },
  { decoders, close }: Rules,
): string[] {
  const mediaType = findMediaType(headers, content)
  if (!mediaType) return [undocumentedContentType(headers)]
  const { format, schema: documented } = mediaType
  const decode = format ? decoders[format] : documented.format === 'binary' ? decodeBytes : decodeText
  if (!decode) return []
  let value: unknown
  try {
    value = decode(body)
  } catch (error) {
    // The package that reads it is not installed.
    if (error instanceof Skip) return []
    const reason = error instanceof Error ? error.message : String(error)
    return [`the body is not what its Content-Type says: ${reason}`]
  }
  const schema = close?.(documented) ?? documented
  const isFiltered = status < 400 && /[?&]filter_path=/.test(target)
  return [
    ...schemaFaults(isFiltered ? withoutRequired(schema) : schema, value, 'body'),
    ...errorFaults(value, status, isOpen || !close),
  ]
}

/** An error shows its status and has the status of its type. If no engine can have thrown it, its type is one of ours. */
function errorFaults(value: unknown, status: number, isOpen: boolean): string[] {
  if (status < 400 || typeof value !== 'object' || value === null) return []
  const { error, status: told } = value as { error?: string | { type: string }; status?: unknown }
  // The schema says whether there has to be one.
  if (error === undefined) return []
  const faults = told === status ? [] : [`body/status is ${told}`]
  if (typeof error !== 'object') return faults
  const expected = Object.hasOwn(ERROR_STATUS_OF_TYPES, error.type)
    ? ERROR_STATUS_OF_TYPES[error.type]
    : undefined
  if (expected === undefined && !isOpen) faults.push(`the error type ${error.type} is not documented`)
  // From an Elasticsearch behind us that knows the caller but does not allow the request.
  const isForbidden = error.type === 'security_exception' && status === 403
  const isKeyReused = error.type === 'illegal_argument_exception' && status === 422
  if (expected !== undefined && expected !== status && !isForbidden && !isKeyReused)
    faults.push(`the status of ${error.type} is ${expected}`)
  return faults
}

/** The documented content that a Content-Type header names, and its format if it is one of documents. */
function findMediaType(
  headers: ReadonlyMap<string, string>,
  content: Content,
): { format: Format | undefined; schema: AnySchemaObject } | undefined {
  const contentType = headers.get('content-type') ?? ''
  // Media types of objects get the parameters of the Accept header, joined without blanks.
  const [, essence = contentType, format] =
    /^(application\/(?:vnd\.elasticsearch\+)?(json|yaml|cbor|smile))(?:;[^\s;=]+=[^;]+)*$/.exec(
      contentType,
    ) ?? []
  const found = Object.hasOwn(content, essence) ? content[essence] : undefined
  return found && { schema: found.schema, format: format as Format | undefined }
}

function undocumentedContentType(headers: ReadonlyMap<string, string>): string {
  const contentType = headers.get('content-type')
  if (contentType === undefined) return 'the header Content-Type is missing'
  return `the Content-Type ${contentType} is not documented for this answer`
}

function decodeText(body: Buffer): string {
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body)
}

function decodeBytes(body: Buffer): string {
  return body.toString('latin1')
}
