import type { IncomingHttpHeaders } from 'node:http'
import type { Readable } from 'node:stream'
import type { ObjectFormat } from '../../../formats/formats'
import { objectFormatOf } from '../../../formats/formats'
import { UnusableAnswerError } from '../outage'
import { readHead, replaceId } from './answer-head'
import { peek } from './peek'

/** An answer of the cluster whose head has arrived. The body may still break. */
export interface UpstreamResponse {
  status: number
  /** Names in lower case. */
  headers: IncomingHttpHeaders
  body: Readable
}

/** An answer about a query that is not an error. */
export interface QueryAnswer {
  status: number
  headers: Readonly<Record<string, string | readonly string[]>>
  /** With the client's id for the query. */
  body: Readable | Buffer
  /** The cluster's id for the query, from the headers or the body. */
  upstreamId?: string | undefined
  /** `undefined` where the answer does not say: a text format of a release that has no header for it. */
  isRunning?: boolean | undefined
}

export const ID_HEADER = 'x-elasticsearch-async-id'
const IS_RUNNING_HEADER = 'x-elasticsearch-async-is-running'

/** The headers that the client gets. Those with the id and the state are written anew. */
const PASSED_HEADERS = ['content-type', 'warning', 'took-nanos', 'x-elasticsearch-async-is-partial'] as const

/**
 * Reads the id and the state at the beginning of an answer, and replaces the cluster's id by what `idOf` gives for it.
 * It does not read the rest of the body.
 */
export async function readAnswer(
  { status, headers, body }: UpstreamResponse,
  idOf: (upstreamId: string) => string,
): Promise<QueryAnswer> {
  const { 'content-encoding': encoding = 'identity' } = headers
  if (encoding !== 'identity') {
    throw new UnusableAnswerError('the cluster compresses its answer without being asked to')
  }
  if (singleHeader(headers['x-elastic-product']) !== 'Elasticsearch') {
    throw new UnusableAnswerError(`what answers ${status} is not Elasticsearch`)
  }
  const format = objectFormatOf(headers['content-type'])
  const answer = {
    status,
    headers: passedHeaders(headers),
    upstreamId: singleHeader(headers[ID_HEADER]),
    isRunning: readBoolean(singleHeader(headers[IS_RUNNING_HEADER])),
  }
  if (answer.upstreamId !== undefined) idOf(answer.upstreamId)
  if (!format) return { ...answer, body }
  const edited = await peek(body, (bytes, isAll) => {
    const head = readHead(format, bytes, isAll)
    if (!head) return undefined
    if (isAll) assertWhole(format, bytes)
    answer.isRunning ??= head.isRunning
    if (!head.id) return bytes
    answer.upstreamId ??= head.id.text
    return replaceId(format, bytes, head.id, idOf(head.id.text))
  })
  return { ...answer, body: edited }
}

/** Without this check, a small body that ends too early would pass for a whole answer. */
function assertWhole(format: ObjectFormat, bytes: Buffer): void {
  if (bytes.length === 0) throw new UnusableAnswerError('the answer of the cluster is empty')
  if (format !== 'json') return
  try {
    JSON.parse(bytes.toString())
  } catch {
    // Without a cause: the error of `JSON.parse` quotes the text, with the id in it.
    throw new UnusableAnswerError('the answer of the cluster is no JSON')
  }
}

function passedHeaders(headers: IncomingHttpHeaders): Record<string, string | readonly string[]> {
  const passed: Record<string, string | readonly string[]> = {}
  for (const name of PASSED_HEADERS) {
    const value = headers[name]
    if (value !== undefined) passed[name] = value
  }
  return passed
}

export function singleHeader(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value
}

/** Reads a boolean as RFC 8941 writes it. */
function readBoolean(text: string | undefined): boolean | undefined {
  return text === '?1' ? true : text === '?0' ? false : undefined
}
