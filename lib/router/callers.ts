import type { Request } from 'express'
import type { Caller, Owner, ResolveCaller } from '../core/caller'
import { isQueryError, unavailable } from '../core/errors'
import type { Logger } from '../core/logger'
import { unauthenticated } from '../core/unauthenticated'

/** How callers are found. */
export interface CallerFinding {
  resolveCaller: ResolveCaller
  logger: Logger
}

/** Finds the caller of a request. Throws 401 for an unknown caller, and 503 where callers cannot be identified now. */
export async function callerOf(
  request: Request,
  { resolveCaller, logger }: CallerFinding,
): Promise<Caller & { owner: Owner }> {
  let caller: Caller | undefined
  try {
    caller = await resolveCaller(request, { logger })
  } catch (error) {
    if (isQueryError(error)) throw error
    throw unavailable('callers cannot be identified at the moment, try again later', error)
  }
  if (!caller) throw unauthenticated(new Error('resolveCaller resolved to no caller'))
  // All callers for whom something went wrong would share an empty owner.
  if (typeof caller.owner !== 'string' || caller.owner === '') {
    throw new TypeError('resolveCaller must resolve to a caller whose `owner` is a non-empty string')
  }
  return caller as Caller & { owner: Owner }
}
