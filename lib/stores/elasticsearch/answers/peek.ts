import { IncomingMessage } from 'node:http'
import type { Readable } from 'node:stream'
import { UnusableAnswerError } from '../outage'

/** What is shorter is read to its end, in bytes: its server has written it at once, and a stream costs more than to wait for the end. */
const SHORT = 4_096

/**
 * Looks at the beginning of a stream and may change it. `edit` receives the bytes so far, and whether they are all;
 * it returns `undefined` until it has seen enough, and then the bytes that replace them.
 *
 * Resolves with the stream, or with all bytes of one that is short.
 */
export async function peek(
  stream: Readable,
  edit: (bytes: Buffer, isAll: boolean) => Buffer | undefined,
): Promise<Readable | Buffer> {
  let seen = Buffer.alloc(0)
  let edited: Buffer | undefined
  for (;;) {
    const chunk: Buffer | null = stream.read()
    if (chunk) {
      seen = Buffer.concat([edited ?? seen, chunk])
      edited = edited ? seen : edit(seen, false)
      if (!edited || edited.length < SHORT || hasAllCome(stream)) continue
      // In the same turn as the read, because a stream that has ended takes nothing back.
      stream.unshift(edited)
      return stream
    }
    if (stream.readableEnded || hasAllCome(stream)) return edited ?? edit(seen, true) ?? seen
    await readable(stream)
  }
}

/** Whether nothing more can come of a body, whoever has read how much of it. */
export function hasAllCome(body: Readable): boolean {
  return body instanceof IncomingMessage && body.complete
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

const NEWS = ['readable', 'end', 'close', 'error'] as const

/** Resolves when the stream has something to read, or has ended. Rejects when it breaks. */
function readable(stream: Readable): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (): void => {
      for (const event of NEWS) stream.off(event, settle)
      if (stream.errored) reject(stream.errored)
      else resolve()
    }
    if (stream.errored) reject(stream.errored)
    else if (stream.destroyed)
      reject(new UnusableAnswerError('the answer of the cluster has been broken off'))
    else for (const event of NEWS) stream.on(event, settle)
  })
}
