import type { IncomingMessage } from 'node:http'
import { sharedConnection } from '../core/connection'
import { bearerToken, credentialsOf } from './bearer-token'
import { digestOf } from './verified-tokens'

/** A bearer token, and what it is known by. */
export interface SentToken {
  text: string
  digest: string
}

/** Characters of a header that a connection may hold: anybody can send long ones, and few tokens need them. */
const LONGEST_KEPT = 2_048

/** Reads the tokens of requests. Most connections send the same header again and again, which is read once. */
export class SentTokens {
  readonly #maxLength: number
  /** What each connection of HTTP/1 has sent last, for as long as it lasts. */
  readonly #last = new WeakMap<object, { credentials: string; sent: SentToken }>()

  /** `maxLength`: of a token, in characters. */
  constructor(maxLength: number) {
    this.#maxLength = maxLength
  }

  /** `undefined` without an Authorization header. Throws the 401 unless it is one header with one bearer token. */
  read(
    request: Pick<IncomingMessage, 'headers' | 'rawHeaders' | 'socket' | 'httpVersionMajor'>,
  ): SentToken | undefined {
    const credentials = credentialsOf(request)
    if (credentials === undefined) return undefined
    const connection = sharedConnection(request)
    const last = connection && this.#last.get(connection)
    if (last?.credentials === credentials) return last.sent
    const text = bearerToken(credentials, this.#maxLength)
    const sent = { text, digest: digestOf(text) }
    if (connection && credentials.length <= LONGEST_KEPT) this.#last.set(connection, { credentials, sent })
    return sent
  }
}
