import type { Clock } from '../../core/clock'
import { systemClock } from '../../core/clock'
import { isObject, parsedJson } from '../../core/is-object'

export type JsonDocument = Readonly<Record<string, unknown>>

/** Fetches a document. `what` is its name in errors. */
export type GetDocument = (what: string, url: URL) => Promise<JsonDocument>

/** The part of `fetch` that the package uses. Those of Node.js and of undici fit as they are. */
export type Fetch = (
  url: string,
  init: { headers: Record<string, string>; redirect: 'manual'; signal: AbortSignal },
) => Promise<FetchedResponse>

/** The part of a response of `fetch` that the package uses. */
export interface FetchedResponse {
  /** HTTP status. */
  status: number
  /** Whether `fetch` has followed a redirect. Such a response is refused. */
  redirected: boolean
  body: AsyncIterable<Uint8Array> | null
}

/** Why the keys of an issuer cannot be fetched. */
export class KeySourceError extends Error {
  override readonly name = 'KeySourceError'

  /** `code`: the kind of error, for measurements. */
  constructor(
    message: string,
    readonly code = 'unusable_answer',
  ) {
    super(message)
  }
}

/** A key with its certificates takes a few KiB. Large issuers publish a tenth of this. */
const MOST_BYTES = 262_144

/** `fetch` refuses URLs with credentials too, and quotes them. */
export function isFetchable({ protocol, username, password }: URL, { allowHttp = false }): boolean {
  const isProtected = protocol === 'https:' || (allowHttp && protocol === 'http:')
  return isProtected && username === '' && password === ''
}

/**
 * Fetches a JSON object. By hand, since `fetch` limits neither the size nor the time of a body, and follows redirects.
 *
 * Its errors name the place without its query, and of the answer only the status.
 */
export async function getDocument(
  what: string,
  url: URL,
  { fetch, signal }: { fetch: Fetch; signal: AbortSignal },
): Promise<JsonDocument> {
  // Nobody has checked that the target of a redirect is https.
  const init = { headers: { accept: 'application/json' }, redirect: 'manual', signal } as const
  const { status, redirected, body } = await fetch(url.href, init)
  if (status !== 200 || redirected) {
    const where = `${url.origin}${url.pathname}`
    const kind = redirected ? 'redirect' : String(status)
    throw new KeySourceError(
      `${what} was answered with ${redirected ? 'a redirect' : status}, at ${where}`,
      kind,
    )
  }
  const document = parsedJson(await readText(what, body ?? [], signal))
  if (!isObject(document)) throw new KeySourceError(`${what} is not a JSON object`)
  return document
}

/** Gives up after `timeoutMs`, also on a `fetch` that ignores the signal. */
export async function withinTime<T>(
  timeoutMs: number,
  run: (signal: AbortSignal) => Promise<T>,
  clock: Pick<Clock, 'setTimer'> = systemClock,
): Promise<T> {
  const controller = new AbortController()
  let callOff = (): void => {}
  const late = new Promise<never>((_, reject) => {
    const tooLate = new KeySourceError(`it has taken longer than ${timeoutMs} ms`, 'timeout')
    callOff = clock.setTimer(() => reject(tooLate), timeoutMs, { background: true })
  })
  try {
    return await Promise.race([run(controller.signal), late])
  } finally {
    callOff()
    // Also releases an answer that has not been read.
    controller.abort()
  }
}

/** Counts the bytes of a body after decompression: a small one can become large. */
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
    if (size > MOST_BYTES) throw new KeySourceError(`${what} is larger than ${MOST_BYTES} bytes`)
    chunks.push(chunk)
  }
  // Without a byte order mark, which JSON.parse refuses and some servers send.
  return new TextDecoder().decode(Buffer.concat(chunks))
}
