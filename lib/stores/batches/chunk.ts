import { promisify } from 'node:util'
import { deflateRaw, inflateRaw } from 'node:zlib'
import type { Rows } from '../../core/result'
import type { Found } from '../../formats/found'
import { WrittenRows } from '../../formats/json/written-rows'
import { rowsOfExactJson } from './exact-json'

/** Characters of JSON that make a chunk: small enough to parse at once, large enough to deflate well. */
export const CHUNK_LENGTH = 256 * 1024

/** About what the rows of a chunk take when they are unpacked, with their JSON. Who reads has one chunk at a time. */
export const UNPACKED_BYTES = 4 * CHUNK_LENGTH

/** The first byte of a chunk is the sum of what the others are. */
const DEFLATED = 1
/** The JSON of an answer, and not exact JSON. */
const WRITTEN = 2

/** Room for the JSON of most chunks, which end with the row that fills them: two buffers would have to be joined. */
const INFLATED_BYTES = CHUNK_LENGTH + 64 * 1024

const deflate = promisify(deflateRaw)
const inflate = promisify(inflateRaw)

/**
 * The bytes of an array of rows in exact JSON, deflated outside this thread. They share no memory with others. `isWritten`: in that of an
 * answer, which loses nothing of them.
 */
export async function packChunk(json: string, isWritten = false): Promise<Uint8Array> {
  const text = Buffer.from(json)
  // The first level takes a fraction of the time of the others, and rows are alike enough for it.
  const deflated = await deflate(text, { level: 1, chunkSize: 64 * 1024 })
  const isDeflated = deflated.length < text.length
  const body = isDeflated ? deflated : text
  const chunk = new Uint8Array(1 + body.length)
  chunk[0] = (isDeflated ? DEFLATED : 0) + (isWritten ? WRITTEN : 0)
  chunk.set(body, 1)
  return chunk
}

export async function unpackChunk(chunk: Uint8Array): Promise<Rows> {
  const { json, isWritten } = await unpack(chunk)
  return isWritten ? JSON.parse(json) : rowsOfExactJson(json)
}

/** Leaves rows that are written as an answer has them. */
export async function unpackAll(chunk: Uint8Array, found: Found): Promise<Rows | WrittenRows> {
  const { json, isWritten } = await unpack(chunk)
  return isWritten ? WrittenRows.of(found, json.slice(1, -1)) : rowsOfExactJson(json)
}

async function unpack(chunk: Uint8Array): Promise<{ json: string; isWritten: boolean }> {
  const format = chunk[0] ?? Number.NaN
  if (!(format <= DEFLATED + WRITTEN)) throw new TypeError(`A chunk of rows has the unknown format ${format}`)
  const body = Buffer.from(chunk.buffer, chunk.byteOffset + 1, chunk.byteLength - 1)
  const text = format & DEFLATED ? await inflate(body, { chunkSize: INFLATED_BYTES }) : body
  return { json: text.toString(), isWritten: (format & WRITTEN) > 0 }
}
