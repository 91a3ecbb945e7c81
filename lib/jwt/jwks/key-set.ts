import type { KeyObject } from 'node:crypto'
import type { JwtHeader } from '../header'
import type { VerificationKey } from '../key'
import { parseKey } from '../key'
import type { JsonDocument } from './json-document'
import { isJsonObject } from './json-document'

/** What can be verified with, of those that are published. Above all no `oct`: a secret that is published is none. */
const KEY_TYPES: readonly unknown[] = ['RSA', 'EC']

const MOST_KEYS = 100

/** The keys that an issuer publishes: a JWK Set of RFC 7517. */
export class KeySet {
  /** By `kid`. Below `undefined` are all of them. */
  readonly #keys = new Map<string | undefined, VerificationKey[]>([[undefined, []]])

  /**
   * Keys that are not for verifying, cannot be read or are of another kind are left out (RFC 7517, section 5).
   *
   * A key that is in `previous` too stays the same object, by which it is told whether a key has changed.
   *
   * Throws for what is no key set.
   */
  constructor({ keys }: JsonDocument, previous?: KeySet) {
    if (!Array.isArray(keys)) throw new Error('the key set has no list of keys')
    const known = previous ? previous.#all().map(({ key }) => key) : []
    // More than any issuer has. Each has to be parsed, and compared with those of before.
    if (keys.length > MOST_KEYS) throw new Error(`the key set has more than ${MOST_KEYS} keys`)
    for (const jwk of keys) {
      const parsed = parseJwk(jwk)
      if (parsed) this.#add(jwk.kid, { ...parsed, key: sameKey(known, parsed.key) })
    }
  }

  /**
   * The distinct keys that a token with this header may be signed with: of that `kid` (it may be given to keys of
   * different types), or all of them where the token names none.
   */
  fitting({ kid, alg }: JwtHeader): readonly VerificationKey[] {
    const found: VerificationKey[] = []
    for (const candidate of this.#keys.get(kid) ?? []) {
      const isNew = !found.some(({ key }) => key === candidate.key)
      if (isNew && candidate.algorithms.includes(alg)) found.push(candidate)
    }
    return found
  }

  #all(): VerificationKey[] {
    return this.#keys.get(undefined) ?? []
  }

  #add(kid: string | undefined, key: VerificationKey): void {
    this.#all().push(key)
    if (kid === undefined) return
    const sameKid = this.#keys.get(kid)
    if (sameKid) sameKid.push(key)
    else this.#keys.set(kid, [key])
  }
}

function parseJwk(jwk: unknown): VerificationKey | undefined {
  if (!isJsonObject(jwk) || !KEY_TYPES.includes(jwk.kty)) return undefined
  if (jwk.kid !== undefined && typeof jwk.kid !== 'string') return undefined
  try {
    const key = parseKey(jwk)
    return key.algorithms.length > 0 ? key : undefined
  } catch {
    return undefined
  }
}

/** The known one of equal keys, and from now on this one. */
function sameKey(known: KeyObject[], key: KeyObject): KeyObject {
  const same = known.find((other) => other.equals(key))
  if (!same) known.push(key)
  return same ?? key
}
