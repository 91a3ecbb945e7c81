import type { IncomingMessage } from 'node:http'
import type { Format } from '../../../lib/formats/formats'
import type { Cause } from './cluster-error'
import { ClusterError, illegalArgument, PlainError } from './cluster-error'
import type { NewFormat, News } from './flavour'

export type ObjectFormat = 'json' | 'yaml' | 'cbor' | 'smile'

/** A media type of a request, in lower case. */
interface MediaType {
  header: string
  essence: string
  parameters: [name: string, value: string][]
}

/** The media types in the headers of a request. */
export interface MediaTypes {
  accept: MediaType | undefined
  contentType: MediaType | undefined
  /** As sent. */
  headers: { accept: string | undefined; contentType: string | undefined }
}

export interface ResponseFormat {
  format: Format
  contentType: string
  header: boolean
  /** Of a format of the future. */
  write?: NewFormat['write']
}

const TEXT_TYPES: Readonly<Record<string, [format: Format, contentType: string]>> = {
  txt: ['txt', 'text/plain'],
  csv: ['csv', 'text/csv; charset=utf-8; header=present'],
  tsv: ['tsv', 'text/tab-separated-values; charset=utf-8'],
  md: ['md', 'text/markdown; charset=utf-8'],
  arrow: ['arrow', 'application/vnd.apache.arrow.stream'],
}

const OBJECT_TYPE = /^application\/(?:vnd\.elasticsearch\+)?(json|yaml|cbor|smile)$/

const ALIASES: Readonly<Record<string, string>> = {
  'application/*': 'json',
  'text/plain': 'txt',
  'text/csv': 'csv',
  'text/tab-separated-values': 'tsv',
  'text/markdown': 'md',
  'application/vnd.apache.arrow.stream': 'arrow',
}

/** Reads and checks the headers, including versions. An 8.x server refuses `compatible-with=9`. */
export function readMediaTypes(request: IncomingMessage, hasBody: boolean, major: number): MediaTypes {
  const accept = parse(request, 'accept', 'Accept')
  const contentType = parse(request, 'content-type', 'Content-Type')
  const wanted = versionOf(accept)
  checkVersion(accept, wanted, 'Accept', major)
  if (hasBody) {
    const sent = versionOf(contentType)
    checkVersion(contentType, sent, 'Content-Type', major)
    if (wanted !== sent) {
      throw headerError('Accept, Content-Type', {
        type: 'status_exception',
        reason:
          'A compatible version is required on both Content-Type and Accept headers if either one has requested ' +
          `a compatible version (and the compatible versions must match). Accept=${accept?.header ?? null}, ` +
          `Content-Type=${contentType?.header ?? null}`,
      })
    }
  }
  const { accept: sentAccept, 'content-type': sentType } = request.headers
  return { accept, contentType, headers: { accept: sentAccept, contentType: sentType } }
}

/** How to read a body. Throws 406 for an unknown media type. */
export function bodyFormat({ contentType, headers }: MediaTypes): ObjectFormat {
  if (headers.contentType === undefined) throw new PlainError(406, 'Content-Type header is missing')
  const [, format] = OBJECT_TYPE.exec(contentType?.essence ?? '') ?? []
  if (!format) throw new PlainError(406, `Content-Type header [${headers.contentType}] is not supported`)
  return format as ObjectFormat
}

/** `format`, else Accept, else Content-Type. An unknown format leads to JSON for get and stop, and to 400 for submit. */
export function resolveFormat(
  mediaTypes: MediaTypes,
  formatParameter: string | undefined,
  isStrict: boolean,
  { formats = {} }: News = {},
): ResponseFormat {
  const { accept, contentType, headers } = mediaTypes
  const named = formatParameter ?? accept?.essence ?? ''
  const future = Object.hasOwn(formats, named) ? formats[named] : undefined
  if (future) return { format: 'txt', header: true, ...future }
  const resolved =
    formatParameter === undefined
      ? (byMediaType(accept, accept) ?? (accept ? undefined : byMediaType(contentType, undefined)))
      : byName(formatParameter.toLowerCase(), accept)
  if (resolved) return resolved
  if (!isStrict) return { format: 'json', contentType: 'application/json', header: true }
  const { accept: a = null, contentType: c = null } = headers
  throw illegalArgument(
    `Invalid request content type: Accept=[${a}], Content-Type=[${c}], format=[${formatParameter ?? null}]`,
  )
}

