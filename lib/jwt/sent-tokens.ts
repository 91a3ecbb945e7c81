import type { IncomingMessage } from 'node:http'
import { readBearerToken } from './bearer-token'
import { digestOf } from './verified-tokens'

/** A bearer token, and what it is known by. */
export interface SentToken {
  text: string
  digest: string
}

/** In characters. Longer ones are rare, and a connection must not take much memory. */
const LONGEST_KEPT = 2_048

/** Reads the tokens of requests. Most connections send the same one again and again, which needs no second digest. */
export class SentTokens {
  readonly #maxLength: number
  /** What each connection has sent last, for as long as it lasts. */
  readonly #last = new WeakMap<object, SentToken>()

  /** `maxLength`: of a token, in characters. */
  constructor(maxLength: number) {
    this.#maxLength = maxLength
  }

  /** Returns and throws as {@link readBearerToken}. */
  read(request: Pick<IncomingMessage, 'headers' | 'rawHeaders' | 'socket'>): SentToken | undefined {
    const text = readBearerToken(request, this.#maxLength)
    if (text === undefined) return undefined
    // Some hosts make requests without a connection.
    const connection: object | null | undefined = request.socket
    const last = connection && this.#last.get(connection)
    if (last?.text === text) return last
    const sent = { text, digest: digestOf(text) }
    if (connection && text.length <= LONGEST_KEPT) this.#last.set(connection, sent)
    return sent
  }
}
