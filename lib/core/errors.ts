/**
 * Every error type this package answers with, and its HTTP status. README and `api-spec.yaml` list the same
 * rows.
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
  no_shard_available_action_exception: 503,
} as const satisfies Record<string, number>

/** A type of {@link ERROR_STATUS}. */
export type ErrorType = keyof typeof ERROR_STATUS

/** Statuses that Elasticsearch sends before its REST layer adds the product header. */
export const WITHOUT_PRODUCT_HEADER: readonly number[] = [401, 403, 413]

/** A fact about an error that the client is told: a member of the `caused_by` chain. */
export interface ErrorCause {
  type: string
  reason: string
  causedBy?: ErrorCause | undefined
}

/** What a {@link QueryError} has beside its type and reason. */
export interface QueryErrorOptions {
  /**
   * HTTP status, from 400 to 599; any other is sent as 500.
   *
   * @default that of the type in {@link ERROR_STATUS}, and 500 for a type that is not listed
   */
  status?: number
  /** Further fields of the error object, written after `reason`: `bytes_wanted`, `index` … */
  metadata?: Readonly<Record<string, string | number>>
  /** What the client is told about the cause. */
  causedBy?: ErrorCause | undefined
  /** Response headers, and the `header` field of the error object, as Elasticsearch renders them on 401. */
  headers?: Readonly<Record<string, string>>
  /** What really happened. It is logged and never sent. */
  cause?: unknown
}

const BRAND = Symbol.for('express-esql-async-query.QueryError')

/**
 * An error that the client is meant to see, as Elasticsearch would word it. Stores, executors and caller
 * resolvers throw it.
 *
 * The reason is sent to the client, so it never contains upstream bodies, keys or tokens; those belong in
 * `cause`, which is only logged.
 */
export class QueryError extends Error {
  override readonly name = 'QueryError'
  readonly [BRAND] = true
  /** A stable word for programs, in snake case: a type of {@link ERROR_STATUS} or the engine's own. */
  readonly type: ErrorType | (string & {})
  /** A sentence for people. The same as `message`. */
  readonly reason: string
  readonly status: number
  readonly metadata: Readonly<Record<string, string | number>>
  readonly headers: Readonly<Record<string, string>>
  readonly causedBy: ErrorCause | undefined

  /** Throws a `TypeError` where something else stands in the place of the options, a status above all. */
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
  }
}

/** Whether an error is a {@link QueryError}, also one of another copy of this package. */
export function isQueryError(error: unknown): error is QueryError {
  return typeof error === 'object' && error !== null && BRAND in error
}

/** An error that is found before a query is looked at. Elasticsearch writes it as plain text in `error`. */
export class RoutingError extends Error {
  override readonly name = 'RoutingError'

  constructor(
    readonly status: number,
    reason: string,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(reason)
  }
}

export function illegalArgument(reason: string, options?: QueryErrorOptions): QueryError {
  return new QueryError('illegal_argument_exception', reason, options)
}

/** The 503 of an outage of ours or of what stands behind us: the client is to try again. `cause` is for the log. */
export function unavailable(reason: string, cause?: unknown): QueryError {
  return new QueryError('no_shard_available_action_exception', reason, { cause })
}

/** The one answer for an unknown, an expired and another owner's query. */
export function queryNotFound(id: string): QueryError {
  return new QueryError('resource_not_found_exception', id)
}

/** The status that anything thrown is answered with. */
export function statusOf(error: unknown): number {
  const { status } = isQueryError(error) || error instanceof RoutingError ? error : { status: 500 }
  // With a status that is no failure, a client would take the envelope for a result.
  return Number.isInteger(status) && status >= 400 && status <= 599 ? status : 500
}

/** How much of a text of the client an error may repeat, in characters. */
const LONGEST_QUOTATION = 1_000

/** A text of the client for the reason of an error: as sent, but cut where it is long, and `null` where it is missing. */
export function abbreviated(text: string | undefined): string {
  if (text === undefined) return 'null'
  return text.length > LONGEST_QUOTATION ? `${text.slice(0, LONGEST_QUOTATION)}...` : text
}
