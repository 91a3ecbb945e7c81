import type { Owner } from '../../core/caller'
import { idempotencyUnsupported } from '../../core/idempotency'
import type { DeleteOptions, GetOptions, ListOptions, SubmitOptions } from '../../core/operations'
import type { PassThrough } from '../../core/pass-through'
import type { AsyncQuery, AsyncQueryStore, CompletedQuery, ListedQuery, QueryRequest } from '../../core/store'
import { Abandonment } from './abandonment'
import { readAsyncQuery } from './answers/snapshot'
import { Cluster } from './cluster/cluster'
import type { Sender } from './cluster/requests'
import { ClusterQueries } from './cluster/requests'
import { ExistingQueries } from './get'
import { SealedIds } from './ids/sealed-ids'
import { listedQuery, RunningQueries } from './list'
import type { ElasticsearchStoreOptions } from './options'
import { resolveElasticsearchOptions } from './options'
import { UnusableAnswerError } from './outage'
import type { Operations } from './pass-through'
import { ElasticsearchPassThrough } from './pass-through'
import { QueryStarter } from './submit'
import { LongWaits } from './wait'
import { writeRequest } from './write-request'

export type { ElasticsearchClient } from './cluster/client-transport'
export { newSealingKey } from './ids/sealing-keys'
export type { ElasticsearchStoreOptions } from './options'

/**
 * Puts the router in front of Elasticsearch. Queries run in the cluster, and each caller reaches only their own, though
 * the cluster sees one service account. A client gets the cluster's id for its query, sealed for the owner. So the store
 * keeps no table: any number of gateways with the same keys act as one, and a restart loses nothing.
 *
 * Behind {@link asyncQueryRouter}, requests and answers pass through as they are, in every format, without buffering.
 * The store's own methods serve applications without a router, and hold a result in memory.
 */
export class ElasticsearchStore implements AsyncQueryStore {
  readonly passThrough: PassThrough
  readonly #cluster: Cluster
  readonly #operations: Operations

  /** Throws a `TypeError` for options that are missing, wrong, unknown or do not fit each other. */
  constructor(options: ElasticsearchStoreOptions) {
    const resolved = resolveElasticsearchOptions(options)
    const {
      transport,
      connections,
      metrics,
      clock,
      requestTimeoutMs,
      identify,
      forwardsAuthorization,
      upstreamWaitMs,
    } = resolved
    this.#cluster = new Cluster(transport, connections, clock, requestTimeoutMs, metrics)
    const queries = new ClusterQueries(this.#cluster, identify, resolved.gatewayRefusals)
    const parts = {
      queries,
      ids: new SealedIds(resolved.sealingKeys),
      waits: new LongWaits(clock, upstreamWaitMs),
      abandonment: new Abandonment(queries, clock, resolved.abandonAfterMs),
      clock,
    }
    this.#operations = {
      ...parts,
      existing: new ExistingQueries(parts),
      starter: new QueryStarter(parts),
      running: new RunningQueries(queries, parts.ids, resolved.knowsCallers),
    }
    this.passThrough = new ElasticsearchPassThrough(this.#operations, forwardsAuthorization)
  }

  async submit(request: QueryRequest, owner: Owner, options: SubmitOptions): Promise<AsyncQuery> {
    if (options.idempotency) throw idempotencyUnsupported()
    const { allowPartialResults, columnar, timeZone } = request
    const remembered = { ...(columnar && { columnar }), ...(timeZone !== undefined && { timeZone }) }
    const { answer, id, settled } = await this.#operations.starter.start({
      requestWith: (times) => ({
        body: [writeRequest(request, times, options.keepOnCompletion)],
        sent: allowPartialResults === undefined ? '' : `allow_partial_results=${allowPartialResults}`,
      }),
      sentLater: '',
      remembered,
      sender: senderFor(owner),
      options,
    })
    let isRead = false
    try {
      const query = await readAsyncQuery(answer, id, remembered)
      isRead = true
      return query
    } finally {
      await settled(isRead)
    }
  }

  async get(id: string, owner: Owner, options: GetOptions): Promise<AsyncQuery | undefined> {
    const query = this.#operations.ids.open(id, owner)
    const answer = query && (await this.#operations.existing.get(query, '', options, senderFor(owner)))
    return answer && readAsyncQuery(answer, id, query)
  }

  async stop(id: string, owner: Owner): Promise<CompletedQuery | undefined> {
    const query = this.#operations.ids.open(id, owner)
    const answer = query && (await this.#operations.existing.stop(query, '', senderFor(owner)))
    const stopped = answer && (await readAsyncQuery(answer, id, query))
    if (stopped?.isRunning) {
      throw new UnusableAnswerError('the cluster says that a query is running which it has stopped')
    }
    return stopped
  }

  async delete(id: string, owner: Owner, { anyOwner = false }: DeleteOptions = {}): Promise<boolean> {
    const query = this.#operations.ids.open(id, anyOwner ? undefined : owner)
    const answer = query && (await this.#operations.queries.delete(query, '', senderFor(owner)))
    if (answer && answer.status >= 400) await readAsyncQuery(answer, id, query)
    return answer !== undefined
  }

  async list(owner: Owner, options: ListOptions = {}): Promise<readonly ListedQuery[]> {
    const body = await this.#operations.running.list(options, '', senderFor(owner))
    if (options.id !== undefined) return body ? [listedQuery(options.id, body)] : []
    return Object.entries(body?.queries ?? {}).map(([id, fields]) => listedQuery(id, fields))
  }

  /** Rejects unless the cluster answers and takes the credentials of the service account. */
  check(signal: AbortSignal): Promise<void> {
    return this.#operations.queries.check(signal)
  }

  /** Closes the connections that the store itself has opened. Queries go on. */
  async close(): Promise<void> {
    this.#cluster.close()
  }
}

function senderFor(owner: Owner): Sender {
  return { owner, wire: undefined }
}
