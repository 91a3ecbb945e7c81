import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { UnusableAnswerError } from '../outage'

/**
 * Looks at the beginning of a stream and may change it. `edit` receives the bytes so far, and whether they are all;
 * it returns `undefined` until it has seen enough, and then the bytes that replace them.
 *
 * Resolves with the stream, or with the bytes of a stream that has ended.
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
      // In the same turn as the read, because a stream that has ended takes nothing back.
      stream.unshift(edited)
      return stream
    }
    if (stream.readableEnded) return edit(seen, true) ?? seen
    await readable(stream)
  }
}

/** All bytes of a stream. Rejects when there are more than `limit`. */
export async function readAll(stream: Readable, limit: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of stream) {
    length += chunk.length
    if (length > limit) {
      throw new UnusableAnswerError(`the answer of the cluster is longer than ${limit} bytes`)
    }
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** Frees the connection of a body that nobody is going to read. */
export function giveUp(body: Readable | Buffer | undefined): void {
  if (!Buffer.isBuffer(body)) body?.on('error', () => {}).destroy()
}

/** Resolves when the stream has something to read, or has ended. Rejects when it breaks. */
async function readable(stream: Readable): Promise<void> {
  if (stream.errored) throw stream.errored
  if (stream.destroyed) throw new UnusableAnswerError('the answer of the cluster has been broken off')
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
