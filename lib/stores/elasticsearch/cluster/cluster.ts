import type { Clock } from '../../../core/clock'
import type { EarlyEnd } from '../../../core/early-end'
import { Ending } from '../../../core/early-end'
import { isQueryError, QueryError } from '../../../core/errors'
import { giveUp, hasAllCome } from '../answers/peek'
import type { UpstreamResponse } from '../answers/response'
import { decompressed } from '../answers/response'
import { UpstreamError } from '../outage'
import type { Connections, Need } from './connections'
import type { ClusterMetrics } from './metrics'
import { breakOffSilence } from './silence'
import type { Transport, UpstreamRequest } from './transport'

/** A request to the cluster, before its time limit is set. */
export interface ClusterRequest extends Omit<UpstreamRequest, 'ending' | 'timeoutMs'> {
  /** How long the request asks the cluster to wait, in milliseconds. `Infinity`: there is no time limit. */
  waitMs: number
  /** What the request needs a connection for. */
  need: Need
  /** The request is given up when any of these fires. */
  endedBy: readonly (EarlyEnd | undefined)[]
}

/** Sends requests to the cluster, each with a time limit. */
export class Cluster {
  readonly #transport: Transport
  readonly #connections: Connections
  readonly #clock: Clock
  readonly #timeoutMs: number
  readonly #metrics: ClusterMetrics | undefined

  constructor(
    transport: Transport,
    connections: Connections,
    clock: Clock,
    timeoutMs: number,
    metrics?: ClusterMetrics,
  ) {
    this.#transport = transport
    this.#connections = connections
    this.#clock = clock
    this.#timeoutMs = timeoutMs
    this.#metrics = metrics
  }

  /**
   * Sends a request and reads the answer. The time limit covers both, and the time before there is a connection. What
   * `read` leaves of a body may come as slowly as its reader takes it, but may not fall silent.
   */
  async ask<T>(request: ClusterRequest, read: (response: UpstreamResponse) => Promise<T>): Promise<T> {
    const { waitMs, need, endedBy, ...rest } = request
    const beganMs = this.#clock.now()
    const timeoutMs = waitMs + this.#timeoutMs
    const ending = new Ending()
    const listener = { handleEvent: () => ending.abort() }
    let isLate = false
    const tooLate = (): void => {
      isLate = true
      ending.abort()
    }
    for (const ender of endedBy) {
      if (ender?.aborted) ending.abort()
      ender?.addEventListener('abort', listener)
    }
    const isLimited = timeoutMs !== Number.POSITIVE_INFINITY
    const cancelTimer = isLimited ? this.#clock.setTimer(tooLate, timeoutMs) : () => {}
    let response: UpstreamResponse | undefined
    try {
      response = await this.#send({ ...rest, timeoutMs, ending }, need)
      this.#metrics?.asked(request, this.#clock.now() - beganMs, response)
      if (!hasAllCome(response.body)) breakOffSilence(response.body, this.#clock, this.#timeoutMs)
      response = decompressed(response)
      return await read(response)
    } catch (error) {
      giveUp(response?.body)
      if (!response) {
        const ended = isLate ? 'timeout' : ending.aborted ? 'cancelled' : error
        this.#metrics?.asked(request, this.#clock.now() - beganMs, { error: ended })
      }
      throw error
    } finally {
      cancelTimer()
      for (const ender of endedBy) ender?.removeEventListener('abort', listener)
    }
  }

  /** A connection is in use until the body has ended, however slowly it is read. */
  async #send(request: UpstreamRequest, need: Need): Promise<UpstreamResponse> {
    await this.#connections.take(need, request.ending)
    const release = (): void => this.#connections.release()
    try {
      const response = await this.#transport.send(request)
      response.body.once('close', release)
      return response
    } catch (error) {
      release()
      throw error
    }
  }

  close(): void {
    this.#transport.close()
  }
}

/**
 * The error for the client of a submit that got no answer. Not a 503 where the query may be running: official clients
 * send a submit again after a 503, and the query would run twice.
 */
export function submitFailure(error: unknown): unknown {
  if (isQueryError(error) || (error instanceof UpstreamError && !error.mayHaveArrived)) return error
  return new QueryError('exception', 'the cluster has not answered; whether it runs the query is not known', {
    cause: error,
  })
}
