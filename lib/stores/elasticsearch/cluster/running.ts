import { QueryError } from '../../../core/errors'
import type { ValueObject } from '../../../core/result'
import { readAll } from '../answers/peek'
import type { UpstreamResponse } from '../answers/response'
import { assertReadable, isOfElasticsearch } from '../answers/response'
import { readBody, readQueryError } from '../answers/snapshot'
import type { KnownQuery } from '../ids/sealed-content'
import { withoutTask } from '../ids/upstream-id'
import { UnusableAnswerError } from '../outage'
import type { GatewayRefusals } from './identity'
import { readError } from './upstream-error'

/** The texts of thousands of queries. The answer is held in memory, because each id in it is replaced. */
const LONGEST_LIST = 16 * 2 ** 20

/** How Elasticsearch says that the task of a query is gone, or that its number belongs to another task by now. */
const NOT_RUNNING =
  /^task \[.*(isn't running|isn't part of the cluster)|^Task \[.* is not an ESQL query task$/i

/**
 * Reads the answer to a list, or to a request about one running query. `undefined`: the query does not run.
 *
 * Throws the {@link QueryError} of a refusal, without what names the task.
 */
export async function readRunning(
  response: UpstreamResponse,
  query: KnownQuery | undefined,
  gatewayRefusals: GatewayRefusals,
): Promise<ValueObject | undefined> {
  if (response.status >= 400) {
    const error = await readError(response, query, gatewayRefusals)
    if (!error) return undefined
    const refusal = refusalOf(response, query ? withoutTask(error, query.upstreamId) : error)
    if (query && NOT_RUNNING.test(refusal.reason)) return undefined
    throw refusal
  }
  if (!isOfElasticsearch(response)) {
    throw new UnusableAnswerError(`what answers ${response.status} is not Elasticsearch`)
  }
  assertReadable(response)
  return readBody(await readAll(response.body, LONGEST_LIST))
}

function refusalOf({ status, headers }: UpstreamResponse, body: Buffer): QueryError {
  const { type, reason, metadata, causedBy, limit } = readQueryError(body, status)
  // A release without these routes answers with a plain text, which has no type.
  const isPlain = type === 'exception' && status === 400
  const { 'www-authenticate': challenge, 'retry-after': retryAfter } = headers
  return new QueryError(isPlain ? 'illegal_argument_exception' : type, reason, {
    status,
    metadata,
    causedBy,
    limit,
    headers: {
      ...(challenge !== undefined && { 'WWW-Authenticate': challenge }),
      ...(retryAfter !== undefined && [429, 503].includes(status) && { 'Retry-After': retryAfter }),
    },
  })
}
