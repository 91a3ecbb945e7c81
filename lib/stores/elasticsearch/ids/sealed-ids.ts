import { createCipheriv, createDecipheriv, createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Owner } from '../../../core/caller'
import { illegalArgument } from '../../../core/errors'
import { UnusableAnswerError } from '../outage'
import type { KnownQuery, SealedContent } from './sealed-content'
import { decodeContent, encodeContent } from './sealed-content'
import type { SealingKey } from './sealing-keys'

const CIPHER = 'aes-256-gcm'

/** The version of the layout. It stands in clear, as do the key's id and its length. */
const VERSION = 1
const HEAD_BYTES = 2
const NONCE_BYTES = 12
const TAG_BYTES = 16
/** How much of the owner's SHA-256 an id holds. To find another owner with the same bytes takes 2^128 attempts. */
const DIGEST_BYTES = 16

const SHORTEST = HEAD_BYTES + 1 + NONCE_BYTES + DIGEST_BYTES + 1 + TAG_BYTES
/** Short enough for URLs and headers: Elasticsearch takes 4,096 bytes for the first line of a request. */
const LONGEST = 1_024

/**
 * Seals ids of the cluster into ids for clients, and opens them again. An id is encrypted, authenticated and bound to
 * an owner, so that nobody else can use it.
 *
 * A digest of the owner is inside, and is compared when an id is opened. As associated data of the cipher it would be
 * as safe, but then callers who may cancel the queries of others could not open their ids.
 */
export class SealedIds {
  readonly #sealing: SealingKey
  readonly #keys: readonly SealingKey[]

  constructor(keys: readonly [SealingKey, ...SealingKey[]]) {
    this.#sealing = keys[0]
    this.#keys = keys
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
   * the ids of all owners.
   *
   * Throws `illegal_argument_exception` for a text that does not have the form of an id.
   */
  open(id: string, owner: Owner | undefined): KnownQuery | undefined {
    const bytes = readBytes(id)
    const headEnd = HEAD_BYTES + bytes.readUInt8(1)
    const keyId = bytes.subarray(HEAD_BYTES, headEnd)
    const found = this.#keys.find((key) => key.id.equals(keyId))
    const inside = found && decrypt(found, bytes, headEnd)
    if (!inside) return undefined
    const isOwner = owner === undefined || timingSafeEqual(inside.subarray(0, DIGEST_BYTES), digestOf(owner))
    return isOwner ? { id, ...decodeContent(inside.subarray(DIGEST_BYTES)) } : undefined
  }
}

function readBytes(id: string): Buffer {
  const bytes = Buffer.from(id, 'base64url')
  const isShaped =
    bytes.length >= SHORTEST &&
    bytes.length <= LONGEST &&
    bytes[0] === VERSION &&
    bytes.length >= SHORTEST - 1 + (bytes[1] ?? 0) &&
    // Node's decoder takes other spellings of the same bytes too. One query has one id.
    bytes.toString('base64url') === id
  if (!isShaped) throw illegalArgument(`invalid id: [${id}]`)
  return bytes
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
