import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { sign } from 'jsonwebtoken'
import type { ResolveCaller } from '../index'
import { jwtCaller } from '../index'

const NAMES = { issuer: 'urn:express-esql-async-query:development', audience: 'express-esql-async-query' }

/** A token check, tokens that pass it, and a key that shows who has read the output of the server. */
export interface DevelopmentAccess {
  resolveCaller: ResolveCaller
  alice: string
  mallory: string
  consoleKey: string
}

/**
 * A token check without configuration, and tokens that pass it. The key ends with this process, so that a token of one
 * run is worth nothing in the next. An elliptic curve, because making a key of RSA can take longer than the rest of the start.
 */
export function createDevelopmentAccess(): DevelopmentAccess {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const tokenOf = (subject: string): string =>
    sign({}, privateKey, { algorithm: 'ES256', ...NAMES, subject, expiresIn: '12h' })
  return {
    resolveCaller: jwtCaller({ key: publicKey, algorithms: ['ES256'], ...NAMES, userClaim: 'sub' }),
    alice: tokenOf('alice'),
    mallory: tokenOf('mallory'),
    consoleKey: randomBytes(16).toString('base64url'),
  }
}
