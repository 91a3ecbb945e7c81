import { randomBytes } from 'node:crypto'
import { illegalArgument } from '../../core/errors'
import { sealedBytes } from '../sealed-layout'

/**
 * Makes ids in the form of Elasticsearch (`AsyncExecutionId`): padded URL-safe base64 of two length-prefixed texts. They
 * are a random document id, which nobody can guess, and the task id `NODE:NUMBER`.
 */
export class QueryIdGenerator {
  readonly #node = randomBytes(16).toString('base64url')
  /** Random bytes for some ids: to ask for those of one id takes half as long as to ask for all these. */
  #random = Buffer.alloc(0)
  #number = 0

  next(): string {
    if (this.#random.length === 0) this.#random = randomBytes(RANDOM_BYTES * IDS_AT_ONCE)
    const document = this.#random.toString('base64url', 0, RANDOM_BYTES)
    this.#random = this.#random.subarray(RANDOM_BYTES)
    this.#number += 1
    const texts = sized(document) + sized(`${this.#node}:${this.#number}`)
    return withPadding(Buffer.from(texts, 'latin1').toString('base64url'))
  }
}

/** The text behind its length. */
function sized(text: string): string {
  return String.fromCharCode(text.length) + text
}

const RANDOM_BYTES = 16
const IDS_AT_ONCE = 256

/** The id with its padding. As Elasticsearch, the store finds a query by an id without padding too. */
export function withPadding(id: string): string {
  return id.padEnd(Math.ceil(id.length / 4) * 4, '=')
}

/** The base64 that Java decodes: with the right padding or none. Node.js decodes much more. */
const BASE64URL = /^([\w-]{4})*([\w-]{2}(==)?|[\w-]{3}=?)?$/

/**
 * Refuses a text that can be an id of no store: it has neither Elasticsearch's layout nor that of a sealed id. A client
 * that moves between stores then sees its old queries as gone, and not as malformed. Throws Elasticsearch's `illegal_argument_exception`: `invalid id: [ID]` or
 * `malformed task id TASK`.
 */
export function assertQueryId(id: string): void {
  if (sealedBytes(id)) return
  const bytes = BASE64URL.test(id) ? Buffer.from(id, 'base64url') : Buffer.alloc(0)
  const document = readText(bytes, 0)
  const task = document && readText(bytes, document.end)
  if (task?.end !== bytes.length) throw illegalArgument(`invalid id: [${id}]`)
  if (!/^[^:]+:-?\d+$/.test(task.text)) throw illegalArgument(`malformed task id ${task.text}`)
}

/** Reads a text that follows its length, a variable-length integer. */
function readText(bytes: Buffer, start: number): { text: string; end: number } | undefined {
  let length = 0
  let at = start
  for (let shift = 0; ; shift += 7, at += 1) {
    const byte = bytes[at]
    if (byte === undefined || shift > 28) return undefined
    length += (byte & 0x7f) * 2 ** shift
    if (byte < 0x80) break
  }
  const end = at + 1 + length
  return end <= bytes.length ? { text: bytes.toString('utf8', at + 1, end), end } : undefined
}
