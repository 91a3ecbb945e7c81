import { QueryError } from '../../../core/errors'
import type { UpstreamResponse } from '../answers/answer'
import { objectFormatOf } from '../answers/body-format'
import { readAll } from '../answers/peek'
import { UpstreamError } from './transport'
import { hideId, mentionsId } from './upstream-id'

/** A query that a request is about, under its two names. */
export interface QueryIds {
  upstreamId: string
  id: string
}

export interface ErrorContext {
  /** Left out for a submit, whose query has no id yet. */
  query: QueryIds | undefined
  /** The credentials that the cluster refuses are the caller's own. */
  isCallersCredentials: boolean
}

export interface ErrorBody {
  bytes: Buffer
}

/** Longer than any error of Elasticsearch, stack traces included. */
const LONGEST_ERROR = 4 * 2 ** 20

/** What Elasticsearch answers before anybody has used async queries: the index of their results is missing. */
const RESULTS_INDEX = '.async-search'

/**
 * The body of an error that the cluster answered with, as the client may see it. `undefined`: there is no such query.
 *
 * Throws a {@link QueryError} or an {@link UpstreamError} for what is no answer of Elasticsearch, or none to the
 * caller: a proxy's page, a refusal of the gateway's own credentials.
 */
export async function readError(
  response: UpstreamResponse,
  { query, isCallersCredentials }: ErrorContext,
): Promise<ErrorBody | undefined> {
  const { status, headers } = response
  const bytes = await readAll(response.body, LONGEST_ERROR)
  const format = objectFormatOf(headers['content-type'])
  if (status === 401 && !isCallersCredentials) {
    throw new UpstreamError('the cluster refuses the credentials of the gateway', { mayHaveArrived: false })
  }
  if (!format || bytes.length === 0) throw foreignError(status, query === undefined)
  if (!query) return { bytes }
  const isUnknown = status === 404 && (mentionsId(bytes, query.upstreamId) || bytes.includes(RESULTS_INDEX))
  return isUnknown ? undefined : { bytes: hideId(bytes, format, query.upstreamId, query.id) }
}

/** An error of something between us and Elasticsearch, or of Elasticsearch before it reads the request. */
function foreignError(status: number, isSubmit: boolean): Error {
  if (status === 429) {
    return new QueryError(
      'es_rejected_execution_exception',
      'the cluster takes no more requests at the moment',
    )
  }
  if (status === 413) {
    return new QueryError('too_long_http_content_exception', 'the request is longer than the cluster takes')
  }
  // A gateway in between may have given up on a submit that goes on.
  const mayHaveArrived = isSubmit && status >= 500
  return new UpstreamError(`the cluster answers ${status} without an error of Elasticsearch`, {
    mayHaveArrived,
  })
}
