import type { KeyObject } from 'node:crypto'
import { types } from 'node:util'
import { LRUCache } from 'lru-cache'
import type { QueryError } from '../core/errors'
import { unavailable } from '../core/errors'
import type { Logger } from '../core/logger'
import { refused } from '../core/unauthenticated'
import type { JwtAlgorithm } from './algorithms'
import { requirement } from './algorithms'
import type { JwtHeader } from './header'
import type { JwtKey, VerificationKey } from './key'
import { parseKey } from './key'

/**
 * Looks up the key of a token by its header. `undefined` means that there is no such key; the caller gets a 401.
 * Throw anything when keys cannot be looked up right now; the caller gets a 503.
 *
 * {@link jwtCaller} calls it for every token with an allowed algorithm, before it verifies the token. Invented `kid`s
 * reach it, so it should remember its answers.
 */
export type JwtKeySource = (header: JwtHeader) => JwtKey | undefined | Promise<JwtKey | undefined>

/** Finds a key that fits the header's algorithm, at once if it is known. `logger`: that of the router. */
export type FindKey = (header: JwtHeader, logger?: Logger) => VerificationKey | Promise<VerificationKey>

/** Where keys come from. */
export interface KeyFinder {
  readonly find: FindKey
  /** Rejects with 503 while no key can be found. Left out where nothing can tell without a token. */
  readonly check?: (logger?: Logger) => Promise<void>
  /** The keys that are known now. Empty where only a token leads to a key. */
  readonly known: () => readonly KnownKey[]
}

/** A key, and the name by which tokens ask for it. */
export interface KnownKey extends VerificationKey {
  readonly kid?: string | undefined
}

/** How many keys of a source stay parsed. An issuer publishes a handful. */
const MOST_PARSED_KEYS = 64

/** Always the key `material`. Throws a `TypeError` unless it fits every one of the `algorithms`. */
export function givenKey(material: JwtKey, algorithms: readonly JwtAlgorithm[]): KeyFinder {
  const key = parseKey(material)
  for (const algorithm of algorithms) {
    if (key.algorithms.includes(algorithm)) continue
    const mismatch = `it needs ${requirement(algorithm)}, but \`key\` is ${key.description}`
    throw new TypeError(`jwtCaller cannot use \`${algorithm}\` of \`algorithms\`: ${mismatch}`)
  }
  return { find: () => key, known: () => [key] }
}

export function sourcedKey(source: JwtKeySource): FindKey {
  const parsedKeys = new LRUCache<string | KeyObject, VerificationKey>({ max: MOST_PARSED_KEYS })
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
      return material === undefined ? undefined : parse(material)
    } catch (cause) {
      throw keysUnavailable(cause)
    }
  }

  function parse(material: JwtKey): VerificationKey {
    const id = identity(material)
    const key = parsedKeys.get(id) ?? parseKey(material)
    parsedKeys.set(id, key)
    return key
  }
}

/** The 503 for keys that cannot be looked up. It says nothing about the token. */
export function keysUnavailable(cause: unknown): QueryError {
  return unavailable('callers cannot be authenticated at the moment: the key source is unavailable', cause)
}

/** Sources may build bytes and JWKs anew for each call, or change them, so their content identifies them. */
function identity(material: JwtKey): string | KeyObject {
  if (typeof material === 'string') return `text:${material}`
  if (types.isUint8Array(material)) return `bytes:${Buffer.from(material).toString('base64')}`
  return types.isKeyObject(material) ? material : `jwk:${JSON.stringify(material)}`
}
