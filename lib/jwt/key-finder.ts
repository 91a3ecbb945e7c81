import { types } from 'node:util'
import { QueryError } from '../core/errors'
import { refused } from '../core/unauthenticated'
import type { JwtAlgorithm } from './algorithms'
import { requirement } from './algorithms'
import type { JwtHeader } from './header'
import type { JwtKey, VerificationKey } from './key'
import { parseKey } from './key'

/**
 * Looks up the key of a token by its header. `undefined` means that there is no such key, and the token is
 * refused. Anything that is thrown means that keys cannot be looked up right now, and answers 503.
 *
 * It is called for every token with an allowed algorithm, before anything of the token is verified: invented
 * `kid`s reach it, so it should remember its answers.
 */
export type JwtKeySource = (header: JwtHeader) => JwtKey | undefined | Promise<JwtKey | undefined>

/** Resolves to a key that fits the header's algorithm. */
export type FindKey = (header: JwtHeader) => Promise<VerificationKey>

/** How many keys of a source are kept parsed. An issuer publishes a handful. */
const MOST_PARSED_KEYS = 64

/** Always `material`. Throws a `TypeError` unless it fits every one of the `algorithms`. */
export function givenKey(material: JwtKey, algorithms: readonly JwtAlgorithm[]): FindKey {
  const key = parseKey(material)
  for (const algorithm of algorithms) {
    if (key.algorithms.includes(algorithm)) continue
    const mismatch = `it needs ${requirement(algorithm)}, but \`key\` is ${key.description}`
    throw new TypeError(`jwtCaller cannot use \`${algorithm}\` of \`algorithms\`: ${mismatch}`)
  }
  return async () => key
}

/** What `source` finds, parsed once for each distinct key. */
export function sourcedKey(source: JwtKeySource): FindKey {
  const parsedKeys = new ParsedKeys()
  return async (header) => {
    const key = await lookUp(header)
    if (!key) throw refused('there is no key for the token')
    if (!key.algorithms.includes(header.alg)) {
      throw refused(`${header.alg} needs ${requirement(header.alg)}, but the key is ${key.description}`)
    }
    return key
  }

  async function lookUp(header: JwtHeader): Promise<VerificationKey | undefined> {
    try {
      const material = (await source({ ...header })) ?? undefined
      return material === undefined ? undefined : parsedKeys.parse(material)
    } catch (cause) {
      throw keysUnavailable(cause)
    }
  }
}

/** The 503 of keys that cannot be looked up, which says nothing about the token. */
export function keysUnavailable(cause: unknown): QueryError {
  return new QueryError(
    'no_shard_available_action_exception',
    'callers cannot be authenticated at the moment: the key source is unavailable',
    { cause },
  )
}

class ParsedKeys {
  readonly #keys = new Map<unknown, VerificationKey>()

  parse(material: JwtKey): VerificationKey {
    const id = identity(material)
    const known = this.#keys.get(id)
    if (known) return known
    const key = parseKey(material)
    if (this.#keys.size >= MOST_PARSED_KEYS) this.#forgetOldest()
    this.#keys.set(id, key)
    return key
  }

  #forgetOldest(): void {
    const [oldest] = this.#keys.keys()
    this.#keys.delete(oldest)
  }
}

/** Sources may build bytes and JWKs anew for each call, or change them, so these are told apart by content. */
function identity(material: JwtKey): unknown {
  if (typeof material === 'string') return `text:${material}`
  if (types.isUint8Array(material)) return `bytes:${Buffer.from(material).toString('base64')}`
  return types.isKeyObject(material) ? material : `jwk:${JSON.stringify(material)}`
}
