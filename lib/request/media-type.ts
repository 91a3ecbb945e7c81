import type { ErrorCause } from '../core/errors'
import { abbreviated, QueryError, RoutingError } from '../core/errors'
import type { JsonLabel } from '../core/pass-through'
import type { ObjectFormat } from '../formats/formats'
import { FORMAT_TABLE, OBJECT_FORMATS } from '../formats/formats'

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

/** A token, RFC 9110 section 5.6.2, in lower case. */
const TOKEN_CHARACTERS = "[a-z0-9!#$%&'*+\\-.^_`|~]+"
const TOKEN = new RegExp(`^${TOKEN_CHARACTERS}$`)
/** A media type without parameters and blanks, as nearly all clients send it. */
const PLAIN = new RegExp(`^${TOKEN_CHARACTERS}/${TOKEN_CHARACTERS}$`, 'i')
const DIGITS = /^\d+$/

const NO_PARAMETERS: ReadonlyMap<string, string> = new Map()

/** The formats of bodies, by everything that Elasticsearch calls them. */
const BODY_FORMATS: ReadonlyMap<string, ObjectFormat> = new Map(
  OBJECT_FORMATS.flatMap((format) =>
    Object.values(FORMAT_TABLE[format].mediaTypes).flatMap((types) =>
      types.map((type) => [type, format] as const),
    ),
  ),
)

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

/** The format of a body that a text names, such as the value of `source_content_type`. */
export function bodyFormatOf(text: string): ObjectFormat | undefined {
  const [essence = ''] = text.toLowerCase().split(';')
  return BODY_FORMATS.get(essence.trim())
}

/** The format that a body is labelled as. Throws the 406 for a body without such a label. */
export function checkBodyMediaType(headers: MediaTypeHeaders): ObjectFormat {
  const { contentType, rawContentType } = headers
  if (rawContentType === undefined) throw new RoutingError(406, 'Content-Type header is missing')
  const format = contentType && BODY_FORMATS.get(contentType.type)
  if (format) return format
  throw unsupportedBody(headers)
}

/** The 406 for a body that cannot be read here. `cause` is for the log. */
export function unsupportedBody({ rawContentType }: MediaTypeHeaders, cause?: unknown): RoutingError {
  const reason = `Content-Type header [${abbreviated(rawContentType)}] is not supported`
  return new RoutingError(406, reason, {}, cause)
}

/**
 * How a request is labelled when its body goes on as JSON and came as something else, given what the client called it. The
 * `format` parameter keeps the answer as it would be: `isFormatOpen` says that the request names no other format.
 */
export function jsonLabelOf(bodyType: string, isFormatOpen: boolean): JsonLabel {
  const [essence = '', ...parameters] = bodyType.toLowerCase().split(';')
  const type = essence.trim()
  const format = BODY_FORMATS.get(type) ?? 'json'
  const named = Object.entries(FORMAT_TABLE[format].mediaTypes).find(([, types]) => types.includes(type))
  return {
    contentType: [type.replace(format, 'json'), ...parameters].join(';'),
    ...(isFormatOpen && named && { format: named[0] }),
  }
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
  if (PLAIN.test(header)) return { type: header.toLowerCase(), parameters: NO_PARAMETERS }
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