/** The format of errors, which is always one for objects. */
export function errorFormat(mediaTypes: MediaTypes | undefined, formatParameter: string | undefined) {
  const { accept, contentType } = mediaTypes ?? {}
  const candidates = [
    formatParameter === undefined ? undefined : byName(formatParameter.toLowerCase(), accept),
    byMediaType(accept, accept),
    byMediaType(contentType, undefined),
  ]
  const found = candidates.find((candidate) => candidate && !Object.hasOwn(TEXT_TYPES, candidate.format))
  return found ?? { format: 'json' as const, contentType: 'application/json', header: true }
}

function byName(name: string, accept: MediaType | undefined): ResponseFormat | undefined {
  const text = Object.hasOwn(TEXT_TYPES, name) ? TEXT_TYPES[name] : undefined
  if (text) return textFormat(text, accept)
  const [, vendor, format] = /^(vnd_)?(json|yaml|cbor|smile)$/.exec(name) ?? []
  if (!format) return undefined
  return objectFormat(`application/${vendor ? 'vnd.elasticsearch+' : ''}${format}`, format, accept)
}

function byMediaType(
  mediaType: MediaType | undefined,
  accept: MediaType | undefined,
): ResponseFormat | undefined {
  if (!mediaType) return undefined
  const [, format] = OBJECT_TYPE.exec(mediaType.essence) ?? []
  if (format) return objectFormat(mediaType.essence, format, accept)
  const alias = Object.hasOwn(ALIASES, mediaType.essence) ? ALIASES[mediaType.essence] : undefined
  return alias === undefined ? undefined : byName(alias, accept)
}

function objectFormat(essence: string, format: string, accept: MediaType | undefined): ResponseFormat {
  const parameters = (accept?.parameters ?? []).map(([name, value]) => `;${name}=${value}`)
  return { format: format as ObjectFormat, contentType: essence + parameters.join(''), header: true }
}

function textFormat([format, contentType]: [Format, string], accept: MediaType | undefined): ResponseFormat {
  const isAbsent =
    (format === 'csv' || format === 'md') &&
    accept?.parameters.some(([name, value]) => name === 'header' && value === 'absent')
  if (!isAbsent) return { format, contentType, header: true }
  return { format, contentType: contentType.replace('present', 'absent'), header: false }
}

function parse(
  request: IncomingMessage,
  name: 'accept' | 'content-type',
  shown: string,
): MediaType | undefined {
  const [header, ...more] = request.headersDistinct[name] ?? []
  const invalid = (reason: string) => headerError(shown, { type: 'illegal_argument_exception', reason })
  if (header === undefined) return undefined
  if (more.length > 0) throw invalid(`Incorrect header [${shown}]. Only one value should be provided`)
  if (header.trim() === '') throw invalid(`Header [${shown}] cannot be empty.`)
  // Elasticsearch ignores a list.
  if (header === '*/*' || header.includes(',')) return undefined
  const [essence = '', ...parameters] = header.toLowerCase().split(/\s*;\s*/)
  if (!/^[^/\s]+\/[^/\s]+$/.test(essence)) throw invalid(`invalid media-type [${header}]`)
  return {
    header,
    essence,
    parameters: parameters.filter(Boolean).map((parameter) => {
      const [key = '', value, ...rest] = parameter.split('=')
      if (value === undefined || rest.length > 0) throw invalid(`invalid parameters for header [${header}]`)
      return [key, value]
    }),
  }
}

function versionOf(mediaType: MediaType | undefined): number | undefined {
  if (!mediaType?.essence.includes('/vnd.elasticsearch+')) return undefined
  const [, version] = mediaType.parameters.find(([name]) => name === 'compatible-with') ?? []
  return version === undefined ? undefined : Number(version)
}

function checkVersion(
  mediaType: MediaType | undefined,
  version: number | undefined,
  name: string,
  major: number,
): void {
  if (version === undefined || version === major || version === major - 1) return
  throw headerError(name, {
    type: 'status_exception',
    reason:
      `${name} version must be either version ${major} or ${major - 1}, but found ${version}. ` +
      `${name}=${mediaType?.header}`,
  })
}

function headerError(names: string, causedBy: Cause): ClusterError {
  const reason = `Invalid media-type value on headers [${names}]`
  return new ClusterError(400, 'media_type_header_exception', reason, { causedBy })
}
