import { once } from 'node:events'
import type { Readable } from 'node:stream'

/**
 * Looks at the beginning of a stream and may change it. `edit` is given what there is so far, and whether that is
 * all; it returns `undefined` until it has seen enough, and then what is to stand there instead.
 *
 * Resolves with the stream, or with the bytes of one that is over.
 */
export async function peek(
  stream: Readable,
  edit: (bytes: Buffer, isAll: boolean) => Buffer | undefined,
): Promise<Readable | Buffer> {
  let seen = Buffer.alloc(0)
  for (;;) {
    const chunk: Buffer | null = stream.read()
    if (chunk) {
      seen = Buffer.concat([seen, chunk])
      const edited = edit(seen, false)
      if (!edited) continue
      // In the same turn as the read: a stream that has ended meanwhile takes nothing back.
      stream.unshift(edited)
      return stream
    }
    if (stream.readableEnded) return edit(seen, true) ?? seen
    await readable(stream)
  }
}

/** All of a stream. Rejects when it is longer than `limit` bytes. */
export async function readAll(stream: Readable, limit: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of stream) {
    length += chunk.length
    if (length > limit) throw new Error(`the answer of the cluster is longer than ${limit} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** Resolves when there is something to read, or the end. Rejects when the stream breaks. */
async function readable(stream: Readable): Promise<void> {
  if (stream.errored) throw stream.errored
  if (stream.destroyed) throw new Error('the answer of the cluster has been broken off')
  const settled = new AbortController()
  const { signal } = settled
  try {
    await Promise.race([
      once(stream, 'readable', { signal }),
      once(stream, 'end', { signal }),
      once(stream, 'close', { signal }),
    ])
  } finally {
    settled.abort()
  }
}
