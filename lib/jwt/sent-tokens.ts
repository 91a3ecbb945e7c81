import type { IncomingMessage } from 'node:http'
import { sharedConnection } from '../core/connection'
import { readBearerToken } from './bearer-token'
import { digestOf } from './verified-tokens'

/** A bearer token, and what it is known by. */
export interface SentToken {
  text: string
  digest: string
}

/** Characters of a header that a connection may hold: anybody can send long ones, and few tokens need them. */
const LONGEST_KEPT = 2_048

/** Reads the tokens of requests. Most connections send the same one again and again, which needs no second digest. */
export class SentTokens {
  readonly #maxLength: number
  /** What each connection of HTTP/1 has sent last, for as long as it lasts. */
  readonly #last = new WeakMap<object, SentToken>()

  /** `maxLength`: of a token, in characters. */
  constructor(maxLength: number) {
    this.#maxLength = maxLength
  }

  /** Returns and throws as {@link readBearerToken}. */
  read(
    request: Pick<IncomingMessage, 'headers' | 'rawHeaders' | 'socket' | 'httpVersionMajor'>,
  ): SentToken | undefined {
    const text = readBearerToken(request, this.#maxLength)
    if (text === undefined) return undefined
    const connection = sharedConnection(request)
    const last = connection && this.#last.get(connection)
    if (last?.text === text) return last
    const sent = { text, digest: digestOf(text) }
    // The text is a part of the header, and so holds all of it.
    const { length } = request.headers.authorization ?? ''
    if (connection && length <= LONGEST_KEPT) this.#last.set(connection, sent)
    return sent
  }
}
