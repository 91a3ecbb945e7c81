import type { Clock } from '../../core/clock'
import { systemClock } from '../../core/clock'

/** A JSON object that somebody publishes. */
export type JsonDocument = Readonly<Record<string, unknown>>

/** Fetches a document. `what` is its name in errors. */
export type GetDocument = (what: string, url: URL) => Promise<JsonDocument>

/** What is needed of `fetch`. That of Node.js and that of undici fit as they are. */
export type Fetch = (
  url: string,
  init: { headers: Record<string, string>; redirect: 'manual'; signal: AbortSignal },
) => Promise<FetchResponse>

export interface FetchResponse {
  status: number
  redirected: boolean
  body: AsyncIterable<Uint8Array> | null
}

export interface GetOptions {
  fetch: Fetch
  signal: AbortSignal
}

/** A key with its certificates takes a few KiB; what large issuers publish is a tenth of this. */
const MOST_BYTES = 262_144

/** `fetch` refuses URLs with credentials too, and quotes them. */
export function isFetchable({ protocol, username, password }: URL, { allowHttp = false }): boolean {
  const isProtected = protocol === 'https:' || (allowHttp && protocol === 'http:')
  return isProtected && username === '' && password === ''
}

/** The errors that it throws tell the place without its query, and nothing of what was answered but its status. */
export async function getDocument(
  what: string,
  url: URL,
  { fetch, signal }: GetOptions,
): Promise<JsonDocument> {
  // A redirect would lead to where nobody has checked that it is https.
  const init = { headers: { accept: 'application/json' }, redirect: 'manual', signal } as const
  const { status, redirected, body } = await fetch(url.href, init)
  if (status !== 200 || redirected) {
    const where = `${url.origin}${url.pathname}`
    throw new Error(`${what} was answered with ${redirected ? 'a redirect' : status}, at ${where}`)
  }
  const document = parseObject(await readText(what, body ?? [], signal))
  if (!document) throw new Error(`${what} is not a JSON object`)
  return document
}

/** Gives up after `timeoutMs`, also on a `fetch` that does not look at the signal. */
export async function withinTime<T>(
  timeoutMs: number,
  run: (signal: AbortSignal) => Promise<T>,
  clock: Pick<Clock, 'setTimer'> = systemClock,
): Promise<T> {
  const controller = new AbortController()
  let callOff = (): void => {}
  const late = new Promise<never>((_, reject) => {
    const giveUp = (): void => reject(new Error(`it has taken longer than ${timeoutMs} ms`))
    callOff = clock.setTimer(giveUp, timeoutMs, { background: true })
  })
  try {
    return await Promise.race([run(controller.signal), late])
  } finally {
    callOff()
    // Also lets go of an answer that has not been read.
    controller.abort()
  }
}

/** Counts what is left of a body when it is unpacked: a small one can become large. */
async function readText(
  what: string,
  body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  signal: AbortSignal,
): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of body) {
    signal.throwIfAborted()
    size += chunk.byteLength
    if (size > MOST_BYTES) throw new Error(`${what} is larger than ${MOST_BYTES} bytes`)
    chunks.push(chunk)
  }
  // Without a byte order mark, which JSON.parse refuses and some servers send.
  return new TextDecoder().decode(Buffer.concat(chunks))
}

function parseObject(text: string): JsonDocument | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isJsonObject(value) ? value : undefined
  } catch {
    // Not passed on as a cause: a SyntaxError quotes the text.
    return undefined
  }
}

export function isJsonObject(value: unknown): value is JsonDocument {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
