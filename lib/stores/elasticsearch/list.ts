import { QueryError } from '../../core/errors'
import { isObject } from '../../core/is-object'
import type { ListOptions } from '../../core/operations'
import type { Value, ValueObject } from '../../core/result'
import type { ListedQuery } from '../../core/store'
import type { ClusterQueries, Sender } from './cluster/requests'
import type { SealedIds } from './ids/sealed-ids'
import { UnusableAnswerError } from './outage'

/** Fields of early releases that name nodes and tasks of the cluster. */
const INTERNAL_FIELDS: readonly string[] = ['id', 'node', 'coordinating_node', 'data_nodes']

/** Lists the queries that run in the cluster, where the cluster knows who asks. The cluster decides who may see them. */
export class RunningQueries {
  readonly #queries: ClusterQueries
  readonly #ids: SealedIds
  readonly #knowsCallers: boolean

  /** `knowsCallers`: to the cluster, each caller is a user of its own. */
  constructor(queries: ClusterQueries, ids: SealedIds, knowsCallers: boolean) {
    this.#queries = queries
    this.#ids = ids
    this.#knowsCallers = knowsCallers
  }

  /**
   * The body of the cluster's answer, with each id sealed for the caller. `undefined`: the query with the id does not run.
   * `sent`: what the client says, without how to write the answer.
   *
   * Throws a 403 where the cluster would list the queries of everybody who uses the gateway.
   */
  async list({ id, anyOwner }: ListOptions, sent: string, sender: Sender): Promise<ValueObject | undefined> {
    const query = id === undefined ? undefined : this.#ids.open(id, anyOwner ? undefined : sender.owner)
    if (!this.#knowsCallers) throw forbidden(id === undefined ? 'list_queries' : 'get_query')
    if (id !== undefined && !query) return undefined
    const body = await this.#queries.running(query, sent, sender)
    if (!body || query) return body && withoutInternals(body)
    if (!isObject(body.queries)) throw new UnusableAnswerError('the cluster answers a list without queries')
    const queries = Object.entries(body.queries).map(([upstreamId, listed]) => [
      this.#ids.seal({ upstreamId }, sender.owner),
      isObject(listed) ? withoutInternals(listed) : listed,
    ])
    return { ...body, queries: Object.fromEntries(queries) }
  }
}

/** In our words, for a program that uses the store without a router. */
export function listedQuery(id: string, fields: Value | undefined): ListedQuery {
  const body = isObject(fields) ? fields : {}
  const { documents_found: documentsFound, values_loaded: valuesLoaded } = body
  return {
    id,
    query: String(body.query),
    startTimeMs: Number(body.start_time_millis),
    runningTimeNanos: Number(body.running_time_nanos),
    ...(documentsFound !== undefined && { documentsFound: Number(documentsFound) }),
    ...(valuesLoaded !== undefined && { valuesLoaded: Number(valuesLoaded) }),
  }
}

function withoutInternals(fields: ValueObject): ValueObject {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !INTERNAL_FIELDS.includes(name)))
}

/** Names no account: that of the gateway is none of the caller's business. */
function forbidden(action: string): QueryError {
  const reason =
    `action [cluster:monitor/xpack/esql/${action}] is unauthorized, ` +
    'because all callers of this gateway are one user of the cluster'
  return new QueryError('security_exception', reason, { status: 403 })
}
