import { abbreviated, QueryError, UPSTREAM, unavailable } from '../../../core/errors'
import { unpadded } from '../../../core/unpadded'
import type { ObjectFormat } from '../../../formats/formats'
import { objectFormatOf } from '../../../formats/formats'
import { readAll } from '../answers/peek'
import type { UpstreamResponse } from '../answers/response'
import { assertReadable, isOfElasticsearch } from '../answers/response'
import { readQueryError } from '../answers/snapshot'
import type { KnownQuery } from '../ids/sealed-content'
import { mentionsId, withoutIds } from '../ids/upstream-id'
import { UpstreamError } from '../outage'
import type { GatewayRefusals } from './identity'
import { withoutAccount } from './identity'

/** Longer than any error of Elasticsearch, stack traces included. */
const LONGEST_ERROR = 4 * 2 ** 20

/** The index of the results. Elasticsearch says that it is missing until somebody has used async queries. */
const RESULTS_INDEX = '.async-search'

/**
 * The body of an error of the cluster, as the client may see it. `undefined`: the cluster does not know the query.
 * A submit has no `query`.
 *
 * Throws a {@link QueryError} or an {@link UpstreamError} for an error that Elasticsearch did not write, and for one
 * that is not about the caller: a proxy's page, a refusal of the gateway's own credentials.
 */
export async function readError(
  response: UpstreamResponse,
  query: KnownQuery | undefined,
  gatewayRefusals: GatewayRefusals,
): Promise<Buffer | undefined> {
  const { status, headers } = response
  const bytes = await readAll(response.body, LONGEST_ERROR)
  const format = objectFormatOf(headers['content-type'])
  const isAboutGateway = gatewayRefusals.some((refusal) => refusal === status)
  if (!format || bytes.length === 0 || !isOfElasticsearch(response, bytes)) {
    throw foreignError(response, query === undefined)
  }
  if (status === 401 && isAboutGateway) {
    throw refusedCredentials()
  }
  assertReadable(response)
  if (query && isAboutGateway) throw forbidden(hideIds(bytes, format, query), format)
  if (query && status === 404 && tellsNothing(bytes, query)) return undefined
  return hideIds(status === 403 ? withoutAccount(bytes) : bytes, format, query)
}

/** Whether a 404 says that the cluster does not know the query, and not that the query looks for an unknown index. */
function tellsNothing(bytes: Buffer, { upstreamId }: KnownQuery): boolean {
  return mentionsId(bytes, upstreamId) || bytes.includes(RESULTS_INDEX)
}

export function refusedCredentials(): UpstreamError {
  return new UpstreamError('the cluster refuses the credentials of the gateway', { mayHaveArrived: false })
}

/** The client must not get the reason: it names the service account and its roles. */
function forbidden(bytes: Buffer, format: ObjectFormat): UpstreamError {
  const isReadable = format === 'json'
  const reason = isReadable ? readQueryError(bytes, 403).reason : `written in ${format}`
  return new UpstreamError(
    'the cluster answers 403 to the service account; grant its role what the reason names, or `read` on the ' +
      `indices that callers query; the reason: ${abbreviated(reason)}`,
    { mayHaveArrived: false },
  )
}

/** An error of a server between us and Elasticsearch, or of Elasticsearch before it reads the request. */
function foreignError(response: UpstreamResponse, isSubmit: boolean): Error {
  const { status } = response
  const { 'retry-after': seconds } = response.headers
  const headers = seconds === undefined ? {} : { 'Retry-After': seconds }
  if (status === 429) {
    return new QueryError(
      'es_rejected_execution_exception',
      'the cluster takes no more requests at the moment',
      { headers, limit: UPSTREAM },
    )
  }
  if (status === 413) {
    return new QueryError('too_long_http_content_exception', 'the request is longer than the cluster takes')
  }
  // A proxy may have given up on a submit that goes on in the cluster, or may keep its answer back.
  const cause = new UpstreamError(`the cluster answers ${status} without an error of Elasticsearch`, {
    mayHaveArrived: true,
  })
  return isSubmit ? cause : unavailable('the cluster is not available, try again later', cause, headers)
}

/**
 * An error body without ids of the cluster. The client's id takes the place of its own, and asterisks those of others, and
 * also of its own where the format counts the bytes of its texts.
 */
function hideIds(bytes: Buffer, format: ObjectFormat, query: KnownQuery | undefined): Buffer {
  const text = bytes.toString('latin1')
  if (!query) return Buffer.from(withoutIds(text), 'latin1')
  const bare = unpadded(query.upstreamId)
  const isCounted = format === 'cbor' || format === 'smile'
  const hidden = text
    .split(bare)
    .map((part, index) => withoutIds(index === 0 || isCounted ? part : part.replace(/^(?:=|%3D)*/, '')))
    .join(isCounted ? '*'.repeat(bare.length) : query.id)
  return Buffer.from(hidden, 'latin1')
}
