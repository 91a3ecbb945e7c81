import type { Request, Response } from 'express'
import type { Caller, Owner } from '../core/caller'
import type { Operation } from '../core/operations'
import type { Command } from '../request/command'
import type { RequestRecord } from '../telemetry/request-record'

/** A request that has arrived, before the router has read it. */
export interface Arrival extends RequestRecord {
  caller: Caller | undefined
  command: Command | undefined
}

/**
 * A request that the router has read, until its answer has ended. Tens of thousands may wait at a time, so a request is
 * one plain object from its arrival to its end.
 */
export interface Exchange extends Arrival {
  owner: Owner
  caller: Caller
  command: Command
}

export function beginArrival(
  { socket }: Request,
  response: Response,
  operation: Operation | undefined,
): Arrival {
  return {
    response,
    startedMs: performance.now(),
    bytesBefore: socket.bytesWritten,
    operation,
    owner: undefined,
    caller: undefined,
    queryId: undefined,
    command: undefined,
    askedMs: undefined,
    answeredMs: undefined,
    isSent: false,
  }
}
