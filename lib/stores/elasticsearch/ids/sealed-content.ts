/** What is sealed in a client's id: the cluster's id, and what later requests need to know of the submit. */
export interface SealedContent {
  upstreamId: string
  columnar?: boolean
  /** The zone of the submit, where the store itself answers with it. */
  timeZone?: string
  /** When the query expires for its caller, in milliseconds since the epoch, where the cluster keeps it for less. */
  expirationTimeMs?: number
}

/** What the id of a query remembers of its submit. */
export type Remembered = Omit<SealedContent, 'upstreamId'>

/** A query that has an id: the client's id, and what is sealed in it. */
export interface KnownQuery extends SealedContent {
  id: string
}

const COLUMNAR = 1
// 2 was `drop_null_columns`. Ids of earlier versions have it, and it means nothing.
const HAS_EXPIRATION = 4
const HAS_TIME_ZONE = 8
/** The cluster's id is padded base64url, and stands here decoded: a quarter shorter. */
const IS_DECODED = 16

/** A double of JavaScript holds 48 bits exactly, which is the year 10889. */
const TIME_BYTES = 6
const LATEST_TIME_MS = 2 ** (8 * TIME_BYTES) - 1

const LONGEST_TIME_ZONE = 64

/** The content in as few bytes as possible, since it travels in every URL. */
export function encodeContent(content: SealedContent): Buffer {
  const { upstreamId, expirationTimeMs, timeZone } = content
  const decoded = Buffer.from(upstreamId, 'base64url')
  const isDecoded = paddedBase64url(decoded) === upstreamId
  const zone = timeZone === undefined ? undefined : Buffer.from(timeZone).subarray(0, LONGEST_TIME_ZONE)
  let flags = 0
  if (content.columnar) flags |= COLUMNAR
  if (expirationTimeMs !== undefined) flags |= HAS_EXPIRATION
  if (zone) flags |= HAS_TIME_ZONE
  if (isDecoded) flags |= IS_DECODED
  return Buffer.concat([
    Buffer.of(flags),
    ...(expirationTimeMs === undefined ? [] : [timeBytes(expirationTimeMs)]),
    ...(zone ? [Buffer.of(zone.length), zone] : []),
    isDecoded ? decoded : Buffer.from(upstreamId),
  ])
}

export function decodeContent(bytes: Buffer): SealedContent {
  const flags = bytes.readUInt8(0)
  let at = 1
  const content: Remembered = {}
  if (flags & COLUMNAR) content.columnar = true
  if (flags & HAS_EXPIRATION) {
    content.expirationTimeMs = bytes.readUIntBE(at, TIME_BYTES)
    at += TIME_BYTES
  }
  if (flags & HAS_TIME_ZONE) {
    const end = at + 1 + bytes.readUInt8(at)
    content.timeZone = bytes.toString('utf8', at + 1, end)
    at = end
  }
  const rest = bytes.subarray(at)
  return { ...content, upstreamId: flags & IS_DECODED ? paddedBase64url(rest) : rest.toString() }
}

function timeBytes(timeMs: number): Buffer {
  const bytes = Buffer.alloc(TIME_BYTES)
  bytes.writeUIntBE(Math.min(Math.max(0, Math.round(timeMs)), LATEST_TIME_MS), 0, TIME_BYTES)
  return bytes
}

function paddedBase64url(bytes: Buffer): string {
  return bytes.toString('base64').replaceAll('+', '-').replaceAll('/', '_')
}
