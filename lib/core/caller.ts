import type { Request } from 'express'

/**
 * The stable identity a query belongs to. Branded, so that passing an id, a name or an e-mail address where
 * the owner goes does not compile: that mistake would be a data leak.
 */
export type Owner = string & { readonly __brand: 'Owner' }

/** Whoever makes this request. */
export interface Caller {
  /**
   * The identity that queries are bound to. Must be stable and never reassigned: derive it from issuer and
   * subject, as {@link ownerOf} does, never from a display name or an e-mail address.
   */
  owner: string
  /** The caller's name in the system behind the store, for a store that acts for its users there. */
  user?: string
  /** May delete other owners' queries, as Elasticsearch's `cancel_task` privilege allows, and nothing more. */
  canCancelTasks?: boolean
}

/**
 * Identifies the caller of a request, before anything else of the request is parsed.
 *
 * Throw {@link QueryError} `security_exception` for a caller who is not known, or resolve to `undefined`: both
 * answer 401. Anything else that is thrown means that callers cannot be identified right now, and answers 503.
 */
export type ResolveCaller = (request: Request) => Caller | undefined | Promise<Caller | undefined>

/**
 * The owner of what `subject` of `issuer` submits. The two are joined so that no other pair gives the same
 * text.
 *
 * Throws a `TypeError` unless both are non-empty strings: whoever has no subject would share it with all others.
 */
export function ownerOf(issuer: string, subject: string): Owner {
  for (const [name, part] of Object.entries({ issuer, subject })) {
    if (typeof part === 'string' && part !== '') continue
    throw new TypeError(`ownerOf needs an \`${name}\` that is a non-empty string`)
  }
  return JSON.stringify([issuer, subject]) as Owner
}
