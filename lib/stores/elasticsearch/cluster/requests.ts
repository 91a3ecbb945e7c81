import type { Owner } from '../../../core/caller'
import type { QueryState, WireRequest } from '../../../core/store'
import { timeText } from '../../../core/time-value'
import type { QueryAnswer } from '../answers/answer'
import { readAnswer } from '../answers/answer'
import { readAll } from '../answers/peek'
import type { UpstreamResponse } from '../answers/response'
import { isOfElasticsearch, singleHeader } from '../answers/response'
import { inMemory, readQueryError, readQueryState } from '../answers/snapshot'
import type { KnownQuery } from '../ids/sealed-content'
import { UnusableAnswerError } from '../outage'
import type { Cluster, ClusterRequest } from './cluster'
import { submitFailure } from './cluster'
import type { GatewayRefusals, Identify } from './identity'
import { readError } from './upstream-error'

/** For whom the store sends a request to the cluster. */
export interface Sender {
  owner: Owner
  /** The client's request. `undefined` where the store is used without a router: the store asks for JSON. */
  wire: WireRequest | undefined
}

/** How one request of a get waits. */
export interface GetTimes {
  waitMs: number
  keepAliveMs?: number | undefined
  /** Ends the wait: the store gives the request up. */
  signal?: AbortSignal | undefined
}

/** Parameters for a URL of the cluster, decoded. The store does not send those that are `undefined`. */
export type UpstreamParameters = Readonly<Record<string, string | undefined>>

/** A stop waits for the query without bound; nobody waits longer for the answer than this, in milliseconds. */
const STOP_WAIT_MS = 300_000

/** Longer than the fields that a request for the state asks for. */
const LONGEST_STATE = 65_536

/** The operations of the API as requests to the cluster. Each rejects or resolves as the cluster answers. */
export class ClusterQueries {
  readonly #cluster: Cluster
  readonly #identify: Identify
  readonly #gatewayRefusals: GatewayRefusals

  constructor(cluster: Cluster, identify: Identify, gatewayRefusals: GatewayRefusals) {
    this.#cluster = cluster
    this.#identify = identify
    this.#gatewayRefusals = gatewayRefusals
  }

