import { once } from 'node:events'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Response } from 'express'

/** Time that writing a body may keep other requests waiting, in milliseconds. */
const TURN_MS = 4

/**
 * Sends a body chunk by chunk, as fast as the client takes it. Nothing is sent before the first chunk is there,
 * so that what refuses to be written can still be answered with an error; an error after that breaks the
 * connection, because a body that ends early must not look whole.
 */
export async function sendChunks(response: Response, chunks: Iterable<string | Uint8Array>): Promise<void> {
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
    await stream(response, prepend([first.value, second.value], iterator))
    response.end()
  } catch (error) {
    if (response.headersSent) response.destroy()
    throw error
  } finally {
    iterator.return?.()
  }
}

async function stream(response: Response, chunks: Iterable<string | Uint8Array>): Promise<void> {
  let turnBegan = performance.now()
  for (const chunk of chunks) {
    if (response.destroyed) return
    const isFull = chunk.length > 0 && !response.write(chunk)
    if (isFull) await drained(response)
    else if (performance.now() - turnBegan > TURN_MS) await nextTurn()
    else continue
    turnBegan = performance.now()
  }
}

function* prepend<T>(first: readonly T[], rest: Iterator<T>): Generator<T> {
  yield* first
  for (let next = rest.next(); !next.done; next = rest.next()) yield next.value
}

/** Resolves when the client has taken what was written, or has gone. */
async function drained(response: Response): Promise<void> {
  const waiting = new AbortController()
  const { signal } = waiting
  try {
    await Promise.race([once(response, 'drain', { signal }), once(response, 'close', { signal })])
  } finally {
    waiting.abort()
  }
}
