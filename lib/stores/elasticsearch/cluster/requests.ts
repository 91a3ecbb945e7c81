import type { Owner } from '../../../core/caller'
import type { EarlyEnd } from '../../../core/early-end'
import { goneOf } from '../../../core/early-end'
import type { QueryState, WireAnswer, WireRequest } from '../../../core/pass-through'
import type { ValueObject } from '../../../core/result'
import { timeText } from '../../../core/time-value'
import type { QueryAnswer } from '../answers/answer'
import { readAnswer } from '../answers/answer'
import { readAll } from '../answers/peek'
import type { UpstreamResponse } from '../answers/response'
import { isOfElasticsearch, singleHeader } from '../answers/response'
import { inMemory, readQueryError, readQueryState } from '../answers/snapshot'
import type { KnownQuery } from '../ids/sealed-content'
import { UnusableAnswerError, UpstreamError } from '../outage'
import type { Cluster, ClusterRequest } from './cluster'
import { submitFailure } from './cluster'
import type { GatewayRefusals, Identify } from './identity'
import { readRunning } from './running'
import { readError, refusedCredentials } from './upstream-error'

/** For whom the store sends a request to the cluster. */
export interface Sender {
  owner: Owner
  /** The client's request. `undefined` where the store is used without a router: the store asks for JSON. */
  wire: WireRequest | undefined
}

/** A submit, with its times. */
export interface SubmitRequest {
  body: readonly Buffer[]
  /** The query string. */
  sent: string
  /** The Content-Type, where it is not the client's. */
  contentType?: string
}

/** How one request of a get waits. */
export interface GetTimes {
  waitMs: number
  keepAliveMs?: number | undefined
  /** Ends the wait: the store gives the request up. */
  earlyEnd?: EarlyEnd | undefined
}

/** A stop waits for the query without bound; nobody waits longer for the answer than this, in milliseconds. */
const STOP_WAIT_MS = 300_000

/** What a request for the state asks for, whatever the client asks for. */
const STATE = 'format=json&filter_path=is_running,expiration_time_in_millis'

/** Longer than the fields that a request for the state asks for, and than what a cluster says about itself. */
const LONGEST_STATE = 65_536

const SYNC = '/_query'
const ASYNC = '/_query/async'
const LIST = '/_query/queries'

type InMemoryAnswer = WireAnswer & { body: Buffer }

