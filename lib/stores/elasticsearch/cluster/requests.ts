import type { Owner } from '../../../core/caller'
import type { QueryState, WireRequest } from '../../../core/store'
import { timeText } from '../../../core/time-value'
import type { QueryAnswer, UpstreamResponse } from '../answers/answer'
import { readAnswer, singleHeader } from '../answers/answer'
import { readAll } from '../answers/peek'
import { readQueryError, readState } from '../answers/snapshot'
import type { Cluster, ClusterRequest } from './cluster'
import { submitFailure } from './cluster'
import type { Identify } from './identity'
import type { QueryIds } from './upstream-error'
import { readError } from './upstream-error'

/** Who asks, and in which form. */
export interface Asker {
  owner: Owner
  /** Left out where the store is used without a router: the answer is to be JSON. */
  wire: WireRequest | undefined
}

/** How one request of a get is to wait. */
export interface GetTimes {
  waitMs: number
  keepAliveMs?: number | undefined
  /** Ends the wait by giving the request up. */
  signal?: AbortSignal | undefined
}

/** Of the URL, decoded. What is `undefined` is not sent. */
export type Parameters = Readonly<Record<string, string | undefined>>

/** Stop waits for the query without bound; nobody waits longer for an answer than this, in milliseconds. */
const STOP_WAIT_MS = 300_000

/** More than the fields that are asked for can take up. */
const LONGEST_STATE = 65_536

/** The operations of the API as requests to the cluster. Each rejects or resolves as the cluster answers. */
export class ClusterQueries {
  readonly #cluster: Cluster
  readonly #identify: Identify
  readonly #forwardsAuthorization: boolean

  constructor(cluster: Cluster, identify: Identify, forwardsAuthorization: boolean) {
    this.#cluster = cluster
    this.#identify = identify
    this.#forwardsAuthorization = forwardsAuthorization
  }

  /**
   * Starts a query. The request goes on when the client goes away: only its answer tells which query there is to
   * delete. `idOf` is called as soon as that is known.
   */
  async submit(
    body: Buffer,
    parameters: Parameters,
    waitMs: number,
    asker: Asker,
    idOf: (upstreamId: string) => string,
  ): Promise<QueryAnswer> {
    const request = {
      ...this.#request('POST', '', asker, parameters),
      body,
      isRepeatable: false,
      waitMs,
      endedBy: [],
    }
    const answer = await this.#cluster
      .ask(request, (response) => this.#read(response, undefined, idOf))
      .catch((error: unknown) => Promise.reject(submitFailure(error)))
    if (!answer) throw new TypeError('a submit has no query that could be unknown')
    return answer
  }

  get(
    query: QueryIds,
    parameters: Parameters,
    { waitMs, keepAliveMs, signal }: GetTimes,
    asker: Asker,
  ): Promise<QueryAnswer | undefined> {
    const times = {
      wait_for_completion_timeout: timeText(waitMs),
      keep_alive: keepAliveMs === undefined ? undefined : timeText(keepAliveMs),
    }
    const request = this.#request('GET', pathOf(query), asker, { ...parameters, ...times })
    return this.#cluster.ask({ ...request, waitMs, endedBy: [signal, asker.wire?.gone] }, (response) =>
      this.#read(response, query, () => query.id),
    )
  }

  /** What a get would say about the state, without the rows. Throws the error that the query failed with. */
  async state(
    query: QueryIds,
    { waitMs, keepAliveMs, signal }: GetTimes,
    asker: Asker,
  ): Promise<QueryState | undefined> {
    const parameters = {
      format: 'json',
      filter_path: 'is_running,expiration_time_in_millis',
      wait_for_completion_timeout: timeText(waitMs),
      keep_alive: keepAliveMs === undefined ? undefined : timeText(keepAliveMs),
    }
    const request = this.#request('GET', pathOf(query), plain(asker), parameters)
    return this.#cluster.ask(
      { ...request, waitMs, endedBy: [signal, asker.wire?.gone] },
      async (response) => {
        if (response.status >= 400) {
          const error = await this.#readError(response, query)
          if (error) throw readQueryError(error.bytes, response.status)
          return undefined
        }
        const took = Number(singleHeader(response.headers['took-nanos']))
        const state = readState(await readAll(response.body, LONGEST_STATE))
        return { ...state, ...(Number.isFinite(took) && { tookNanos: took }) }
      },
    )
  }

  stop(query: QueryIds, parameters: Parameters, asker: Asker): Promise<QueryAnswer | undefined> {
    const request = this.#request('POST', `${pathOf(query)}/stop`, asker, parameters)
    return this.#cluster.ask({ ...request, waitMs: STOP_WAIT_MS, endedBy: [asker.wire?.gone] }, (response) =>
      this.#read(response, query, () => query.id),
    )
  }

  delete(query: QueryIds, parameters: Parameters, asker: Asker): Promise<QueryAnswer | undefined> {
    const request = this.#request('DELETE', pathOf(query), asker, parameters)
    return this.#cluster.ask({ ...request, waitMs: 0, endedBy: [] }, (response) =>
      this.#read(response, query, () => query.id),
    )
  }

  #request(
    method: ClusterRequest['method'],
    path: string,
    { wire, owner }: Asker,
    parameters: Parameters,
  ): Omit<ClusterRequest, 'waitMs' | 'endedBy'> {
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

  async #read(
    response: UpstreamResponse,
    query: QueryIds | undefined,
    idOf: (upstreamId: string) => string,
  ): Promise<QueryAnswer | undefined> {
    const { status, headers } = response
    if (status < 400) return readAnswer(response, idOf)
    const error = await this.#readError(response, query)
    if (!error) return undefined
    const { 'content-type': contentType = '', 'www-authenticate': challenge } = headers
    return {
      status,
      headers: {
        'content-type': contentType,
        ...(challenge !== undefined && { 'www-authenticate': challenge }),
      },
      body: error.bytes,
      upstreamId: undefined,
      isRunning: undefined,
    }
  }

  #readError(response: UpstreamResponse, query: QueryIds | undefined) {
    return readError(response, { query, isCallersCredentials: this.#forwardsAuthorization })
  }
}

/** Asks for JSON, whatever the client wants. */
function plain({ owner, wire }: Asker): Asker {
  return { owner, wire: wire && { ...wire, accept: 'application/json', contentType: 'application/json' } }
}

function pathOf({ upstreamId }: QueryIds): string {
  return `/${encodeURIComponent(upstreamId)}`
}

function queryText(parameters: Parameters): string {
  const given = Object.entries(parameters).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  )
  return new URLSearchParams(given).toString()
}
