import { hash, type KeyObject } from 'node:crypto'
import type { Owner } from '../caller'
import type { JwtClaims } from './claims'
import type { JwtHeader } from './header'

/** What is remembered of a token that was verified. */
export interface VerifiedToken {
  header: JwtHeader
  /** The key that the token was verified with. With another one it has to be verified again. */
  key: KeyObject
  /** The claims, which nobody can change. */
  claims: JwtClaims
  owner: Owner
  user: string | undefined
}

/** What all that is remembered may take, in bytes: some ten thousand tokens of a usual length. */
const MOST_BYTES = 16 * 2 ** 20

/** What is remembered of a token beside its claims, in bytes. */
const BYTES_PER_TOKEN = 512

/**
 * The tokens that were verified lately, so that a client that polls does not cost a signature check each time.
 * Holds no tokens, only their digests: a dump of the memory shows none. What depends on time or on the key is for
 * the reader to check again. Refusals are not remembered, since anybody can send new ones.
 */
export class VerifiedTokens {
  readonly #tokens = new Map<string, { token: VerifiedToken; bytes: number }>()
  #bytes = 0

  static digest(token: string): string {
    return hash('sha256', token, 'base64url')
  }

  get size(): number {
    return this.#tokens.size
  }

  find(digest: string): VerifiedToken | undefined {
    return this.#tokens.get(digest)?.token
  }

  /** `length`: of the token, in characters; the claims of a long one take more. */
  add(digest: string, length: number, token: VerifiedToken): VerifiedToken {
    this.forget(digest)
    const bytes = BYTES_PER_TOKEN + 2 * length
    for (const [oldest] of this.#tokens) {
      if (this.#bytes + bytes <= MOST_BYTES) break
      this.forget(oldest)
    }
    deepFreeze(token.claims)
    this.#tokens.set(digest, { token, bytes })
    this.#bytes += bytes
    return token
  }

  forget(digest: string): void {
    this.#bytes -= this.#tokens.get(digest)?.bytes ?? 0
    this.#tokens.delete(digest)
  }
}

/** Functions that are given the claims must not be able to change them for the next request. */
function deepFreeze(value: object): void {
  // No recursion: claims may be nested deeper than the stack is.
  const open = [value]
  for (let next = open.pop(); next; next = open.pop()) {
    Object.freeze(next)
    for (const member of Object.values(next)) {
      if (typeof member === 'object' && member !== null) open.push(member)
    }
  }
}