/**
 * The operations of the API as requests to the cluster. Each rejects or resolves as the cluster answers. `sent` is a query
 * string, encoded: what the client says, without the times.
 */
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
    { body, sent, contentType }: SubmitRequest,
    waitMs: number,
    { owner, wire }: Sender,
    idOf: (upstreamId: string) => string,
  ): Promise<QueryAnswer> {
    const sender = { owner, wire: wire && { ...wire, ...(contentType !== undefined && { contentType }) } }
    const request = { ...this.#request('POST', ASYNC, sender, sent), body, isRepeatable: false }
    const answer = await this.#cluster
      .ask({ ...request, waitMs, need: 'act', endedBy: [] }, (response) =>
        this.#read(response, undefined, idOf),
      )
      .catch((error: unknown) => Promise.reject(submitFailure(error)))
    if (!answer) throw new TypeError('a submit has no query that could be unknown')
    return answer
  }

  /**
   * Runs a synchronous query to its end. When the signal fires, the store gives the request up, and the cluster cancels
   * the query. It is a read, so the client may send it again when there is no answer.
   */
  async query(
    body: readonly Buffer[],
    sent: string,
    signal: AbortSignal,
    sender: Sender,
  ): Promise<QueryAnswer> {
    const request = { ...this.#request('POST', SYNC, sender, sent), body, isRepeatable: false }
    const waitMs = Number.POSITIVE_INFINITY
    const answer = await this.#cluster.ask(
      { ...request, waitMs, need: 'wait', endedBy: [signal] },
      (response) => this.#read(response, undefined, refuseId, true),
    )
    if (!answer) throw new TypeError('a synchronous query cannot be unknown')
    return answer
  }

  get(query: KnownQuery, sent: string, times: GetTimes, sender: Sender): Promise<QueryAnswer | undefined> {
    const request = this.#request('GET', pathOf(query), sender, joined(sent, timesText(times)))
    const { waitMs, earlyEnd } = times
    const need = waitMs > 0 ? 'wait' : 'read'
    return this.#ask({ ...request, waitMs, need, endedBy: [earlyEnd, goneOf(sender.wire)] }, query)
  }

  /** The state that a get would show, without the rows. Throws the error that the query failed with. */
  async state(
    query: KnownQuery,
    sent: string,
    times: GetTimes,
    sender: Sender,
  ): Promise<QueryState | undefined> {
    const request = this.#request('GET', pathOf(query), sender, joined(sent, STATE, timesText(times)))
    const { waitMs, earlyEnd } = times
    return this.#cluster.ask(
      { ...request, waitMs, need: waitMs > 0 ? 'wait' : 'settle', endedBy: [earlyEnd, goneOf(sender.wire)] },
      async (response) => {
        if (response.status >= 400) {
          const error = await readError(response, query, this.#gatewayRefusals)
          if (error) throw readQueryError(error, response.status)
          return undefined
        }
        if (!isOfElasticsearch(response)) {
          throw notElasticsearch(response.status)
        }
        const took = Number(singleHeader(response.headers['took-nanos']))
        const state = readQueryState(await readAll(response.body, LONGEST_STATE))
        return { ...state, ...(Number.isFinite(took) && { tookNanos: took }) }
      },
    )
  }

  stop(query: KnownQuery, sent: string, sender: Sender): Promise<QueryAnswer | undefined> {
    const request = this.#request('POST', `${pathOf(query)}/stop`, sender, sent)
    const endedBy = [goneOf(sender.wire)]
    return this.#ask({ ...request, waitMs: STOP_WAIT_MS, need: 'act', endedBy }, query)
  }

  delete(query: KnownQuery, sent: string, sender: Sender): Promise<QueryAnswer | undefined> {
    const request = this.#request('DELETE', pathOf(query), sender, sent)
    return this.#ask({ ...request, waitMs: 0, need: 'settle', endedBy: [] }, query)
  }

  /** What the cluster says about itself. Throws where it does not want to say that to the service account. */
  info(sent: string, sender: Sender): Promise<InMemoryAnswer> {
    const request = this.#request('GET', '/', sender, sent)
    const endedBy = [goneOf(sender.wire)]
    return this.#cluster.ask({ ...request, waitMs: 0, need: 'read', endedBy }, async (response) => {
      const { status, headers, body } = response
      if (status === 403 && this.#refusesGateway(status)) throw refusalOfInfo()
      const refusal = status < 400 ? undefined : await this.#readRefusal(response, undefined)
      if (refusal) return refusal
      if (!isOfElasticsearch(response)) throw notElasticsearch(status)
      const { 'content-type': type = '' } = headers
      return { status, headers: { 'content-type': type }, body: await readAll(body, LONGEST_STATE) }
    })
  }

  /** Rejects unless Elasticsearch answers. A refusal is an answer, unless it is about the gateway's credentials. */
  check(signal: AbortSignal): Promise<void> {
    const request = { method: 'GET', path: '/', query: 'filter_path=tagline', isRepeatable: true } as const
    const headers = { accept: 'application/json' }
    return this.#cluster.ask(
      { ...request, headers, waitMs: 0, need: 'settle', endedBy: [signal] },
      async (response) => {
        const { status } = response
        const bytes = await readAll(response.body, LONGEST_STATE)
        if (!isOfElasticsearch(response, bytes) || status >= 500) throw notElasticsearch(status)
        if (status === 401 && this.#refusesGateway(status)) throw refusedCredentials()
      },
    )
  }

  /** The running queries that the sender may see, or one of them. `undefined`: that one does not run. */
  running(query: KnownQuery | undefined, sent: string, sender: Sender): Promise<ValueObject | undefined> {
    const path = query ? `${LIST}/${encodeURIComponent(query.upstreamId)}` : LIST
    const request = this.#request('GET', path, askingForJson(sender), sent)
    return this.#cluster.ask(
      { ...request, waitMs: 0, need: 'settle', endedBy: [goneOf(sender.wire)] },
      (response) => readRunning(response, query, this.#gatewayRefusals),
    )
  }

  #refusesGateway(status: 401 | 403): boolean {
    return this.#gatewayRefusals.includes(status)
  }

  #request(
    method: ClusterRequest['method'],
    path: string,
    { wire, owner }: Sender,
    sent: string,
  ): Omit<ClusterRequest, 'waitMs' | 'need' | 'endedBy'> {
    const { accept = wire ? '*/*' : 'application/json', contentType = 'application/json' } = wire ?? {}
    const { opaqueId, traceparent } = wire ?? {}
    return {
      method,
      path,
      query: sent,
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
    isSync = false,
  ): Promise<QueryAnswer | undefined> {
    if (response.status < 400) {
      const answer = await readAnswer(response, idOf, { askedId: query?.upstreamId, isSync })
      // It is small. Read here, it is within the time limit, whole before anybody relies on it, and off its connection.
      return answer.isRunning ? inMemory(answer) : answer
    }
    return this.#readRefusal(response, query)
  }

  async #readRefusal(
    response: UpstreamResponse,
    query: KnownQuery | undefined,
  ): Promise<InMemoryAnswer | undefined> {
    const { status, headers } = response
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

/** No id of the cluster may reach a client, also where none is expected. */
function refuseId(): never {
  throw new UnusableAnswerError('the cluster has answered a synchronous query with an id')
}

function askingForJson({ owner, wire }: Sender): Sender {
  return { owner, wire: wire && { ...wire, accept: 'application/json', contentType: 'application/json' } }
}

function timesText({ waitMs, keepAliveMs }: GetTimes): string {
  const wait = `wait_for_completion_timeout=${timeText(waitMs)}`
  return keepAliveMs === undefined ? wait : `${wait}&keep_alive=${timeText(keepAliveMs)}`
}

function pathOf({ upstreamId }: KnownQuery): string {
  return `${ASYNC}/${encodeURIComponent(upstreamId)}`
}

/** Query strings in one. The last of several values counts, so what the store itself says stands last. */
function joined(...queries: string[]): string {
  return queries.filter((query) => query !== '').join('&')
}

function notElasticsearch(status: number): UnusableAnswerError {
  return new UnusableAnswerError(`what answers ${status} is not Elasticsearch`)
}

function refusalOfInfo(): UpstreamError {
  return new UpstreamError(
    'the cluster answers 403 to the service account; grant its role the cluster privilege `monitor`',
    { mayHaveArrived: false },
  )
}