  /**
   * Starts a query. The request goes on when the client goes away: only its answer tells which query the store has
   * to delete. Calls `idOf` as soon as the cluster's id is known.
   */
  async submit(
    body: readonly Buffer[],
    parameters: UpstreamParameters,
    waitMs: number,
    sender: Sender,
    idOf: (upstreamId: string) => string,
  ): Promise<QueryAnswer> {
    const request = { ...this.#request('POST', '', sender, parameters), body, isRepeatable: false }
    const answer = await this.#cluster
      .ask({ ...request, waitMs, need: 'act', endedBy: [] }, (response) =>
        this.#read(response, undefined, idOf),
      )
      .catch((error: unknown) => Promise.reject(submitFailure(error)))
    if (!answer) throw new TypeError('a submit has no query that could be unknown')
    return answer
  }

  get(
    query: KnownQuery,
    parameters: UpstreamParameters,
    times: GetTimes,
    sender: Sender,
  ): Promise<QueryAnswer | undefined> {
    const request = this.#request('GET', pathOf(query), sender, { ...parameters, ...timeParameters(times) })
    const { waitMs, signal } = times
    const need = waitMs > 0 ? 'wait' : 'read'
    return this.#ask({ ...request, waitMs, need, endedBy: [signal, sender.wire?.gone] }, query)
  }

  /** The state that a get would show, without the rows. Throws the error that the query failed with. */
  async state(query: KnownQuery, times: GetTimes, sender: Sender): Promise<QueryState | undefined> {
    const parameters = {
      format: 'json',
      filter_path: 'is_running,expiration_time_in_millis',
      ...timeParameters(times),
    }
    const request = this.#request('GET', pathOf(query), askingForJson(sender), parameters)
    const { waitMs, signal } = times
    return this.#cluster.ask(
      { ...request, waitMs, need: waitMs > 0 ? 'wait' : 'settle', endedBy: [signal, sender.wire?.gone] },
      async (response) => {
        if (response.status >= 400) {
          const error = await readError(response, query, this.#gatewayRefusals)
          if (error) throw readQueryError(error, response.status)
          return undefined
        }
        if (!isOfElasticsearch(response)) {
          throw new UnusableAnswerError(`what answers ${response.status} is not Elasticsearch`)
        }
        const took = Number(singleHeader(response.headers['took-nanos']))
        const state = readQueryState(await readAll(response.body, LONGEST_STATE))
        return { ...state, ...(Number.isFinite(took) && { tookNanos: took }) }
      },
    )
  }

  stop(query: KnownQuery, parameters: UpstreamParameters, sender: Sender): Promise<QueryAnswer | undefined> {
    const request = this.#request('POST', `${pathOf(query)}/stop`, sender, parameters)
    const endedBy = [sender.wire?.gone]
    return this.#ask({ ...request, waitMs: STOP_WAIT_MS, need: 'act', endedBy }, query)
  }

  delete(
    query: KnownQuery,
    parameters: UpstreamParameters,
    sender: Sender,
  ): Promise<QueryAnswer | undefined> {
    const request = this.#request('DELETE', pathOf(query), sender, parameters)
    return this.#ask({ ...request, waitMs: 0, need: 'settle', endedBy: [] }, query)
  }

  #request(
    method: ClusterRequest['method'],
    path: string,
    { wire, owner }: Sender,
    parameters: UpstreamParameters,
  ): Omit<ClusterRequest, 'waitMs' | 'need' | 'endedBy'> {
    const { accept = wire ? '*/*' : 'application/json', contentType = 'application/json' } = wire ?? {}
    const { opaqueId, traceparent } = wire ?? {}
    return {
      method,
      path: `/_query/async${path}`,
      query: queryText(parameters),
      isRepeatable: true,
      headers: {
        accept,
        'content-type': contentType,
        ...(opaqueId !== undefined && { 'x-opaque-id': opaqueId }),
        ...(traceparent !== undefined && { traceparent }),
        ...this.#identify(wire, owner),
      },
    }
  }

  #ask(request: ClusterRequest, query: KnownQuery): Promise<QueryAnswer | undefined> {
    return this.#cluster.ask(request, (response) => this.#read(response, query, () => query.id))
  }

  async #read(
    response: UpstreamResponse,
    query: KnownQuery | undefined,
    idOf: (upstreamId: string) => string,
  ): Promise<QueryAnswer | undefined> {
    const { status, headers } = response
    if (status < 400) {
      const answer = await readAnswer(response, idOf, query?.upstreamId)
      // It is small. Read here, it is within the time limit, whole before anybody relies on it, and off its connection.
      return answer.isRunning ? inMemory(answer) : answer
    }
    const body = await readError(response, query, this.#gatewayRefusals)
    if (!body) return undefined
    const { 'content-type': type = '', 'www-authenticate': challenge, 'retry-after': retryAfter } = headers
    return {
      status,
      headers: {
        'content-type': type,
        ...(challenge !== undefined && { 'www-authenticate': challenge }),
        ...(retryAfter !== undefined && [429, 503].includes(status) && { 'retry-after': retryAfter }),
      },
      body,
    }
  }
}

function askingForJson({ owner, wire }: Sender): Sender {
  return { owner, wire: wire && { ...wire, accept: 'application/json', contentType: 'application/json' } }
}

function timeParameters({ waitMs, keepAliveMs }: GetTimes): UpstreamParameters {
  return {
    wait_for_completion_timeout: timeText(waitMs),
    keep_alive: keepAliveMs === undefined ? undefined : timeText(keepAliveMs),
  }
}

function pathOf({ upstreamId }: KnownQuery): string {
  return `/${encodeURIComponent(upstreamId)}`
}

function queryText(parameters: UpstreamParameters): string {
  const given = Object.entries(parameters).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  )
  return new URLSearchParams(given).toString()
}
