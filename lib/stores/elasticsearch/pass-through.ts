import type { Owner } from '../../core/caller'
import type {
  DeleteOptions,
  GetOptions,
  ListOptions,
  QueryOptions,
  SubmitOptions,
} from '../../core/operations'
import type {
  PassThrough,
  QueryState,
  SubmitBody,
  SubmitTimes,
  WireAnswer,
  WireRequest,
} from '../../core/pass-through'
import type { ValueObject } from '../../core/result'
import type { QueryAnswer } from './answers/answer'
import { ID_HEADER } from './answers/answer'
import type { SubmitRequest } from './cluster/requests'
import type { ExistingQueries, StoreParts } from './get'
import type { RunningQueries } from './list'
import type { QueryStarter } from './submit'

/** What the store itself says in a request about a query. */
const TIMES: readonly string[] = ['wait_for_completion_timeout', 'keep_alive']

/** Of a request for the state, the store also says how to write it. */
const NOT_FOR_STATE: readonly string[] = [...TIMES, 'format', 'delimiter', 'filter_path']

/** The gateway reads the answer of a list as JSON and writes it itself. */
const NOT_FOR_LIST: readonly string[] = ['format', 'filter_path']

/** What a get may say too. The cluster would refuse the rest of a submit in the gets that go on with its wait. */
const PRESENTATION: readonly string[] = [
  'format',
  'delimiter',
  'drop_null_columns',
  'filter_path',
  'pretty',
  'human',
  'error_trace',
]

export interface Operations extends StoreParts {
  existing: ExistingQueries
  starter: QueryStarter
  running: RunningQueries
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
    const { body } = wire
    if (!body) throw new TypeError('a submit has no body')
    const { answer, id, settled } = await this.#operations.starter.start({
      requestWith: (times) => submitRequest(wire, body, times),
      release: () => body.release(),
      sentLater: sentIn(wire, (name) => PRESENTATION.includes(name)),
      remembered: {},
      sender: { owner, wire },
      options,
    })
    return { ...wireAnswer(answer, id), settled }
  }

  async query(wire: WireRequest, owner: Owner, { signal }: QueryOptions): Promise<WireAnswer> {
    const { body } = wire
    if (!body) throw new TypeError('a query has no body')
    const sender = { owner, wire }
    const answer = await this.#operations.queries.query([body.bytes], sentIn(wire), signal, sender)
    const { status, headers, body: bytes } = answer
    return { status, headers, body: bytes }
  }

  async get(
    id: string,
    wire: WireRequest,
    owner: Owner,
    options: GetOptions,
  ): Promise<WireAnswer | undefined> {
    const query = this.#operations.ids.open(id, owner)
    if (!query) return undefined
    const sent = sentIn(wire, (name) => !TIMES.includes(name))
    const answer = await this.#operations.existing.get(query, sent, options, { owner, wire })
    return answer && wireAnswer(answer, id)
  }

  async head(
    id: string,
    wire: WireRequest,
    owner: Owner,
    options: GetOptions,
  ): Promise<QueryState | undefined> {
    const query = this.#operations.ids.open(id, owner)
    const sent = sentIn(wire, (name) => !NOT_FOR_STATE.includes(name))
    return query && this.#operations.existing.head(query, sent, options, { owner, wire })
  }

  async stop(id: string, wire: WireRequest, owner: Owner): Promise<WireAnswer | undefined> {
    const query = this.#operations.ids.open(id, owner)
    const answer = query && (await this.#operations.existing.stop(query, sentIn(wire), { owner, wire }))
    return answer && wireAnswer(answer, id)
  }

  async delete(
    id: string,
    wire: WireRequest,
    owner: Owner,
    { anyOwner = false }: DeleteOptions,
  ): Promise<WireAnswer | undefined> {
    const query = this.#operations.ids.open(id, anyOwner ? undefined : owner)
    return query && this.#operations.queries.delete(query, sentIn(wire), { owner, wire })
  }

  info(wire: WireRequest, owner: Owner): Promise<WireAnswer & { body: Uint8Array }> {
    return this.#operations.queries.info(sentIn(wire), { owner, wire })
  }

  list(wire: WireRequest, owner: Owner, options: ListOptions): Promise<ValueObject | undefined> {
    const sent = sentIn(wire, (name) => !NOT_FOR_LIST.includes(name))
    return this.#operations.running.list(options, sent, { owner, wire })
  }
}

/** The client's submit, with these times. A body that has become JSON is labelled as that. */
function submitRequest(wire: WireRequest, body: SubmitBody, times: SubmitTimes): SubmitRequest {
  const { contentType, format } = body.labelWithTimes(times) ?? {}
  const sent = [sentIn(wire), format === undefined ? '' : `format=${format}`]
  return {
    body: body.piecesWithTimes(times),
    sent: sent.filter((text) => text !== '').join('&'),
    ...(contentType !== undefined && { contentType }),
  }
}

/** The client's parameters, as sent. */
function sentIn({ sentParameters }: WireRequest, isWanted: (name: string) => boolean = () => true): string {
  return sentParameters
    .filter(({ name }) => isWanted(name))
    .map(({ text }) => text)
    .join('&')
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
