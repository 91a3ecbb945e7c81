import { Readable } from 'node:stream'
import type { Response } from 'express'
import { outageOf } from '../core/errors'
import { isPromise } from '../core/is-promise'
import type { WireAnswer } from '../core/pass-through'
import type { Rows, ValueObject } from '../core/result'
import { nextTurn } from '../core/turns'
import { objectChunks } from '../formats/formats'
import type { Chunk, Piece } from '../formats/writer'
import type { ObjectOutput } from '../request/command'
import { breakOff, bytesOf, endWith, setStatus } from './response-headers'
import type { Wait } from './waits'

/** How long one body may be written before other requests get their turn, in milliseconds. */
const TURN_MS = 2

/**
 * Sends a body chunk by chunk, as fast as the client takes it, and gets the batches that the writer needs. Sends nothing
 * before the first chunk is there, so a writer that refuses still gets its error to the client. A later error breaks the
 * connection: a body that ends early must not look whole. Resolves when no more of the body is in memory than a chunk or two.
 */
export async function sendChunks(response: Response, pieces: Iterable<Piece>, wait: Wait): Promise<void> {
  const body = new Body(pieces, wait)
  try {
    const begin = body.next()
    const first = isPromise(begin) ? await begin : begin
    const rest = first === undefined ? undefined : body.next()
    const second = isPromise(rest) ? await rest : rest
    if (wait.isAbandoned) return
    if (first === undefined) response.end()
    else if (second === undefined) endWith(response, first)
    else if (await stream(response, [bytesOf(first), second], body, wait)) response.end()
    if (!wait.isAbandoned && !isTaken(response)) await untilTaken(response, wait)
  } catch (error) {
    if (response.headersSent) breakOff(response)
    throw error
  } finally {
    body.close()
  }
}

/** The chunks of a writer, one after another. */
class Body {
  readonly #pieces: Iterator<Piece, unknown, Rows | undefined>
  readonly #wait: Wait
  #turnEnds = performance.now() + TURN_MS

  constructor(pieces: Iterable<Piece>, wait: Wait) {
    this.#pieces = pieces[Symbol.iterator]()
    this.#wait = wait
  }

  /** Gives the next chunk, and `undefined` after the last. Only a batch that is missing makes it a promise. */
  next(): Chunk | undefined | Promise<Chunk | undefined> {
    const piece = this.#piece()
    return isPromise(piece) ? this.#after(piece) : piece
  }

  get isPauseDue(): boolean {
    return performance.now() >= this.#turnEnds
  }

  async pause(): Promise<void> {
    await nextTurn()
    this.#turnEnds = performance.now() + TURN_MS
  }

  /** Lets the writer close what it reads from. */
  close(): void {
    this.#pieces.return?.()
  }

  #piece(rows?: Rows): Piece | undefined {
    const { done, value } = this.#pieces.next(rows)
    return done ? undefined : value
  }

  /** Any number of batches may come at once, and make no chunk: those without rows, or those of a pass that writes nothing. */
  async #after(missing: Promise<Rows>): Promise<Chunk | undefined> {
    for (let batch = missing; ; ) {
      const rows = await untilGone(batch, this.#wait)
      if (!rows) return undefined
      if (this.isPauseDue) await this.pause()
      const piece = this.#piece(rows)
      if (!isPromise(piece)) return piece
      batch = piece
    }
  }
}

/**
 * Resolves with a batch, or with `undefined` as soon as the client goes away. Not with `Promise.race`, which keeps every
 * batch alive until the client goes.
 */
function untilGone(batch: Promise<Rows>, { isAbandoned, gone }: Wait): Promise<Rows | undefined> {
  return new Promise((resolve, reject) => {
    const leave = { handleEvent: () => resolve(undefined) }
    const end = (): void => gone.removeEventListener('abort', leave)
    gone.addEventListener('abort', leave)
    if (isAbandoned) resolve(undefined)
    batch.then(resolve, (error) => reject(outageOf(error))).finally(end)
  })
}

/**
 * Whether the connection has no more bytes to send than a chunk: what every answer may have. Middleware that has not ended the
 * answer yet, because it compresses it, may have any number. Without a real connection there is no such number.
 */
function isTaken({ writableEnded, writableLength, writableHighWaterMark }: Response): boolean {
  return writableEnded && !(writableLength > writableHighWaterMark)
}

/** Resolves with whether the system has taken all of an answer: when it has, or as soon as the client goes away. */
function untilTaken(response: Response, { gone, isAbandoned }: Wait): Promise<boolean> {
  return new Promise((resolve) => {
    const end = (isTaken: boolean): void => {
      response.off('finish', taken).off('close', left)
      gone.removeEventListener('abort', leaving)
      resolve(isTaken)
    }
    const taken = (): void => end(true)
    const left = (): void => end(false)
    const leaving = { handleEvent: left }
    // Once its connection is destroyed, an answer that has ended counts as sent, so `gone` may not fire.
    response.on('finish', taken).on('close', left)
    gone.addEventListener('abort', leaving)
    if (isAbandoned) left()
  })
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
 * Sends an answer of another server, as fast as the client takes it. Resolves with whether the client has all of it, and destroys
 * the body when the client goes away. When the body breaks, it breaks the connection, and rejects.
 */
export async function sendAnswer(
  response: Response,
  { status, headers, body }: WireAnswer,
  wait: Wait,
): Promise<boolean> {
  setStatus(response, status)
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
  if (body instanceof Readable) return pipeUntilTaken(body, response, wait)
  // Some hosts take all of an answer at once.
  const isTaken = untilTaken(response, wait)
  endWith(response, body)
  return isTaken
}

/**
 * Does what `pipeline` does, at a third of the cost. And it ends for a pipelined response whose turn never comes: such a response
 * gets no event when its connection ends, and destroying it has no effect.
 */
async function pipeUntilTaken(body: Readable, response: Response, wait: Wait): Promise<boolean> {
  try {
    return await new Promise((resolve, reject) => {
      const end = (): void => {
        if (body.readableEnded) return
        breakOff(response)
        reject(body.errored ?? new Error('the body has been broken off'))
      }
      body.on('error', end).on('close', end)
      if (body.destroyed) return end()
      untilTaken(response, wait).then((isTaken) => resolve(isTaken && body.readableEnded), reject)
      body.pipe(response)
    })
  } finally {
    body.destroy()
  }
}

/** Sends these chunks and all that follow. Resolves with whether the client has stayed to the end. */
async function stream(response: Response, begin: readonly Chunk[], body: Body, wait: Wait): Promise<boolean> {
  let wake = (): void => {}
  const onDrain = (): void => wake()
  const onGone = { handleEvent: onDrain }
  // One listener for the whole body, because compression middleware forwards listeners and never removes them.
  response.on('drain', onDrain)
  wait.gone.addEventListener('abort', onGone)
  try {
    const chunks = begin.values()
    for (let chunk = chunks.next().value; chunk !== undefined; ) {
      if (wait.isAbandoned) return false
      const isFull = chunk.length > 0 && !response.write(chunk)
      if (isFull) {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
      // Also after `drain`: if the system takes everything at once, that event comes before all others.
      if (body.isPauseDue) await body.pause()
      const next = chunks.next().value ?? body.next()
      chunk = isPromise(next) ? await next : next
    }
    return !wait.isAbandoned
  } finally {
    response.off('drain', onDrain)
    wait.gone.removeEventListener('abort', onGone)
  }
}
