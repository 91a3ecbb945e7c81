import type { IncomingHttpHeaders } from 'node:http'
import { ClusterError } from './cluster-error'

/** A user that the stand-in knows. */
export interface ClusterUser {
  name: string
  /** May send `es-security-runas-user`. @default false */
  runAs?: boolean
  /** Has the cluster privilege to delete other users' queries. @default false */
  cancelTask?: boolean
}

/** The names of the users who have the cluster privilege to see running queries, those of run-as included. */
export type Monitors = readonly string[]

/** The user of a request. Users with the same `subject` are the same owner. */
export interface Subject {
  subject: string
  cancelTask: boolean
  /** The effective user. */
  name: string
  monitorEsql: boolean
}

/** The service account that the stand-in knows by default, with the right to run as others. */
export const SERVICE_ACCOUNT = {
  username: 'gateway',
  password: 'secret',
  authorization: `Basic ${Buffer.from('gateway:secret').toString('base64')}`,
}

/** The API key that the stand-in knows by default, with the same right. */
export const API_KEY = {
  encoded: Buffer.from('key-1:secret').toString('base64'),
  authorization: `ApiKey ${Buffer.from('key-1:secret').toString('base64')}`,
}

export const DEFAULT_USERS: Readonly<Record<string, ClusterUser>> = {
  [SERVICE_ACCOUNT.authorization]: { name: SERVICE_ACCOUNT.username, runAs: true },
  [API_KEY.authorization]: { name: 'key-1', runAs: true },
}

/**
 * Finds the effective user: the user of run-as if there is one, otherwise the authenticated user. A bearer token belongs
 * to a JWT realm that trusts everybody, so its `sub` is the user.
 */
export function authenticate(
  headers: IncomingHttpHeaders,
  uri: string,
  users: Readonly<Record<string, ClusterUser>>,
  monitors: Monitors,
): Subject {
  const { authorization } = headers
  const runAs = headers['es-security-runas-user']
  if (authorization === undefined) {
    throw unauthenticated(`missing authentication credentials for REST request [${uri}]`)
  }
  const user = Object.hasOwn(users, authorization) ? users[authorization] : bearer(authorization)
  if (!user) throw unauthenticated(`unable to authenticate user for REST request [${uri}]`)
  const { name, cancelTask = false } = user
  if (runAs === undefined || runAs === '') {
    const subject = `${authorization.split(' ', 1)[0]} ${name}`
    return { subject, cancelTask, name, monitorEsql: monitors.includes(name) }
  }
  if (!user.runAs) throw forbidden(name, String(runAs))
  // A run-as request has the rights of that user.
  const effective = String(runAs)
  const monitorEsql = monitors.includes(effective)
  return { subject: `user ${effective}`, cancelTask: false, name: effective, monitorEsql }
}

function bearer(authorization: string): ClusterUser | undefined {
  const [, payload = ''] = /^Bearer [\w-]+\.([\w-]+)\.[\w-]+$/.exec(authorization) ?? []
  try {
    const { sub } = JSON.parse(Buffer.from(payload, 'base64url').toString())
    return typeof sub === 'string' ? { name: sub } : undefined
  } catch {
    return undefined
  }
}

function unauthenticated(reason: string): ClusterError {
  const challenges = ['Basic realm="security", charset="UTF-8"', 'Bearer realm="security"', 'ApiKey']
  return new ClusterError(401, 'security_exception', reason, { headers: { 'WWW-Authenticate': challenges } })
}

function forbidden(name: string, runAs: string): ClusterError {
  const action = 'indices:data/read/esql'
  const reason =
    `action [${action}] is unauthorized for user [${name}] run as [${runAs}], ` +
    `because user [${name}] is unauthorized to run as [${runAs}]`
  return new ClusterError(403, 'security_exception', reason)
}
