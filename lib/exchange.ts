import type { Request, Response } from 'express'
import type { Caller, Owner } from './caller'
import type { Incoming } from './request/incoming'

/** A request that is understood, and where its answer goes. */
export interface Exchange {
  request: Request
  incoming: Incoming
  caller: Caller
  owner: Owner
  response: Response
  /** When the request came in, as `performance.now()` tells it. */
  startedMs: number
}
