import { constants } from 'node:buffer'
import { promisify } from 'node:util'
import { brotliDecompress, gunzip, inflate, inflateRaw } from 'node:zlib'
import { abbreviated, QueryError } from '../core/errors'

type Decode = (bytes: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>

const decodeGzip: Decode = promisify(gunzip)
const decodeZlib: Decode = promisify(inflate)
const decodeRaw: Decode = promisify(inflateRaw)
const decodeBrotli: Decode = promisify(brotliDecompress)
/** Many clients leave out the frame that the standard asks for, and Elasticsearch takes both. */
const decodeDeflate: Decode = (bytes, options) =>
  (hasZlibFrame(bytes) ? decodeZlib : decodeRaw)(bytes, options)

/** What `Content-Encoding` may name: what Elasticsearch's server takes, and Brotli. */
const DECODERS: ReadonlyMap<string, Decode> = new Map([
  ['gzip', decodeGzip],
  ['x-gzip', decodeGzip],
  ['deflate', decodeDeflate],
  ['x-deflate', decodeDeflate],
  ['br', decodeBrotli],
])

/** The function that decompresses a body, if its coding needs one. Throws `parse_exception` for a coding that is not supported. */
export function decoderFor(coding: string): Decode | undefined {
  const name = coding.trim().toLowerCase()
  if (name === 'identity') return undefined
  const decode = DECODERS.get(name)
  if (!decode) throw unsupportedCoding(coding)
  return (bytes, { maxOutputLength }) =>
    decode(bytes, {
      maxOutputLength: Math.max(1, Math.min(Math.floor(maxOutputLength), constants.MAX_LENGTH)),
    })
}

export function unsupportedCoding(coding: string): QueryError {
  return new QueryError(
    'parse_exception',
    `Content-Encoding [${abbreviated(coding)}] of the request body is not supported, use gzip, deflate or br`,
  )
}

/** RFC 1950: the method is deflate, and the first two bytes are a multiple of 31. */
function hasZlibFrame([first = 0, second = 0]: Buffer): boolean {
  return (first & 0x0f) === 8 && (first * 256 + second) % 31 === 0
}
