import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Response } from 'express'
import type { WireAnswer } from '../core/store'
import type { Chunk } from '../formats/writer'
import { setStatus } from './response-headers'
import type { Wait } from './waits'

/** Time that writing a body may keep other requests waiting, in milliseconds. */
const TURN_MS = 2

/**
 * Sends a body chunk by chunk, as fast as the client takes it. Nothing is sent before the first chunk is there,
 * so that what refuses to be written can still be answered with an error; an error after that breaks the
 * connection, because a body that ends early must not look whole.
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
    response.end(first.value)
    return
  }
  try {
    const isWhole = await stream(response, prepend([first.value, second.value], iterator), wait)
    if (isWhole) response.end()
  } catch (error) {
    if (response.headersSent) response.destroy()
    throw error
  } finally {
    iterator.return?.()
  }
}

/**
 * Sends an answer of another server, as fast as the client takes it. Resolves when all of it has been handed over.
 * When `gone` fires, since the client has gone, it rejects and the body is destroyed; when the body breaks, so is
 * the connection.
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
 * As `pipeline`, which never settles for a response that was pipelined and whose turn never comes: it does not hear
 * of the end of its connection, nor can it be destroyed.
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

/** Whether the client has stayed to the end. */
async function stream(response: Response, chunks: Iterable<Chunk>, wait: Wait): Promise<boolean> {
  let wake = (): void => {}
  const onDrain = (): void => wake()
  // One listener for the whole body: compression middleware passes listeners on and never takes them back.
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
      // Also after a drain: where the system takes all that is written at once, it comes before any other event.
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
