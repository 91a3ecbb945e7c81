import type { Request, Response } from 'express'
import type { Caller, Owner } from '../core/caller'
import type { Incoming } from '../request/head'
import type { RequestRecord } from '../telemetry/request-record'

/** A request that is understood, and where its answer goes. */
export interface Exchange {
  request: Request
  incoming: Incoming
  caller: Caller
  owner: Owner
  response: Response
  record: RequestRecord
}
