import type { ObjectFormat } from '../answers/body-format'

/** Whether a body names a query of the cluster, in any format, with or without the padding of its id. */
export function mentionsId(bytes: Buffer, upstreamId: string): boolean {
  return bytes.includes(withoutPadding(upstreamId), 0, 'latin1')
}

/**
 * An error body without the id of the cluster. Where the format counts the bytes of its texts, asterisks stand in
 * its place, elsewhere the id that the client knows.
 */
export function hideId(bytes: Buffer, format: ObjectFormat, upstreamId: string, id: string): Buffer {
  if (!mentionsId(bytes, upstreamId)) return bytes
  const bare = withoutPadding(upstreamId)
  const text = bytes.toString('latin1')
  const isCounted = format === 'cbor' || format === 'smile'
  const hidden = isCounted
    ? text.replaceAll(bare, '*'.repeat(bare.length))
    : text
        .split(bare)
        .map((part, index) => (index === 0 ? part : part.replace(/^(?:=|%3D)*/, '')))
        .join(id)
  return Buffer.from(hidden, 'latin1')
}

function withoutPadding(id: string): string {
  return id.replace(/=+$/, '')
}
