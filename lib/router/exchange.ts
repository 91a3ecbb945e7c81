import type { Response } from 'express'
import type { Caller, Owner } from '../core/caller'
import type { Operation } from '../core/store'
import type { Command } from '../request/command'
import type { RequestRecord } from '../telemetry/request-record'

/** A request that has arrived: what is known of it before it is understood. */
export interface Arrival extends RequestRecord {
  caller: Caller | undefined
  command: Command | undefined
}

/**
 * A request that is understood, from its arrival to the end of its answer. Tens of thousands may wait at a time, so it
 * is one plain object: the same from the first step to the last.
 */
export interface Exchange extends Arrival {
  owner: Owner
  caller: Caller
  command: Command
}

export function beginArrival(response: Response, operation: Operation | undefined): Arrival {
  return {
    response,
    startedMs: performance.now(),
    bytesBefore: response.req.socket.bytesWritten,
    operation,
    owner: undefined,
    caller: undefined,
    queryId: undefined,
    command: undefined,
    askedMs: undefined,
    answeredMs: undefined,
  }
}
