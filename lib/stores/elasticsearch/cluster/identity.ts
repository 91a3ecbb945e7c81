import type { Caller, Owner } from '../../../core/caller'
import { QueryError } from '../../../core/errors'
import type { WireRequest } from '../../../core/pass-through'
import { missingCredentials } from '../../../core/unauthenticated'

/** Finds the headers that tell the cluster who a caller is. There is one function for each way to tell it. */
export type Identify = (wire: WireRequest | undefined, owner: Owner) => Readonly<Record<string, string>>

export const asServiceAccount: Identify = () => ({})

export const withOwnCredentials: Identify = (wire) => {
  if (wire?.authorization === undefined) throw missingCredentials('/_query/async')
  return { authorization: wire.authorization }
}

/**
 * The statuses with which the cluster refuses the service account and not the caller. Nothing but a submit names what a
 * caller may read, so a 403 to anything else is about the service account unless the cluster knows who the caller is.
 */
export type GatewayRefusals = readonly (401 | 403)[]

/** How Elasticsearch names an account that acts for another. YAML may break the line at each blank. */
const ACTING_ACCOUNT = new RegExp(
  String.raw`(?:API key id \[[^\][]*\] of )?(?:user|service account) \[[^\][]*\](?= run as \[| is unauthorized to run as \[)`.replaceAll(
    ' ',
    String.raw`(?:\\\r?\n\s*\\)? `,
  ),
  'g',
)

/**
 * The body of a 403 with asterisks in place of the service account, for a caller whom it acts for. The length stays, since
 * some formats count it.
 */
export function withoutAccount(bytes: Buffer): Buffer {
  const text = bytes.toString('latin1').replace(ACTING_ACCOUNT, (account) => {
    return account.replace(/(?<=\[)[^\]]+/g, (name) => '*'.repeat(name.length))
  })
  return Buffer.from(text, 'latin1')
}

/** Printable ASCII without blanks at its ends, which a header can carry. */
const USER_NAME = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/

/** The service account acts for the caller's user of the cluster. */
export function runAs(userOf: (caller: Caller) => string | undefined): Identify {
  return (wire, owner) => {
    const user: unknown = userOf(wire?.caller ?? { owner })
    if (user === undefined) {
      throw new QueryError('security_exception', 'the caller has no user in the cluster', { status: 403 })
    }
    // Without a name the request would run as the service account, which may do more.
    if (typeof user !== 'string' || !USER_NAME.test(user)) {
      throw new TypeError('`runAs` must give the name of a user, printable ASCII without blanks at its ends')
    }
    return { 'es-security-runas-user': user }
  }
}
