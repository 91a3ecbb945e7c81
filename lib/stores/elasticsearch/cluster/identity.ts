import type { Caller, Owner } from '../../../core/caller'
import { QueryError } from '../../../core/errors'
import type { WireRequest } from '../../../core/store'
import { missingCredentials } from '../../../core/unauthenticated'

/** Who the cluster takes for the sender of a request. */
export type Identity = Readonly<Record<string, string>>

/** How the cluster is told who a caller is: a function per way, from a caller to headers. */
export type Identify = (wire: WireRequest | undefined, owner: Owner) => Identity

/** Everybody is the service account. */
export const asServiceAccount: Identify = () => ({})

/** The caller sends its own credentials. */
export const asTheyAre: Identify = (wire) => {
  if (wire?.authorization === undefined) throw missingCredentials('/_query/async')
  return { authorization: wire.authorization }
}

/** What a header can carry, without blanks at its ends. */
const USER_NAME = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/

/** The service account acts for a user of the cluster. */
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
