/** The version of the layout. It stands in clear, as do the key's id and its length. */
export const VERSION = 1
export const HEAD_BYTES = 2
export const NONCE_BYTES = 12
export const TAG_BYTES = 16
/** How much of the owner's SHA-256 an id holds. To find another owner with the same bytes takes 2^128 attempts. */
export const DIGEST_BYTES = 16

export const SHORTEST = HEAD_BYTES + 1 + NONCE_BYTES + DIGEST_BYTES + 1 + TAG_BYTES
/** Short enough for URLs and headers: Elasticsearch takes 4,096 bytes for the first line of a request. */
export const LONGEST = 1_024

/** The bytes of an id that has the layout of a sealed one, whoever made it. */
export function sealedBytes(id: string): Buffer | undefined {
  const bytes = Buffer.from(id, 'base64url')
  const isShaped =
    bytes.length >= SHORTEST &&
    bytes.length <= LONGEST &&
    bytes[0] === VERSION &&
    bytes.length >= SHORTEST - 1 + (bytes[1] ?? 0) &&
    // Node's decoder takes other spellings of the same bytes too. One query has one id.
    bytes.toString('base64url') === id
  return isShaped ? bytes : undefined
}
