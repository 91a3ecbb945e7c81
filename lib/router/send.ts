import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Response } from 'express'
import type { WireAnswer } from '../core/pass-through'
import type { ValueObject } from '../core/result'
import { objectChunks } from '../formats/formats'
import type { Chunk } from '../formats/writer'
import type { ObjectOutput } from '../request/command'
import { bytesOf, endWith, setStatus } from './response-headers'
import type { Wait } from './waits'

/** How long one body may be written before other requests get their turn, in milliseconds. */
const TURN_MS = 2

/**
 * Sends a body chunk by chunk, as fast as the client takes it. Sends nothing before the first chunk is there, so a
 * writer that refuses still gets its error to the client. A later error breaks the connection: a body that ends early
 * must not look whole.
 */
export async function sendChunks(response: Response, chunks: Iterable<Chunk>, wait: Wait): Promise<void> {
  const iterator = chunks[Symbol.iterator]()
  const first = iterator.next()
  if (first.done) {
    response.end()
    return
  }
  const second = iterator.next()
  if (second.done) {
    endWith(response, first.value)
    return
  }
  try {
    const isWhole = await stream(response, prepend([bytesOf(first.value), second.value], iterator), wait)
    if (isWhole) response.end()
  } catch (error) {
    if (response.headersSent) response.destroy()
    throw error
  } finally {
    iterator.return?.()
  }
}

/** Sends an object in the client's format, with its length unless it is long. */
export function sendObject(
  response: Response,
  { format, contentType, ...style }: ObjectOutput,
  object: ValueObject,
  wait: Wait,
): Promise<void> {
  response.setHeader('content-type', contentType)
  return sendChunks(response, objectChunks(format, object, style), wait)
}

/**
 * Sends an answer of another server, as fast as the client takes it. Resolves when the client has all of it. When the
 * client goes away (`gone`), it rejects and destroys the body. When the body breaks, it breaks the connection.
 */
export async function sendAnswer(
  response: Response,
  { status, headers, body }: WireAnswer,
  gone: AbortSignal,
): Promise<void> {
  setStatus(response, status)
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
  if (!(body instanceof Readable)) response.setHeader('content-length', body.length)
  await pipelineUntilGone(body instanceof Readable ? body : Readable.from([body]), response, gone)
}

/**
 * Does what `pipeline` does, and also ends for a pipelined response whose turn never comes. Such a response gets no
 * event when its connection ends, and destroying it has no effect, so `pipeline` alone would never settle.
 */
async function pipelineUntilGone(body: Readable, response: Response, gone: AbortSignal): Promise<void> {
  let leave = (): void => {}
  const left = new Promise<never>((_, reject) => {
    leave = () => reject(new Error('the client has gone'))
  })
  gone.addEventListener('abort', leave)
  if (gone.aborted) leave()
  try {
    await Promise.race([pipeline(body, response), left])
  } finally {
    gone.removeEventListener('abort', leave)
    body.destroy()
  }
}

/** Resolves with whether the client has stayed to the end. */
async function stream(response: Response, chunks: Iterable<Chunk>, wait: Wait): Promise<boolean> {
  let wake = (): void => {}
  const onDrain = (): void => wake()
  // One listener for the whole body, because compression middleware forwards listeners and never removes them.
  response.on('drain', onDrain)
  wait.gone.addEventListener('abort', onDrain)
  try {
    let turnBegan = performance.now()
    for (const chunk of chunks) {
      if (wait.isAbandoned) return false
      const isFull = chunk.length > 0 && !response.write(chunk)
      if (isFull) {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
      // Also after `drain`: if the system takes everything at once, that event comes before all others.
      if (performance.now() - turnBegan > TURN_MS) {
        await nextTurn()
        turnBegan = performance.now()
      }
    }
    return true
  } finally {
    response.off('drain', onDrain)
    wait.gone.removeEventListener('abort', onDrain)
  }
}

function* prepend<T>(first: readonly T[], rest: Iterator<T>): Generator<T> {
  yield* first
  for (let next = rest.next(); !next.done; next = rest.next()) yield next.value
}
