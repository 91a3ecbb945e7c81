import { abbreviated, illegalArgument } from '../core/errors'
import type { QueryRequest } from '../core/store'
import type { Format, ObjectFormat } from '../formats/formats'
import { FORMAT_TABLE, FORMATS, TEXT_FORMATS } from '../formats/formats'
import type { MediaType, MediaTypeHeaders } from './media-type'

/** What a request says about the format of its answer. */
export interface FormatRequest extends MediaTypeHeaders {
  operation: 'submit' | 'get' | 'stop'
  /** The URL parameter `format`, decoded. Empty is not the same as left out. */
  formatParameter?: string | undefined
  /** The URL parameter `delimiter` was sent, be it empty. */
  delimiterPresent: boolean
  /** Decoded, without the query string. */
  path: string
  submitted?: Partial<QueryRequest> | undefined
  /** Another server writes the answer and judges the request. This refuses nothing, and falls back. */
  isLenient?: boolean
}

type ErrorRequest = MediaTypeHeaders & Pick<FormatRequest, 'formatParameter'>

/** How an answer is written and labelled. */
export interface NegotiatedFormat {
  format: Format
  /** The response header, exactly. */
  contentType: string
  /** CSV and Markdown: whether the first line names the columns. `true` in every other format. */
  header: boolean
}

type NegotiatedObjectFormat = Pick<NegotiatedFormat, 'contentType'> & { format: ObjectFormat }

/** A format under one of its names, and the label of its answers. */
interface NamedFormat {
  format: Format
  label: string
}

type NamedObjectFormat = NamedFormat & { format: ObjectFormat }

const JSON_FORMAT: NamedObjectFormat = { format: 'json', label: 'application/json' }

const BY_NAME = new Map<string, NamedFormat>()
const BY_MEDIA_TYPE = new Map<string, NamedFormat>()
for (const format of FORMATS) {
  const { mediaTypes: all, label } = FORMAT_TABLE[format]
  for (const [name, mediaTypes] of Object.entries(all)) {
    const named = { format, label: label ?? mediaTypes[0] }
    BY_NAME.set(name, named)
    for (const mediaType of mediaTypes) BY_MEDIA_TYPE.set(mediaType, named)
  }
}

/** The flags that only object formats can show, with their names in a body, in the order of Elasticsearch's checks. */
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
  const { accept, rawAccept } = request
  const asked = askedFormat(request)
  if (!request.isLenient) checkAsked(request, asked)
  const named = asked ?? objectFormat(request)
  const { format } = named
  const { labelWithoutHeader, needsHeader = false } = FORMAT_TABLE[format]
  const isWithout = (labelWithoutHeader !== undefined || needsHeader) && isHeaderAbsent(rawAccept)
  const contentType = (isWithout && labelWithoutHeader) || labelOf(named, accept)
  return { format, contentType, header: !isWithout }
}

/**
 * The format of what is not a query: errors, and the answer to a delete. The first of the `format` parameter,
 * Accept and Content-Type that names a format of objects decides, else it is JSON.
 */
export function errorMediaType(request: ErrorRequest): NegotiatedObjectFormat {
  const named = objectFormat(request)
  return { format: named.format, contentType: labelOf(named, request.accept) }
}

function askedFormat({ formatParameter, accept, contentType }: FormatRequest): NamedFormat | undefined {
  if (formatParameter !== undefined) return byName(formatParameter)
  return accept ? byMediaType(accept) : onlyObject(byMediaType(contentType))
}

function objectFormat({ formatParameter, accept, contentType }: ErrorRequest): NamedObjectFormat {
  return (
    onlyObject(byName(formatParameter)) ??
    onlyObject(byMediaType(accept)) ??
    onlyObject(byMediaType(contentType)) ??
    JSON_FORMAT
  )
}

function onlyObject(named: NamedFormat | undefined): NamedObjectFormat | undefined {
  return named && isObject(named) ? named : undefined
}

function isObject(named: NamedFormat): named is NamedObjectFormat {
  return FORMAT_TABLE[named.format].kind === 'object'
}

function byName(name: string | undefined): NamedFormat | undefined {
  return name === undefined ? undefined : BY_NAME.get(name.toLowerCase())
}

function byMediaType(mediaType: MediaType | undefined): NamedFormat | undefined {
  const named = mediaType && BY_MEDIA_TYPE.get(mediaType.type)
  return named && hasKnownValues(mediaType, named) ? named : undefined
}

/** A parameter that the format defines must have a value it defines. Others are let through. */
function hasKnownValues({ type, parameters }: MediaType, named: NamedFormat): boolean {
  if (parameters.size === 0) return true
  const version = parameters.get('compatible-with')
  if (version !== undefined && type.includes('/vnd.elasticsearch+') && !DIGITS.test(version)) return false
  const header = parameters.get('header')
  return header === undefined || isObject(named) || header === 'present' || header === 'absent'
}

function checkAsked(request: FormatRequest, asked: NamedFormat | undefined): void {
  const { operation, delimiterPresent, path } = request
  if (operation === 'submit') checkSubmit(request, asked)
  if (!delimiterPresent || asked?.format === 'csv') return
  throw illegalArgument(`parameter: [delimiter] can only be used with the format [csv] for request [${path}]`)
}

function checkSubmit(request: FormatRequest, asked: NamedFormat | undefined): void {
  if (asked === undefined) {
    const { rawAccept, rawContentType, formatParameter } = request
    throw illegalArgument(
      `Invalid request content type: Accept=[${abbreviated(rawAccept)}], Content-Type=[${abbreviated(rawContentType)}], format=[${abbreviated(formatParameter)}]`,
    )
  }
  if (FORMAT_TABLE[asked.format].kind !== 'text') return
  for (const [flag, name] of OBJECT_FLAGS) {
    if (!request.submitted?.[flag]) continue
    throw illegalArgument(
      `Invalid use of [${name}] argument: cannot be used in combination with [${TEXT_FORMATS.join(', ')}] formats`,
    )
  }
}

/** Only objects are labelled with the parameters of Accept, whatever decided the format. */
function labelOf(named: NamedFormat, accept: MediaType | undefined): string {
  if (!accept || !isObject(named)) return named.label
  return Array.from(accept.parameters).reduce(
    (label, [name, value]) => `${label};${name}=${value}`,
    named.label,
  )
}

/** Read from the raw text, because Elasticsearch finds it in a list of media types too. */
function isHeaderAbsent(rawAccept = ''): boolean {
  return /(?:^|;)\s*header=absent\s*(?:;|$)/i.test(rawAccept)
}
