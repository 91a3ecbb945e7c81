import type { Owner } from '../../core/caller'
import type {
  AsyncQuery,
  AsyncQueryStore,
  CompletedQuery,
  DeleteOptions,
  GetOptions,
  PassThrough,
  QueryRequest,
  SubmitOptions,
} from '../../core/store'
import { Abandonment } from './abandonment'
import { readAsyncQuery } from './answers/snapshot-answer'
import { Cluster } from './cluster/cluster'
import type { Asker } from './cluster/requests'
import { ClusterQueries } from './cluster/requests'
import { Getter } from './get'
import { SealedIds } from './ids/sealed-ids'
import type { ElasticsearchStoreOptions } from './options'
import { resolveElasticsearchOptions } from './options'
import { ElasticsearchPassThrough } from './pass-through'
import { Submitter } from './submit'
import { Waiter } from './wait'
import { writeRequest } from './write-request'

export type { ElasticsearchClient } from './cluster/client-transport'
export { newSealingKey } from './ids/sealing-keys'
export type { ElasticsearchStoreOptions } from './options'

/**
 * Puts the router in front of Elasticsearch: queries run there, and each caller can reach only their own, though the
 * cluster sees one service account. The ids that clients get are the cluster's, sealed for their owner, so there is
 * no table to keep: any number of gateways with the same keys are one, and a restart loses nothing.
 *
 * Behind {@link asyncQueryRouter}, requests and answers pass through as they are, in every format, unbuffered. Its own
 * methods, for those who use it without a router, hold a result in memory.
 */
export class ElasticsearchStore implements AsyncQueryStore {
  readonly passThrough: PassThrough
  readonly #cluster: Cluster
  readonly #queries: ClusterQueries
  readonly #ids: SealedIds
  readonly #getter: Getter
  readonly #submitter: Submitter

  /** Throws a `TypeError` for options that are missing, wrong, unknown or do not fit each other. */
  constructor(options: ElasticsearchStoreOptions) {
    const resolved = resolveElasticsearchOptions(options)
    const { transport, clock, requestTimeoutMs, identify, forwardsAuthorization, upstreamWaitMs } = resolved
    this.#cluster = new Cluster(transport, clock, requestTimeoutMs)
    const queries = new ClusterQueries(this.#cluster, identify, forwardsAuthorization)
    const ids = new SealedIds(resolved.sealingKeys)
    const waiter = new Waiter(clock, upstreamWaitMs)
    const abandonment = new Abandonment(queries, clock, resolved.abandonAfterMs)
    const parts = { queries, ids, waiter, abandonment, clock }
    this.#queries = queries
    this.#ids = ids
    this.#getter = new Getter(parts)
    this.#submitter = new Submitter(parts)
    this.passThrough = new ElasticsearchPassThrough({
      ...parts,
      getter: this.#getter,
      submitter: this.#submitter,
      needsAuthorization: forwardsAuthorization,
    })
  }

  async submit(request: QueryRequest, owner: Owner, options: SubmitOptions): Promise<AsyncQuery> {
    const { allowPartialResults, columnar, timeZone } = request
    const remembered = { ...(columnar && { columnar }), ...(timeZone !== undefined && { timeZone }) }
    const { answer, id, settled } = await this.#submitter.submit({
      bodyWith: (times) => writeRequest(request, times, options.keepOnCompletion),
      parameters: {
        allow_partial_results: allowPartialResults === undefined ? undefined : String(allowPartialResults),
      },
      remembered,
      asker: { owner, wire: undefined },
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
    const content = this.#ids.open(id, owner)
    const answer = content && (await this.#getter.get(id, content, {}, options, serverSide(owner)))
    return answer && readAsyncQuery(answer, id, content)
  }

  async stop(id: string, owner: Owner): Promise<CompletedQuery | undefined> {
    const content = this.#ids.open(id, owner)
    const answer = content && (await this.#getter.stop(id, content, {}, serverSide(owner)))
    const query = answer && (await readAsyncQuery(answer, id, content))
    if (query?.isRunning) throw new TypeError('the cluster says that a query is running which it has stopped')
    return query
  }

  async delete(id: string, owner: Owner, { anyOwner = false }: DeleteOptions = {}): Promise<boolean> {
    const content = this.#ids.open(id, anyOwner ? undefined : owner)
    if (!content) return false
    const { upstreamId } = content
    const answer = await this.#queries.delete({ upstreamId, id }, {}, serverSide(owner))
    if (answer && answer.status >= 400) await readAsyncQuery(answer, id, content)
    return answer !== undefined
  }

  /** Lets go of the connections that the store itself has opened. Queries go on. */
  async close(): Promise<void> {
    this.#cluster.close()
  }
}

function serverSide(owner: Owner): Asker {
  return { owner, wire: undefined }
}
