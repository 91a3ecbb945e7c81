import type { Clock } from '../../../core/clock'
import { QueryError } from '../../../core/errors'
import type { UpstreamResponse } from '../answers/answer'
import type { Transport, UpstreamRequest } from './transport'
import { UpstreamError } from './transport'

/** A request to the cluster, before it is known how long it may take. */
export interface ClusterRequest extends Omit<UpstreamRequest, 'signal' | 'timeoutMs'> {
  /** How long the cluster has been told to wait, in milliseconds. */
  waitMs: number
  /** Any of these gives the request up. */
  endedBy: readonly (AbortSignal | undefined)[]
}

/** Sends requests to the cluster, each with a time limit, and tells what went wrong with them. */
export class Cluster {
  readonly #transport: Transport
  readonly #clock: Clock
  readonly #timeoutMs: number

  constructor(transport: Transport, clock: Clock, timeoutMs: number) {
    this.#transport = transport
    this.#clock = clock
    this.#timeoutMs = timeoutMs
  }

  /** Sends a request and reads the answer. The time limit is for both. */
  async ask<T>(request: ClusterRequest, read: (response: UpstreamResponse) => Promise<T>): Promise<T> {
    const { waitMs, endedBy, ...rest } = request
    const timeoutMs = waitMs + this.#timeoutMs
    const controller = new AbortController()
    const { signal } = controller
    const abort = (): void => controller.abort()
    const enders = endedBy.filter((ender) => ender !== undefined)
    if (enders.some((ender) => ender.aborted)) abort()
    for (const ender of enders) ender.addEventListener('abort', abort)
    const cancelTimer = this.#clock.setTimer(abort, timeoutMs)
    let response: UpstreamResponse | undefined
    try {
      response = await this.#transport.send({ ...rest, timeoutMs, signal })
      return await read(response)
    } catch (error) {
      response?.body.on('error', () => {}).destroy()
      throw error
    } finally {
      cancelTimer()
      for (const ender of enders) ender.removeEventListener('abort', abort)
    }
  }

  close(): void {
    this.#transport.close()
  }
}

/**
 * What a client is told about a submit that got no answer. Not a 503 where the query may be running: official clients
 * send those again, and it would run twice.
 */
export function submitFailure(error: unknown): unknown {
  if (error instanceof QueryError || (error instanceof UpstreamError && !error.mayHaveArrived)) return error
  return new QueryError('exception', 'the cluster has not answered; whether it runs the query is not known', {
    cause: error,
  })
}
