/**
 * Every error type that this package itself answers with, and its HTTP status. `docs/http-api.md` and `api-spec.yaml` have the
 * same rows.
 */
export const ERROR_STATUS = {
  action_request_validation_exception: 400,
  bad_parameter_exception: 400,
  illegal_argument_exception: 400,
  media_type_header_exception: 400,
  parse_exception: 400,
  parsing_exception: 400,
  task_cancelled_exception: 400,
  too_long_http_line_exception: 400,
  validation_exception: 400,
  verification_exception: 400,
  x_content_e_o_f_exception: 400,
  x_content_parse_exception: 400,
  security_exception: 401,
  resource_not_found_exception: 404,
  too_long_http_content_exception: 413,
  circuit_breaking_exception: 429,
  es_rejected_execution_exception: 429,
  exception: 500,
  node_closed_exception: 500,
  node_disconnected_exception: 500,
  no_shard_available_action_exception: 503,
} as const satisfies Record<string, number>

/** A type of {@link ERROR_STATUS}. */
export type ErrorType = keyof typeof ERROR_STATUS

/** One member of the `caused_by` chain of an error. The client gets it. */
export interface ErrorCause {
  type: string
  reason: string
  causedBy?: ErrorCause | undefined
}

/** What a {@link QueryError} has beside its type and reason. */
export interface QueryErrorOptions {
  /**
   * HTTP status from 400 to 599. Every other number is sent as 500.
   *
   * @default the status of the type in {@link ERROR_STATUS}, 500 for a type that is not there
   */
  status?: number
  /** Further fields of the error object, written after `reason`: `bytes_wanted`, `index` … */
  metadata?: Readonly<Record<string, string | number>>
  /** The part of the cause that the client gets. */
  causedBy?: ErrorCause | undefined
  /**
   * Response headers. Except for `Retry-After`, they are also the `header` field of the error object, as in
   * Elasticsearch's 401. Without one, an answer of 429 or 503 has a `Retry-After` of one second.
   */
  headers?: Readonly<Record<string, string>>
  /**
   * The name of the limit that is in the way, best that of an option, such as `maxWaits`. It goes to the log and the
   * measurements, and the client never gets it.
   */
  limit?: string | undefined
  /** What really happened. It is logged, and the client never gets it. */
  cause?: unknown
}

const BRAND = Symbol.for('express-esql-async-query.QueryError')

/**
 * An error for the client, in Elasticsearch's form. Stores, executors and caller resolvers throw it.
 *
 * The client gets the reason, so never put bodies of other servers, keys or tokens into it. Those belong in `cause`,
 * which is only logged.
 */
export class QueryError extends Error {
  override readonly name = 'QueryError'
  readonly [BRAND] = true
  /** A stable word for programs, in snake case: a type of {@link ERROR_STATUS}, or one of the engine. */
  readonly type: ErrorType | (string & {})
  /** A sentence for people. The same as `message`. */
  readonly reason: string
  readonly status: number
  readonly metadata: Readonly<Record<string, string | number>>
  readonly headers: Readonly<Record<string, string>>
  readonly causedBy: ErrorCause | undefined
  readonly limit: string | undefined

  /** Throws a `TypeError` if `options` is not an object: a status is easily passed in its place. */
  constructor(type: ErrorType | (string & {}), reason: string, options: QueryErrorOptions = {}) {
    if (typeof options !== 'object' || options === null) {
      throw new TypeError('QueryError takes the status among its options: { status: 400 }')
    }
    super(reason, 'cause' in options ? { cause: options.cause } : undefined)
    this.type = type
    this.reason = reason
    this.status =
      options.status ?? (Object.hasOwn(ERROR_STATUS, type) ? ERROR_STATUS[type as ErrorType] : 500)
    this.metadata = options.metadata ?? {}
    this.headers = options.headers ?? {}
    this.causedBy = options.causedBy
    this.limit = options.limit
  }
}

/** Whether an error is a {@link QueryError}, of this copy of the package or of another one. */
export function isQueryError(error: unknown): error is QueryError {
  return typeof error === 'object' && error !== null && BRAND in error
}

/** Stands for the limits of the server that a store passes requests on to. */
export const UPSTREAM = 'upstream'

/** Statuses that Elasticsearch answers without its product header: its REST layer, which adds it, is not reached. */
export const WITHOUT_PRODUCT: readonly number[] = [401, 403, 413]

/** An error that Elasticsearch finds before it reads a query. It writes such errors as plain text in `error`. */
export class RoutingError extends Error {
  override readonly name = 'RoutingError'

  constructor(
    readonly status: number,
    reason: string,
    readonly headers: Readonly<Record<string, string>> = {},
    /** What really happened. It is logged as a warning, and the client never gets it. */
    cause?: unknown,
  ) {
    super(reason, cause === undefined ? undefined : { cause })
  }
}

export function illegalArgument(reason: string, options?: QueryErrorOptions): QueryError {
  return new QueryError('illegal_argument_exception', reason, options)
}

/** The 413 for a body of more bytes than a body may have. */
export function tooLong(maxBytes: number, cause?: unknown): QueryError {
  return new QueryError('too_long_http_content_exception', `content length exceeded ${maxBytes} bytes.`, {
    cause,
  })
}

/** The 503 for an outage of the gateway or of the servers behind it. `cause` is for the log. */
export function unavailable(
  reason: string,
  cause?: unknown,
  headers: QueryError['headers'] = {},
): QueryError {
  return new QueryError('no_shard_available_action_exception', reason, { cause, headers })
}

/** Turns anything but a {@link QueryError} into an outage, 503: the client is to try again. */
export function outageOf(error: unknown): unknown {
  if (isQueryError(error)) return error
  return unavailable('the async query store is not available, try again later', error)
}

/** The 404 of an unknown query, of an expired one, and of another owner's. */
export function queryNotFound(id: string): QueryError {
  return new QueryError('resource_not_found_exception', id)
}

/** The HTTP status of the answer to any thrown value. */
export function statusOf(error: unknown): number {
  const { status } = isQueryError(error) || error instanceof RoutingError ? error : { status: 500 }
  // With a status of success, a client would take the error object for a result.
  return Number.isInteger(status) && status >= 400 && status <= 599 ? status : 500
}

/** Characters that an error may repeat of a text of the client. */
const MAX_QUOTATION_LENGTH = 1_000

/** A text of the client for the reason of an error. Cuts a long one, and gives `null` for one that is missing. */
export function abbreviated(text: string | undefined): string {
  if (text === undefined) return 'null'
  return text.length > MAX_QUOTATION_LENGTH ? `${text.slice(0, MAX_QUOTATION_LENGTH)}...` : text
}
