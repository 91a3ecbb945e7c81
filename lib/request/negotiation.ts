import { abbreviated, illegalArgument } from '../core/errors'
import type { Format } from '../formats/writer'
import type { MediaType, MediaTypeHeaders } from './media-type'

/** The formats that carry objects. Errors are written in no other. */
export type ObjectFormat = Extract<Format, 'json' | 'yaml' | 'cbor' | 'smile'>

/** What a request says about the format of its answer. */
export interface FormatRequest extends MediaTypeHeaders {
  operation: 'submit' | 'get' | 'stop'
  /** The URL parameter `format`, decoded. Empty is not the same as left out. */
  formatParameter?: string | undefined
  /** The URL parameter `delimiter` was sent, be it empty. */
  delimiterPresent: boolean
  /** Decoded, without the query string. */
  path: string
  /** From the submitted body, as are the flags below. */
  columnar?: boolean | undefined
  includeCcsMetadata?: boolean | undefined
  includeExecutionMetadata?: boolean | undefined
  profile?: boolean | undefined
}

/** How an answer is written and labelled. */
export interface NegotiatedFormat {
  format: Format
  /** The response header, exactly. */
  contentType: string
  /** CSV: whether the first line names the columns. `true` in every other format. */
  header: boolean
}

interface FormatRow<Kind extends string, F extends Format> {
  kind: Kind
  format: F
  /** What the `format` parameter calls it. */
  name: string
  /** What the headers of a request call it. */
  mediaType: string
  aliases?: readonly string[]
  /** Of the response. Left out: the media type. */
  contentType?: string
}

type ObjectRow = FormatRow<'object', ObjectFormat>
type Row = ObjectRow | FormatRow<'text', 'txt' | 'csv' | 'tsv'> | FormatRow<'arrow', 'arrow'>

const JSON_ROW: ObjectRow = {
  kind: 'object',
  format: 'json',
  name: 'json',
  mediaType: 'application/json',
  aliases: ['application/x-ndjson', 'application/*'],
}

const ROWS: readonly Row[] = [
  JSON_ROW,
  {
    kind: 'object',
    format: 'json',
    name: 'vnd_json',
    mediaType: 'application/vnd.elasticsearch+json',
    aliases: ['application/vnd.elasticsearch+x-ndjson'],
  },
  { kind: 'object', format: 'yaml', name: 'yaml', mediaType: 'application/yaml' },
  { kind: 'object', format: 'yaml', name: 'vnd_yaml', mediaType: 'application/vnd.elasticsearch+yaml' },
  { kind: 'object', format: 'cbor', name: 'cbor', mediaType: 'application/cbor' },
  { kind: 'object', format: 'cbor', name: 'vnd_cbor', mediaType: 'application/vnd.elasticsearch+cbor' },
  { kind: 'object', format: 'smile', name: 'smile', mediaType: 'application/smile' },
  { kind: 'object', format: 'smile', name: 'vnd_smile', mediaType: 'application/vnd.elasticsearch+smile' },
  {
    kind: 'text',
    format: 'txt',
    name: 'txt',
    mediaType: 'text/plain',
    aliases: ['text/vnd.elasticsearch+plain'],
  },
  {
    kind: 'text',
    format: 'csv',
    name: 'csv',
    mediaType: 'text/csv',
    aliases: ['text/vnd.elasticsearch+csv'],
    contentType: 'text/csv; charset=utf-8; header=present',
  },
  {
    kind: 'text',
    format: 'tsv',
    name: 'tsv',
    mediaType: 'text/tab-separated-values',
    aliases: ['text/vnd.elasticsearch+tab-separated-values'],
    contentType: 'text/tab-separated-values; charset=utf-8',
  },
  {
    kind: 'arrow',
    format: 'arrow',
    name: 'arrow',
    mediaType: 'application/vnd.apache.arrow.stream',
    aliases: ['application/vnd.elasticsearch+arrow+stream'],
  },
]

const BY_NAME: ReadonlyMap<string, Row> = new Map(ROWS.map((row) => [row.name, row]))
const BY_MEDIA_TYPE: ReadonlyMap<string, Row> = new Map(
  ROWS.flatMap((row) => [row.mediaType, ...(row.aliases ?? [])].map((mediaType) => [mediaType, row])),
)

const CSV_WITHOUT_HEADER: NegotiatedFormat = {
  format: 'csv',
  contentType: 'text/csv; charset=utf-8; header=absent',
  header: false,
}

