import type { ErrorCause } from '../core/errors'
import { abbreviated, QueryError, RoutingError } from '../core/errors'
import { FORMAT_TABLE } from '../formats/formats'

/** One media type of a request header, in lower case. */
export interface MediaType {
  /** Without parameters: `application/json`. */
  readonly type: string
  /** In the order sent. */
  readonly parameters: ReadonlyMap<string, string>
}

/** The two headers that say what a client sends and wants. */
export interface MediaTypeHeaders {
  /** Left out where the header is missing or counts as missing: any media range, any list. */
  accept?: MediaType | undefined
  /** As `accept`. */
  contentType?: MediaType | undefined
  /** The header as sent, for the texts of errors. */
  rawAccept?: string | undefined
  rawContentType?: string | undefined
}

type HeaderName = 'Accept' | 'Content-Type'

/** The releases of Elasticsearch whose clients this package answers, as `compatible-with` names them. */
const CURRENT_MAJOR = 9
const PREVIOUS_MAJOR = 8

/** The characters of a token, RFC 9110 section 5.6.2, in lower case. */
const TOKEN = /^[a-z0-9!#$%&'*+\-.^_`|~]+$/
const DIGITS = /^\d+$/

const NO_PARAMETERS: ReadonlyMap<string, string> = new Map()

/** Everything that Elasticsearch reads as JSON. */
const JSON_TYPES: ReadonlySet<string> = new Set(Object.values(FORMAT_TABLE.json.mediaTypes).flat())

/**
 * Parses the `Accept` and `Content-Type` headers of a request, given all their values in the order sent, and checks
 * that their compatible versions are known and agree (Elasticsearch's `ParsedMediaType` and
 * `RestCompatibleVersionHelper`). Without a body, the version of the Content-Type does not matter. `isLenient`: another
 * server judges them, so that a header which this package cannot read counts as missing, but not the label of a body.
 *
 * Throws `media_type_header_exception`.
 */
export function checkMediaTypeHeaders(request: {
  accept: readonly string[]
  contentType: readonly string[]
  hasBody: boolean
  isLenient?: boolean
}): MediaTypeHeaders {
  const { accept, contentType, hasBody, isLenient = false } = request
  const headers: MediaTypeHeaders = {
    accept: readHeader('Accept', accept, isLenient),
    contentType: readHeader('Content-Type', contentType, isLenient && !hasBody),
    rawAccept: accept[0],
    rawContentType: contentType[0],
  }
  if (!isLenient) checkVersions(headers, hasBody)
  return headers
}

/** Whether a text, such as the value of `source_content_type`, names what Elasticsearch reads as JSON. */
export function isJsonMediaType(text: string): boolean {
  const [essence = ''] = text.toLowerCase().split(';')
  return JSON_TYPES.has(essence.trim())
}

/** Throws the 406 for a body that is not labelled as JSON, the only format this package reads. */
export function checkBodyMediaType({ contentType, rawContentType }: MediaTypeHeaders): void {
  if (rawContentType === undefined) throw new RoutingError(406, 'Content-Type header is missing')
  if (contentType && JSON_TYPES.has(contentType.type)) return
  throw new RoutingError(406, `Content-Type header [${abbreviated(rawContentType)}] is not supported`)
}

function readHeader(name: HeaderName, values: readonly string[], isLenient: boolean): MediaType | undefined {
  const [header] = values
  if (header === undefined) return undefined
  // One value is handed on.
  if (values.length > 1)
    throw malformed(name, `Incorrect header [${name}]. Only one value should be provided`)
  try {
    if (header.trim() === '') throw malformed(name, `Header [${name}] cannot be empty.`)
    return parseMediaType(name, header)
  } catch (error) {
    if (isLenient) return undefined
    throw error
  }
}

function parseMediaType(name: HeaderName, header: string): MediaType | undefined {
  if (header === '*/*' || header.includes(',')) return undefined
  const [essence = '', ...parameters] = split(header.toLowerCase(), ';')
  const [type = '', subtype = '', ...rest] = split(essence, '/').map((part) => part.trim())
  if (rest.length > 0 || !TOKEN.test(type) || !TOKEN.test(subtype)) {
    throw malformed(name, `invalid media-type [${abbreviated(header)}]`)
  }
  return { type: `${type}/${subtype}`, parameters: parseParameters(name, header, parameters) }
}

function parseParameters(
  name: HeaderName,
  header: string,
  texts: readonly string[],
): ReadonlyMap<string, string> {
  const given = texts.map((text) => text.trim()).filter((text) => text !== '')
  if (given.length === 0) return NO_PARAMETERS
  const parameters = new Map<string, string>()
  for (const text of given) {
    const [key = '', value = '', ...rest] = split(text, '=')
    // Blanks around the equals sign are refused, elsewhere they are not.
    const isWellFormed = key !== '' && key === key.trimEnd() && value !== '' && value === value.trimStart()
    if (rest.length > 0 || !isWellFormed) {
      throw malformed(name, `invalid parameters for header [${abbreviated(header)}]`)
    }
    parameters.set(key, value)
  }
  return parameters
}

/** As Java splits: empty parts at the end do not count, so that `a/b;` and `boundary=x=` are fine. */
function split(text: string, separator: string): string[] {
  const parts = text.split(separator)
  while (parts.at(-1) === '') parts.pop()
  return parts
}

function checkVersions(headers: MediaTypeHeaders, hasBody: boolean): void {
  const { accept, contentType, rawAccept, rawContentType } = headers
  const acceptVersion = checkVersion('Accept', accept, rawAccept)
  if (!hasBody) return
  const contentTypeVersion = checkVersion('Content-Type', contentType, rawContentType)
  if (acceptVersion === contentTypeVersion) return

  const mustMatch =
    (acceptVersion ?? CURRENT_MAJOR) === (contentTypeVersion ?? CURRENT_MAJOR)
      ? ''
      : ' and the compatible versions must match'
  throw badVersion(
    'A compatible version is required on both Content-Type and Accept headers if either one has requested a compatible version' +
      `${mustMatch}. Accept=${abbreviated(accept && rawAccept)}, Content-Type=${abbreviated(contentType && rawContentType)}`,
  )
}

function checkVersion(
  name: HeaderName,
  mediaType: MediaType | undefined,
  header: string | undefined,
): number | undefined {
  const text = mediaType?.parameters.get('compatible-with')
  if (text === undefined) return undefined
  const version = DIGITS.test(text) ? Number(text) : Number.NaN
  if (version === CURRENT_MAJOR || version === PREVIOUS_MAJOR) return version
  throw badVersion(
    `${name} version must be either version ${CURRENT_MAJOR} or ${PREVIOUS_MAJOR}, but found ${abbreviated(text)}. ${name}=${abbreviated(header)}`,
  )
}

function malformed(name: HeaderName, reason: string): QueryError {
  return mediaTypeHeaderError(name, { type: 'illegal_argument_exception', reason })
}

/** Elasticsearch blames both headers for a version, whichever is wrong. */
function badVersion(reason: string): QueryError {
  return mediaTypeHeaderError('Accept, Content-Type', { type: 'status_exception', reason })
}

function mediaTypeHeaderError(names: string, causedBy: ErrorCause): QueryError {
  const reason = `Invalid media-type value on headers [${names}]`
  return new QueryError('media_type_header_exception', reason, { causedBy })
}
