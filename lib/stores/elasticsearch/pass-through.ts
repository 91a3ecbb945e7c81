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
import type { ExistingQueries, StoreParts } from './get'
import type { QueryStarter } from './submit'

export interface Operations extends StoreParts {
  existing: ExistingQueries
  starter: QueryStarter
}

/** The operations, with the bytes of client and cluster. */
export class ElasticsearchPassThrough implements PassThrough {
  readonly needsAuthorization: boolean
  readonly #operations: Operations

  constructor(operations: Operations, needsAuthorization: boolean) {
    this.needsAuthorization = needsAuthorization
    this.#operations = operations
  }

  async submit(wire: WireRequest, owner: Owner, options: SubmitOptions): Promise<WireAnswer> {
    const { parameters, body } = wire
    if (!body) throw new TypeError('a submit has no body')
    const { answer, id, settled } = await this.#operations.starter.start({
      bodyWith: (times) => body.piecesWithTimes(times),
      sent: () => body.release(),
      parameters,
      remembered: {},
      sender: { owner, wire },
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
    const query = this.#operations.ids.open(id, owner)
    if (!query) return undefined
    const { keep_alive: _, wait_for_completion_timeout: __, ...parameters } = wire.parameters
    const answer = await this.#operations.existing.get(query, parameters, options, { owner, wire })
    return answer && wireAnswer(answer, id)
  }

  async head(
    id: string,
    wire: WireRequest,
    owner: Owner,
    options: GetOptions,
  ): Promise<QueryState | undefined> {
    const query = this.#operations.ids.open(id, owner)
    return query && this.#operations.existing.head(query, options, { owner, wire })
  }

  async stop(id: string, wire: WireRequest, owner: Owner): Promise<WireAnswer | undefined> {
    const query = this.#operations.ids.open(id, owner)
    const answer = query && (await this.#operations.existing.stop(query, wire.parameters, { owner, wire }))
    return answer && wireAnswer(answer, id)
  }

  async delete(
    id: string,
    wire: WireRequest,
    owner: Owner,
    { anyOwner = false }: DeleteOptions,
  ): Promise<WireAnswer | undefined> {
    const query = this.#operations.ids.open(id, anyOwner ? undefined : owner)
    return query && this.#operations.queries.delete(query, wire.parameters, { owner, wire })
  }
}

/** The answer for the client, with the headers for the id and the state of the query. */
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
