import type { KeyObject } from 'node:crypto'
import { isObject } from '../../core/is-object'
import type { JwtHeader } from '../header'
import type { VerificationKey } from '../key'
import { parseKey } from '../key'
import type { KnownKey } from '../key-finder'
import type { JsonDocument } from './json-document'
import { KeySourceError } from './json-document'

/** The published keys that can verify. Above all not `oct`: a published secret is none. */
const KEY_TYPES: readonly unknown[] = ['RSA', 'EC']

const MOST_KEYS = 100

/**
 * The keys that an issuer publishes: a JWK Set of RFC 7517. By hand, since jsonwebtoken reads no sets, and takes
 * none of the keys that jose makes.
 */
export class KeySet {
  readonly #keys: readonly KnownKey[]

  /**
   * Leaves out keys that are not for verifying, unreadable or of another kind (RFC 7517, section 5). A key that is in
   * `previous` too stays the same object, which shows that it has not changed.
   */
  constructor({ keys }: JsonDocument, previous?: KeySet) {
    if (!Array.isArray(keys)) throw new KeySourceError('the key set has no list of keys')
    // No issuer has more. Each has to be parsed and compared with the known ones.
    if (keys.length > MOST_KEYS) throw new KeySourceError(`the key set has more than ${MOST_KEYS} keys`)
    const known = previous ? previous.#keys.map(({ key }) => key) : []
    this.#keys = keys.flatMap((jwk) => {
      const parsed = parseJwk(jwk)
      return parsed ? { ...parsed, kid: jwk.kid, key: sameKey(known, parsed.key) } : []
    })
  }

  get keys(): readonly KnownKey[] {
    return this.#keys
  }

  /** The distinct keys of a token: of its `kid`, which keys of different types may share, or all where it names none. */
  fitting({ kid, alg }: JwtHeader): readonly VerificationKey[] {
    const named = kid === undefined ? this.#keys : this.#keys.filter((candidate) => candidate.kid === kid)
    const fitting = named.filter(({ algorithms }) => algorithms.includes(alg))
    return [...new Map(fitting.map((candidate) => [candidate.key, candidate])).values()]
  }
}

function parseJwk(jwk: unknown): VerificationKey | undefined {
  if (!isObject(jwk) || !KEY_TYPES.includes(jwk.kty)) return undefined
  if (jwk.kid !== undefined && typeof jwk.kid !== 'string') return undefined
  try {
    const key = parseKey(jwk)
    return key.algorithms.length > 0 ? key : undefined
  } catch {
    return undefined
  }
}

/** The known key that equals this one, else this one, which is known from now on. */
function sameKey(known: KeyObject[], key: KeyObject): KeyObject {
  const same = known.find((other) => other.equals(key))
  if (!same) known.push(key)
  return same ?? key
}
