import type { Owner } from '../../core/caller'
import type {
  DeleteOptions,
  GetOptions,
  PassThrough,
  QueryState,
  SubmitOptions,
  WireAnswer,
  WireRequest,
} from '../../core/store'
import type { QueryAnswer } from './answers/answer'
import { ID_HEADER } from './answers/answer'
import type { ClusterQueries } from './cluster/requests'
import type { Getter } from './get'
import type { SealedIds } from './ids/sealed-ids'
import type { Submitter } from './submit'

/** The operations with the client's own bytes. */
export class ElasticsearchPassThrough implements PassThrough {
  readonly needsAuthorization: boolean
  readonly #queries: ClusterQueries
  readonly #ids: SealedIds
  readonly #getter: Getter
  readonly #submitter: Submitter

  constructor(parts: {
    queries: ClusterQueries
    ids: SealedIds
    getter: Getter
    submitter: Submitter
    needsAuthorization: boolean
  }) {
    this.needsAuthorization = parts.needsAuthorization
    this.#queries = parts.queries
    this.#ids = parts.ids
    this.#getter = parts.getter
    this.#submitter = parts.submitter
  }

  async submit(wire: WireRequest, owner: Owner, options: SubmitOptions): Promise<WireAnswer> {
    const { parameters, body } = wire
    if (!body) throw new TypeError('a submit has no body')
    const { answer, id, settled } = await this.#submitter.submit({
      bodyWith: (times) => body.withTimes(times),
      parameters,
      remembered: isOn(parameters.drop_null_columns) ? { dropNullColumns: true } : {},
      asker: { owner, wire },
      options,
    })
    return { ...wireAnswer(answer, id), settled }
  }

  async get(
    id: string,
    wire: WireRequest,
    owner: Owner,
    options: GetOptions,
  ): Promise<WireAnswer | undefined> {
    const content = this.#ids.open(id, owner)
    if (!content) return undefined
    const { keep_alive: _, wait_for_completion_timeout: __, ...parameters } = wire.parameters
    const answer = await this.#getter.get(id, content, parameters, options, { owner, wire })
    return answer && wireAnswer(answer, id)
  }

  async head(
    id: string,
    wire: WireRequest,
    owner: Owner,
    options: GetOptions,
  ): Promise<QueryState | undefined> {
    const content = this.#ids.open(id, owner)
    return content && this.#getter.head(id, content, options, { owner, wire })
  }

  async stop(id: string, wire: WireRequest, owner: Owner): Promise<WireAnswer | undefined> {
    const content = this.#ids.open(id, owner)
    const answer = content && (await this.#getter.stop(id, content, wire.parameters, { owner, wire }))
    return answer && wireAnswer(answer, id)
  }

  async delete(
    id: string,
    wire: WireRequest,
    owner: Owner,
    { anyOwner = false }: DeleteOptions,
  ): Promise<WireAnswer | undefined> {
    const content = this.#ids.open(id, anyOwner ? undefined : owner)
    if (!content) return undefined
    const query = { upstreamId: content.upstreamId, id }
    return this.#queries.delete(query, wire.parameters, { owner, wire })
  }
}

/** An answer with the headers that tell which query it is about and whether that is running. */
function wireAnswer({ status, headers, body, isRunning }: QueryAnswer, id: string | undefined): WireAnswer {
  if (status >= 400) return { status, headers, body }
  return {
    status,
    headers: {
      ...headers,
      ...(id !== undefined && { [ID_HEADER]: id }),
      'x-elasticsearch-async-is-running': isRunning ? '?1' : '?0',
    },
    body,
  }
}

/** A flag is on when it is named without a value. */
function isOn(flag: string | undefined): boolean {
  return flag === '' || flag === 'true'
}
