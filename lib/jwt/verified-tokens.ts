import { hash, type KeyObject } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { Owner } from '../core/caller'
import type { JwtHeader } from './header'

export interface VerifiedToken {
  header: JwtHeader
  /** The key that verified the token. With another key, the token has to be verified again. */
  key: KeyObject
  times: { exp: number; nbf: number | undefined; iat: number | undefined }
  owner: Owner
  user: string | undefined
  /** The claims as JSON. Each reader makes an object of its own, since it may change that. */
  claims: string
  /** Rights that the claims alone decide. `undefined`: a function decides each time. */
  cancelTasks: boolean | undefined
  monitorQueries: boolean | undefined
}

/** The size of the cache, in bytes: some thousand tokens with their claims. */
const MOST_BYTES = 16 * 2 ** 20

/** The size of a token beside its texts, in bytes. */
const BYTES_PER_TOKEN = 512

/**
 * A cache of verified tokens by their digests, so that a client that polls does not cost a signature check each time.
 * The reader checks again what depends on time or on the key. Refusals are not kept, since anybody can send new ones.
 */
export function verifiedTokens(): LRUCache<string, VerifiedToken> {
  return new LRUCache({
    maxSize: MOST_BYTES,
    sizeCalculation: (token) => BYTES_PER_TOKEN + 2 * lengthOf(token),
  })
}

export function digestOf(token: string): string {
  return hash('sha256', token, 'base64url')
}

/** In characters, which take two bytes at most. */
function lengthOf({ header, owner, user = '', claims }: VerifiedToken): number {
  const texts = [...Object.values(header), owner, user, claims]
  return texts.reduce((sum, text) => sum + text.length, 0)
}
