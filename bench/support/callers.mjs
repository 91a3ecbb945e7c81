import { generateKeyPairSync } from 'node:crypto'
import jwt from 'jsonwebtoken'

const { publicKey, privateKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
})

/** With this, a server checks the tokens of this run. */
export const TRUST = { key: publicKey, issuer: 'https://issuer.example.org/', audience: 'gateway' }

/** With this, another process signs tokens of this run. */
export const SIGNING = { privateKey, issuer: TRUST.issuer, audience: TRUST.audience }

/** An RS256 token as an identity provider signs them. Each has its own `jti`. */
export function tokenOf(subject, claims = {}) {
  return jwt.sign({ scope: 'openid profile query', ...claims }, privateKey, {
    algorithm: 'RS256',
    keyid: 'key-1',
    issuer: TRUST.issuer,
    audience: TRUST.audience,
    subject,
    jwtid: crypto.randomUUID(),
    expiresIn: '1h',
  })
}

const secret = crypto.randomUUID().repeat(2)

/** With this, a server checks tokens that cost next to nothing to sign, for measurements with thousands of callers. */
export const SECRET_TRUST = { ...TRUST, key: secret }

/** A token for `SECRET_TRUST`. */
export function secretTokenOf(subject) {
  return jwt.sign({}, secret, {
    algorithm: 'HS256',
    issuer: TRUST.issuer,
    audience: TRUST.audience,
    subject,
    jwtid: crypto.randomUUID(),
    expiresIn: '1h',
  })
}
