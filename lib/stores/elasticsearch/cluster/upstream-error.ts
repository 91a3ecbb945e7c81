import { abbreviated, QueryError } from '../../../core/errors'
import type { ObjectFormat } from '../../../formats/formats'
import { objectFormatOf } from '../../../formats/formats'
import type { UpstreamResponse } from '../answers/answer'
import { readAll } from '../answers/peek'
import { readQueryError } from '../answers/snapshot'
import type { KnownQuery } from '../ids/sealed-content'
import { UpstreamError } from '../outage'
import type { GatewayRefusals } from './identity'

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
  if (status === 401 && isAboutGateway) {
    throw new UpstreamError('the cluster refuses the credentials of the gateway', { mayHaveArrived: false })
  }
  if (!format || bytes.length === 0) throw foreignError(status, query === undefined)
  if (!query) return bytes
  if (isAboutGateway) throw forbidden(bytes, format, query)
  const isUnknown = status === 404 && (mentionsId(bytes, query.upstreamId) || bytes.includes(RESULTS_INDEX))
  return isUnknown ? undefined : hideId(bytes, format, query)
}

/** The client must not get the reason: it names the service account and its roles. */
function forbidden(bytes: Buffer, format: ObjectFormat, query: KnownQuery): UpstreamError {
  const isReadable = format === 'json'
  const reason = isReadable
    ? readQueryError(hideId(bytes, format, query), 403).reason
    : `written in ${format}`
  return new UpstreamError(
    'the cluster answers 403 to the service account; grant its role what the reason names, or `read` on the ' +
      `indices that callers query; the reason: ${abbreviated(reason)}`,
    { mayHaveArrived: false },
  )
}

/** An error of a server between us and Elasticsearch, or of Elasticsearch before it reads the request. */
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
  // A proxy may have given up on a submit that goes on in the cluster.
  const mayHaveArrived = isSubmit && status >= 500
  return new UpstreamError(`the cluster answers ${status} without an error of Elasticsearch`, {
    mayHaveArrived,
  })
}

/** Whether a body contains an id of the cluster, in any format, with or without the padding of the id. */
function mentionsId(bytes: Buffer, upstreamId: string): boolean {
  return bytes.includes(withoutPadding(upstreamId), 0, 'latin1')
}

/**
 * An error body without the id of the cluster. The client's id takes its place, and asterisks do where the format
 * counts the bytes of its texts.
 */
function hideId(bytes: Buffer, format: ObjectFormat, { upstreamId, id }: KnownQuery): Buffer {
  if (!mentionsId(bytes, upstreamId)) return bytes
  const bare = withoutPadding(upstreamId)
  const text = bytes.toString('latin1')
  const isCounted = format === 'cbor' || format === 'smile'
  const hidden = isCounted
    ? text.replaceAll(bare, '*'.repeat(bare.length))
    : text
        .split(bare)
        .map((part, index) => (index === 0 ? part : part.replace(/^(?:=|%3D)*/, '')))
        .join(id)
  return Buffer.from(hidden, 'latin1')
}

function withoutPadding(id: string): string {
  return id.replace(/=+$/, '')
}
