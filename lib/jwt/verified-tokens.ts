import { hash, type KeyObject } from 'node:crypto'
import type { Owner } from '../core/caller'
import type { JwtHeader } from './header'

/** What is remembered of a token that was verified. */
export interface VerifiedToken {
  header: JwtHeader
  /** The key that the token was verified with. With another one it has to be verified again. */
  key: KeyObject
  /** The claims that depend on time. */
  times: { exp: number; nbf: number | undefined; iat: number | undefined }
  owner: Owner
  user: string | undefined
  /** The right to cancel tasks, or the claims as JSON for a function that decides each time. */
  cancelTasks: boolean | string
}

/** What all that is remembered may take, in bytes: some ten thousand tokens with their claims, or thirty without. */
const MOST_BYTES = 16 * 2 ** 20

/** What is remembered of a token beside its texts, in bytes. */
const BYTES_PER_TOKEN = 512

/**
 * The tokens that were verified lately, so that a client that polls does not cost a signature check each time.
 * Holds no tokens, only their digests. What depends on time or on the key is for the reader to check again. Refusals are not remembered, since anybody can send new ones.
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

  add(digest: string, token: VerifiedToken): void {
    this.forget(digest)
    const bytes = BYTES_PER_TOKEN + 2 * lengthOf(token)
    for (const [oldest] of this.#tokens) {
      if (this.#bytes + bytes <= MOST_BYTES) break
      this.forget(oldest)
    }
    this.#tokens.set(digest, { token, bytes })
    this.#bytes += bytes
  }

  forget(digest: string): void {
    this.#bytes -= this.#tokens.get(digest)?.bytes ?? 0
    this.#tokens.delete(digest)
  }
}

/** In characters, which take two bytes at most. */
function lengthOf({ header, owner, user = '', cancelTasks }: VerifiedToken): number {
  const texts = [...Object.values(header), owner, user, typeof cancelTasks === 'string' ? cancelTasks : '']
  return texts.reduce((sum, text) => sum + text.length, 0)
}
