import { createHash } from 'node:crypto'
import type { Request } from 'express'
import type { Caller, ResolveCaller } from '../core/caller'
import { ownerOf } from '../core/caller'
import { isObject, parsedJson } from '../core/is-object'
import { printOnConsole } from '../core/logger'
import { missingCredentials, refused } from '../core/unauthenticated'

/** Who may ask a double. */
export interface Access {
  /** Owners by their `Authorization` header, or `'any'`. */
  users: Readonly<Record<string, string>> | 'any'
  /** Whether requests without credentials are let in. */
  anonymous: boolean
}

const ANONYMOUS = 'anonymous'

/** Characters of a digest that stands for a token. */
const DIGEST_LENGTH = 12

/** Finds the owner of a request by its credentials, whose secret nobody checks. */
export function callerByCredentials({ users, anonymous }: Access): ResolveCaller {
  let isTold = false
  return ({ headers, originalUrl }: Request): Caller => {
    const { authorization = '' } = headers
    if (authorization !== '')
      return { owner: users === 'any' ? ownerBy(authorization) : knownOwner(users, authorization) }
    if (anonymous) return { owner: ANONYMOUS }
    if (!isTold) {
      isTold = true
      printOnConsole(
        'warn',
        'express-esql-async-query: a request without Authorization got a 401 of the double, as Elasticsearch answers it; ' +
          '`startDouble({ anonymous: true })`, or `double --anonymous`, lets such requests in',
      )
    }
    throw missingCredentials(originalUrl)
  }
}

function knownOwner(users: Readonly<Record<string, string>>, authorization: string): string {
  const owner = Object.hasOwn(users, authorization) ? users[authorization] : undefined
  if (owner === undefined) throw refused('the double has no such user')
  return owner
}

/** The owner that a scheme names: the name of a user, the id of a key, issuer and subject of a JWT. Any other has a digest. */
function ownerBy(authorization: string): string {
  const [, sent = '', credentials = ''] = /^(\S+)\s*(.*)$/s.exec(authorization.trim()) ?? []
  const { scheme, nameIn } = SCHEMES.find((known) => known.scheme.toLowerCase() === sent.toLowerCase()) ?? {}
  return `${scheme ?? sent} ${nameIn?.(credentials) ?? digest(credentials)}`
}

const SCHEMES = [
  { scheme: 'Basic', nameIn: nameBeforeColon },
  { scheme: 'ApiKey', nameIn: nameBeforeColon },
  { scheme: 'Bearer', nameIn: subjectOf },
]

function digest(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url').slice(0, DIGEST_LENGTH)
}

function nameBeforeColon(credentials: string): string | undefined {
  const [, name] = /^([^:]+):/.exec(Buffer.from(credentials, 'base64').toString()) ?? []
  return name
}

/** A token that is renewed has the same owner. */
function subjectOf(token: string): string | undefined {
  const [, payload = ''] = /^[\w-]+\.([\w-]+)\.[\w-]*$/.exec(token) ?? []
  const claims = parsedJson(Buffer.from(payload, 'base64url').toString())
  if (!isObject(claims)) return undefined
  const { iss, sub } = claims
  return typeof iss === 'string' && typeof sub === 'string' && iss !== '' && sub !== ''
    ? ownerOf(iss, sub)
    : undefined
}
