import type { Request } from 'express'
import type { Logger } from './logger'

/**
 * The stable identity that a query belongs to. Branded, so that an id, a name or an e-mail address in its place does
 * not compile: that mistake would be a data leak.
 */
export type Owner = string & { readonly __brand: 'Owner' }

/** The person or program that makes a request. */
export interface Caller {
  /**
   * The owner of the caller's queries. Must be stable and never reassigned: derive it from issuer and subject, as
   * {@link ownerOf} does, never from a display name or an e-mail address.
   */
  owner: string
  /** The caller's name in the system behind the store, for a store that acts for its users there. */
  user?: string
  /**
   * Whether the caller may delete other owners' queries, as the `cancel_task` privilege of Elasticsearch allows. It
   * grants nothing more. @default false
   */
  canCancelTasks?: boolean
  /**
   * Whether the caller may see that other owners' queries run, and their texts, as the `monitor_esql` privilege of
   * Elasticsearch allows. It grants nothing more. @default false
   */
  canMonitorQueries?: boolean
  /** What the caller's token says, or what else describes the caller to an engine. Never a token. @default none */
  claims?: Readonly<Record<string, unknown>>
}

/** What the router tells a {@link ResolveCaller} beside the request. */
export interface CallerContext {
  /** The logger of the router. */
  logger: Logger
}

/**
 * Identifies the caller of a request, before the router parses anything else of the request.
 *
 * For an unknown caller, throw {@link QueryError} `security_exception` or return `undefined`: both answer 401. Throw
 * anything else when callers cannot be identified right now: that answers 503. A function around that of
 * {@link jwtCaller} passes `context` on.
 */
export interface ResolveCaller {
  (request: Request, context?: CallerContext): Caller | undefined | Promise<Caller | undefined>
  /**
   * For {@link readyHandler}: rejects while nobody can be identified. That of {@link jwtCaller} with `jwks` rejects while
   * there are no keys. A function around it passes it on, or callers are not checked.
   */
  check?(signal: AbortSignal, context?: CallerContext): Promise<void>
}

/** Functions that make a {@link ResolveCaller}, and are easily passed in its place. */
export const callerMakers = new WeakSet<object>()

export function refuseCallerMaker(owner: string, resolveCaller: ResolveCaller): void {
  if (!callerMakers.has(resolveCaller)) return
  throw new TypeError(`${owner} needs what jwtCaller returns: write \`resolveCaller: jwtCaller({ … })\``)
}

/**
 * The owner of the queries that `subject` of `issuer` submits. No other pair gives the same text.
 *
 * Throws a `TypeError` unless both are non-empty strings: callers without a subject would share their queries.
 */
export function ownerOf(issuer: string, subject: string): Owner {
  for (const [name, part] of Object.entries({ issuer, subject })) {
    if (typeof part === 'string' && part !== '') continue
    throw new TypeError(`ownerOf needs an \`${name}\` that is a non-empty string`)
  }
  return JSON.stringify([issuer, subject]) as Owner
}
