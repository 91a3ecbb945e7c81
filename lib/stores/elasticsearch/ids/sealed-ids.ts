import { createCipheriv, createDecipheriv, createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Owner } from '../../../core/caller'
import { assertQueryId } from '../../execution/query-id'
import {
  DIGEST_BYTES,
  HEAD_BYTES,
  LONGEST,
  NONCE_BYTES,
  SHORTEST,
  sealedBytes,
  TAG_BYTES,
  VERSION,
} from '../../sealed-layout'
import { UnusableAnswerError } from '../outage'
import type { KnownQuery, SealedContent } from './sealed-content'
import { decodeContent, encodeContent } from './sealed-content'
import type { SealingKey } from './sealing-keys'

const CIPHER = 'aes-256-gcm'

/** Bytes that no key has sealed. */
const UNSEALED = Buffer.alloc(SHORTEST)

/**
 * Seals ids of the cluster into ids for clients, and opens them again. An id is encrypted, authenticated and bound to
 * an owner, so that nobody else can use it.
 *
 * A digest of the owner is inside, and is compared when an id is opened. As associated data of the cipher it would be
 * as safe, but then callers who may cancel the queries of others could not open their ids.
 */
export class SealedIds {
  readonly #sealing: SealingKey
  /** By their ids, which stand in clear in every id. */
  readonly #keys: ReadonlyMap<string, SealingKey>

  constructor(keys: readonly [SealingKey, ...SealingKey[]]) {
    this.#sealing = keys[0]
    this.#keys = new Map(keys.map((key) => [nameOf(key.id), key]))
  }

  /** Throws an {@link UnusableAnswerError} for an id of the cluster that is empty or too long. */
  seal(content: SealedContent, owner: Owner): string {
    const { id, key } = this.#sealing
    const head = Buffer.concat([Buffer.of(VERSION, id.length), id])
    const nonce = randomBytes(NONCE_BYTES)
    const cipher = createCipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES }).setAAD(head)
    const inside = [cipher.update(digestOf(owner)), cipher.update(encodeContent(content)), cipher.final()]
    const sealed = Buffer.concat([head, nonce, ...inside, cipher.getAuthTag()])
    if (content.upstreamId === '' || sealed.length > LONGEST) {
      throw new UnusableAnswerError(`an id of ${content.upstreamId.length} characters cannot be sealed`)
    }
    return sealed.toString('base64url')
  }

  /**
   * Opens an id. `undefined` for an id that was not sealed with our keys, or not for `owner`. Without an owner it opens
   * the ids of all owners. All that it does not open take the same path, ids in the layout of the cluster included.
   *
   * Throws `illegal_argument_exception` for a text that does not have the form of an id.
   */
  open(id: string, owner: Owner | undefined): KnownQuery | undefined {
    const bytes = sealedBytes(id) ?? unsealed(id)
    const headEnd = HEAD_BYTES + bytes.readUInt8(1)
    const found = this.#keys.get(nameOf(bytes.subarray(HEAD_BYTES, headEnd)))
    const inside = decrypt(found ?? this.#sealing, bytes, headEnd)
    if (!found || !inside) return undefined
    const isOwner = owner === undefined || timingSafeEqual(inside.subarray(0, DIGEST_BYTES), digestOf(owner))
    return isOwner ? { id, ...decodeContent(inside.subarray(DIGEST_BYTES)) } : undefined
  }
}

function nameOf(keyId: Buffer): string {
  return keyId.toString('latin1')
}

/** An id in the cluster's own layout is read as one that no key has sealed. */
function unsealed(id: string): Buffer {
  assertQueryId(id)
  return UNSEALED
}

function decrypt({ key }: SealingKey, bytes: Buffer, headEnd: number): Buffer | undefined {
  const nonceEnd = headEnd + NONCE_BYTES
  const tagStart = bytes.length - TAG_BYTES
  const decipher = createDecipheriv(CIPHER, key, bytes.subarray(headEnd, nonceEnd), {
    authTagLength: TAG_BYTES,
  })
  decipher.setAAD(bytes.subarray(0, headEnd)).setAuthTag(bytes.subarray(tagStart))
  try {
    return Buffer.concat([decipher.update(bytes.subarray(nonceEnd, tagStart)), decipher.final()])
  } catch {
    return undefined
  }
}

/**
 * UTF-8 writes all lone surrogates alike, so an owner that has some is digested as UTF-16. It begins with a byte that no
 * UTF-8 has, so the two never give the same bytes.
 */
function digestOf(owner: Owner): Buffer {
  const hash = createHash('sha256')
  if (owner.isWellFormed()) hash.update(owner)
  else hash.update(Buffer.of(0xff)).update(owner, 'utf16le')
  return hash.digest().subarray(0, DIGEST_BYTES)
}
