import type { KeyObject } from 'node:crypto'

/** A signature algorithm of RFC 7518, section 3. */
export type JwtAlgorithm = `${'HS' | 'RS' | 'PS' | 'ES'}${256 | 384 | 512}`

export const JWT_ALGORITHMS: readonly JwtAlgorithm[] = (['HS', 'RS', 'PS', 'ES'] as const).flatMap((family) =>
  ([256, 384, 512] as const).map((bits) => `${family}${bits}` as const),
)

/** RFC 7518 requires RSA keys of this size or larger. */
const SMALLEST_RSA_BITS = 2048

const CURVES: Readonly<Record<string, string>> = {
  ES256: 'prime256v1',
  ES384: 'secp384r1',
  ES512: 'secp521r1',
}

export function isJwtAlgorithm(name: unknown): name is JwtAlgorithm {
  return JWT_ALGORITHMS.some((algorithm) => algorithm === name)
}

/**
 * Whether a secret or public key can verify signatures of `algorithm`, and is strong enough. By hand, since
 * jsonwebtoken checks a key only with a token, and takes short secrets.
 */
export function fits(algorithm: JwtAlgorithm, key: KeyObject): boolean {
  switch (algorithm.slice(0, 2)) {
    case 'HS':
      return key.type === 'secret' && (key.symmetricKeySize ?? 0) >= hashBytes(algorithm)
    case 'RS':
      return key.asymmetricKeyType === 'rsa' && isStrong(key)
    case 'PS':
      return (key.asymmetricKeyType === 'rsa' || isPssKeyFor(algorithm, key)) && isStrong(key)
    default:
      return key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === CURVES[algorithm]
  }
}

/** What {@link fits} requires of a key, in words. */
export function requirement(algorithm: JwtAlgorithm): string {
  switch (algorithm.slice(0, 2)) {
    case 'HS':
      return `a secret of at least ${hashBytes(algorithm)} bytes`
    case 'ES':
      return `an EC key on the curve ${CURVES[algorithm]}`
    case 'RS':
      return `a key of type rsa with at least ${SMALLEST_RSA_BITS} bits`
    default:
      return `a key of type rsa, or of type rsa-pss bound to sha${algorithm.slice(2)}, with at least ${SMALLEST_RSA_BITS} bits`
  }
}

/** What kind of key a secret or public key is, in words that reveal nothing of it. */
export function describeKey(key: KeyObject): string {
  if (key.type === 'secret') return `a secret of ${key.symmetricKeySize} bytes`
  const { modulusLength, publicExponent, namedCurve } = key.asymmetricKeyDetails ?? {}
  if (modulusLength !== undefined) {
    const exponent = publicExponent === 65_537n ? '' : ` and the exponent ${publicExponent}`
    return `a key of type ${key.asymmetricKeyType} with ${modulusLength} bits${exponent}`
  }
  if (namedCurve !== undefined) return `an EC key on the curve ${namedCurve}`
  return `a key of type ${key.asymmetricKeyType}`
}

function hashBytes(algorithm: JwtAlgorithm): number {
  return Number(algorithm.slice(2)) / 8
}

/** Anybody can make signatures for the exponent 1. RSA needs an odd one from 3. */
function isStrong({ asymmetricKeyDetails }: KeyObject): boolean {
  const { modulusLength = 0, publicExponent = 0n } = asymmetricKeyDetails ?? {}
  return modulusLength >= SMALLEST_RSA_BITS && publicExponent >= 3n && publicExponent % 2n === 1n
}

/** A key that is bound to RSA-PSS has to be bound to the algorithm's hash too, or jsonwebtoken refuses it. */
function isPssKeyFor(algorithm: JwtAlgorithm, key: KeyObject): boolean {
  const { hashAlgorithm, mgf1HashAlgorithm, saltLength = 0 } = key.asymmetricKeyDetails ?? {}
  return (
    key.asymmetricKeyType === 'rsa-pss' &&
    hashAlgorithm === `sha${algorithm.slice(2)}` &&
    mgf1HashAlgorithm === hashAlgorithm &&
    saltLength <= hashBytes(algorithm)
  )
}
