import { decode as decodeCbor } from 'cbor-x'
import { parse as decodeSmile } from 'smile-js'

/**
 * A body with `<id>` in the place of an id. A body in a binary format contains the length of the id, so it is decoded
 * first. Every other body is compared byte for byte.
 */
export function comparable(body: Buffer, contentType: string | null, id: string): string {
  return decoded(body, contentType ?? '').replaceAll(id, '<id>')
}

function decoded(body: Buffer, contentType: string): string {
  if (/^application\/.*cbor/.test(contentType)) return JSON.stringify(decodeCbor(body), bigintText)
  if (/^application\/.*smile/.test(contentType)) return JSON.stringify(decodeSmile(body), bigintText)
  return body.toString('latin1')
}

function bigintText(_name: string, value: unknown): unknown {
  return typeof value === 'bigint' ? `${value}n` : value
}
