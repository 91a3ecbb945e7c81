import type { Readable } from 'node:stream'
import { pipeline, Transform } from 'node:stream'
import { mentionsId } from '../ids/upstream-id'
import { UnusableAnswerError } from '../outage'
import { UNREADABLE_ID } from './answer-head'
import { peek } from './peek'

/**
 * The body of an answer in a format that nobody here can read, unless it mentions an id of the cluster: that cannot be
 * replaced, so it is not sent. Rejects if the id is in the first bytes. Later, the stream breaks.
 */
export async function withoutId(body: Readable | Buffer, upstreamId: string): Promise<Readable | Buffer> {
  const check = (bytes: Buffer): Buffer => {
    if (mentionsId(bytes, upstreamId)) throw new UnusableAnswerError(UNREADABLE_ID)
    return bytes
  }
  if (Buffer.isBuffer(body)) return check(body)
  const begun = await peek(body, check)
  return Buffer.isBuffer(begun) ? check(begun) : pipeline(begun, breakAt(upstreamId), () => {})
}

/** Keeps back the end of each chunk, where the id may begin. */
function breakAt(upstreamId: string): Transform {
  let kept = Buffer.alloc(0)
  return new Transform({
    transform(chunk: Buffer, _, done) {
      const bytes = Buffer.concat([kept, chunk])
      if (mentionsId(bytes, upstreamId)) return done(new UnusableAnswerError(UNREADABLE_ID))
      const end = Math.max(0, bytes.length - upstreamId.length)
      kept = bytes.subarray(end)
      done(null, bytes.subarray(0, end))
    },
    flush(done) {
      done(null, kept)
    },
  })
}
