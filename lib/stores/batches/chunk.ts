import { promisify } from 'node:util'
import { deflateRaw, inflateRaw } from 'node:zlib'
import type { Rows } from '../../core/result'
import { rowsOfExactJson } from './exact-json'

/** Characters of JSON that make a chunk: small enough to parse at once, large enough to deflate well. */
export const CHUNK_LENGTH = 256 * 1024

/** About what the rows of a chunk take when they are unpacked, with their JSON. Who reads has one chunk at a time. */
export const UNPACKED_BYTES = 4 * CHUNK_LENGTH

/** The first byte of a chunk tells what the others are. */
const JSON_TEXT = 0
const DEFLATED_JSON = 1

/** Room for the JSON of most chunks, which end with the row that fills them: two buffers would have to be joined. */
const INFLATED_BYTES = CHUNK_LENGTH + 64 * 1024

const deflate = promisify(deflateRaw)
const inflate = promisify(inflateRaw)

/** The bytes of an array of rows in exact JSON, deflated outside this thread. They share no memory with others. */
export async function packChunk(json: string): Promise<Uint8Array> {
  const text = Buffer.from(json)
  // The first level takes a fraction of the time of the others, and rows are alike enough for it.
  const deflated = await deflate(text, { level: 1, chunkSize: 64 * 1024 })
  const [format, body] =
    deflated.length < text.length ? ([DEFLATED_JSON, deflated] as const) : ([JSON_TEXT, text] as const)
  const chunk = new Uint8Array(1 + body.length)
  chunk[0] = format
  chunk.set(body, 1)
  return chunk
}

export async function unpackChunk(chunk: Uint8Array): Promise<Rows> {
  const body = Buffer.from(chunk.buffer, chunk.byteOffset + 1, chunk.byteLength - 1)
  switch (chunk[0]) {
    case JSON_TEXT:
      return rowsOfExactJson(body.toString())
    case DEFLATED_JSON:
      return rowsOfExactJson((await inflate(body, { chunkSize: INFLATED_BYTES })).toString())
    default:
      throw new TypeError(`A chunk of rows has the unknown format ${chunk[0]}`)
  }
}
