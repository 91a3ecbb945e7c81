import type { KeyObject } from 'node:crypto'
import { createSecretKey, randomBytes } from 'node:crypto'

export interface SealingKey {
  /** Stands in clear in every id that the key has sealed. */
  id: Buffer
  key: KeyObject
}

const KEY_BYTES = 32

/** The id of a key has room for a date or a name. Every sealed id carries it. */
const KEY = /^([\w-]{1,16})\.([\w-]+)$/

const EXPECTED = 'a key as newSealingKey() makes it, `ID.SECRET`'

/**
 * A fresh key for {@link ElasticsearchStore}, as a text: a random id for the key, a dot, and 256 bits from the
 * system's random generator in base64url. Keep it as you keep passwords, and give the same one to every replica.
 */
export function newSealingKey(): string {
  return `${randomBytes(4).toString('hex')}.${randomBytes(KEY_BYTES).toString('base64url')}`
}

/**
 * Reads keys from their texts, in the same order. Throws a `TypeError` that names the place of a key that is malformed,
 * too short, too long or has the id of another. The error never shows more of a key than its id.
 */
export function readSealingKeys(texts: readonly string[]): readonly [SealingKey, ...SealingKey[]] {
  const [first, ...others] = texts.map(readKey)
  if (!first) throw new TypeError('ElasticsearchStore needs at least one of `sealingKeys`')
  const keys = [first, ...others] as const
  const ids = keys.map(({ id }) => id.toString())
  const repeated = ids.find((id, index) => ids.indexOf(id) < index)
  if (repeated !== undefined) {
    throw new TypeError(
      `ElasticsearchStore got two \`sealingKeys\` with the id \`${repeated}\`; each needs its own`,
    )
  }
  return keys
}

function readKey(text: string, index: number): SealingKey {
  const place = `\`sealingKeys[${index}]\``
  const [, id, secret] = KEY.exec(text) ?? []
  if (id === undefined || secret === undefined) {
    throw new TypeError(`ElasticsearchStore expects ${place} to be ${EXPECTED}`)
  }
  const bytes = Buffer.from(secret, 'base64url')
  if (bytes.length !== KEY_BYTES || bytes.toString('base64url') !== secret) {
    throw new TypeError(
      `ElasticsearchStore expects the secret of ${place} to be ${KEY_BYTES} bytes in base64url, got ${bytes.length} bytes; ` +
        'newSealingKey() makes one',
    )
  }
  return { id: Buffer.from(id), key: createSecretKey(bytes) }
}