/** What only objects can show, and what a submitted body calls it, in the order of Elasticsearch's checks. */
const OBJECT_FLAGS = [
  ['columnar', 'columnar'],
  ['includeCcsMetadata', 'include_ccs_metadata'],
  ['includeExecutionMetadata', 'include_execution_metadata'],
  ['profile', 'profile'],
] as const

const DIGITS = /^\d+$/

/**
 * Picks the format of an answer: by the `format` parameter, else by Accept, else by the request's Content-Type
 * (Elasticsearch's `EsqlMediaTypeParser`). Where that names no format, submit refuses and the others fall back.
 *
 * Throws `illegal_argument_exception`.
 */
export function negotiateFormat(request: FormatRequest): NegotiatedFormat {
  const { operation, delimiterPresent, path, accept, rawAccept } = request
  const asked = askedRow(request)
  if (operation === 'submit') checkSubmit(request, asked)
  if (delimiterPresent && asked?.format !== 'csv') {
    throw illegalArgument(
      `parameter: [delimiter] can only be used with the format [csv] for request [${path}]`,
    )
  }
  const row = asked ?? objectRow(request)
  if (row.format === 'csv' && isHeaderAbsent(rawAccept)) return CSV_WITHOUT_HEADER
  return { format: row.format, contentType: contentTypeOf(row, accept), header: true }
}

/**
 * The format of what is not a query: errors, and the answer to a delete. The first of the `format` parameter,
 * Accept and Content-Type that names a format of objects decides, else it is JSON.
 */
export function errorMediaType(request: MediaTypeHeaders & { formatParameter?: string | undefined }): {
  format: ObjectFormat
  contentType: string
} {
  const row = objectRow(request)
  return { format: row.format, contentType: contentTypeOf(row, request.accept) }
}

function askedRow({ formatParameter, accept, contentType }: FormatRequest): Row | undefined {
  if (formatParameter !== undefined) return rowByName(formatParameter)
  return accept ? rowOf(accept) : onlyObject(rowOf(contentType))
}

function objectRow({
  formatParameter,
  accept,
  contentType,
}: Parameters<typeof errorMediaType>[0]): ObjectRow {
  return (
    onlyObject(rowByName(formatParameter)) ??
    onlyObject(rowOf(accept)) ??
    onlyObject(rowOf(contentType)) ??
    JSON_ROW
  )
}

function onlyObject(row: Row | undefined): ObjectRow | undefined {
  return row?.kind === 'object' ? row : undefined
}

function rowByName(name: string | undefined): Row | undefined {
  return name === undefined ? undefined : BY_NAME.get(name.toLowerCase())
}

function rowOf(mediaType: MediaType | undefined): Row | undefined {
  const row = mediaType && BY_MEDIA_TYPE.get(mediaType.type)
  return row && hasKnownValues(mediaType, row) ? row : undefined
}

/** A parameter that the format defines must have a value it defines. Others are let through. */
function hasKnownValues({ type, parameters }: MediaType, { kind }: Row): boolean {
  if (parameters.size === 0) return true
  const version = parameters.get('compatible-with')
  if (version !== undefined && type.includes('/vnd.elasticsearch+') && !DIGITS.test(version)) return false
  const header = parameters.get('header')
  return header === undefined || kind === 'object' || header === 'present' || header === 'absent'
}

function checkSubmit(request: FormatRequest, asked: Row | undefined): void {
  if (asked === undefined) {
    const { rawAccept, rawContentType, formatParameter } = request
    throw illegalArgument(
      `Invalid request content type: Accept=[${abbreviated(rawAccept)}], Content-Type=[${abbreviated(rawContentType)}], format=[${abbreviated(formatParameter)}]`,
    )
  }
  if (asked.kind !== 'text') return
  for (const [flag, name] of OBJECT_FLAGS) {
    if (!request[flag]) continue
    throw illegalArgument(
      `Invalid use of [${name}] argument: cannot be used in combination with [txt, csv, tsv] formats`,
    )
  }
}

/** Only objects are labelled with the parameters of Accept, whatever decided the format. */
function contentTypeOf(row: Row, accept: MediaType | undefined): string {
  const { kind, mediaType, contentType = mediaType } = row
  if (kind !== 'object' || !accept) return contentType
  let labelled = contentType
  for (const [name, value] of accept.parameters) labelled += `;${name}=${value}`
  return labelled
}

/** Read from the raw text, because Elasticsearch finds it in a list of media types too. */
function isHeaderAbsent(rawAccept: string | undefined): boolean {
  if (rawAccept === undefined) return false
  return rawAccept
    .toLowerCase()
    .split(';')
    .some((part) => part.trim() === 'header=absent')
}
