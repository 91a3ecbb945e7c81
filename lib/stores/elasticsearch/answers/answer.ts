import type { IncomingHttpHeaders } from 'node:http'
import type { Readable } from 'node:stream'
import { isObject } from '../../../core/is-object'
import { formatOf, objectFormatOf } from '../../../formats/formats'
import { mentionsId, withoutIds } from '../ids/upstream-id'
import { UnusableAnswerError } from '../outage'
import type { AnswerHead } from './answer-head'
import { guessFormat, LONGEST_HEAD, readHead, replaceId, UNREADABLE_ID } from './answer-head'
import { giveUp, peek } from './peek'
import type { UpstreamResponse } from './response'
import { assertReadable, isOfElasticsearch, singleHeader } from './response'
import { withoutId } from './without-id'

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
 * It does not read the rest of the body. `askedId`: the cluster's id of the query that the request was about. `isSync`: the
 * query has ended and has no id, also where no header says so.
 *
 * Calls `idOf` as soon as it knows the id, since a query whose answer breaks can still be asked for or deleted.
 */
export async function readAnswer(
  response: UpstreamResponse,
  idOf: (upstreamId: string) => string,
  { askedId, isSync = false }: { askedId?: string | undefined; isSync?: boolean } = {},
): Promise<QueryAnswer> {
  const { status, headers, body } = response
  if (!isOfElasticsearch(response)) {
    throw new UnusableAnswerError(`what answers ${status} is not Elasticsearch`)
  }
  const answer = {
    status,
    headers: passedHeaders(headers),
    upstreamId: singleHeader(headers[ID_HEADER]),
    isRunning: readBoolean(singleHeader(headers[IS_RUNNING_HEADER])) ?? (isSync ? false : undefined),
  }
  if (answer.upstreamId !== undefined) idOf(answer.upstreamId)
  assertReadable(response)
  const isKnown = formatOf(headers['content-type']) !== undefined
  const edited = await peek(body, (bytes, isAll) => {
    const head = headOf(headers['content-type'], bytes, isAll, answer.upstreamId ?? askedId)
    if (!head) return undefined
    answer.isRunning ??= head.isRunning
    if (!head.id) return bytes
    answer.upstreamId ??= head.id.text
    return replaceId(head.format, bytes, head.id, idOf(head.id.text))
  })
  if (isKnown) return { ...answer, body: edited }
  const id = answer.upstreamId ?? askedId
  // It may have an id that nobody has heard of, in a form that nobody can read.
  if (id === undefined && answer.isRunning !== false) {
    giveUp(edited)
    throw new UnusableAnswerError('the answer of the cluster is in a format that is not known')
  }
  return { ...answer, body: id === undefined ? edited : await withoutId(edited, id) }
}

/**
 * What the beginning of a body says. `undefined` while more of it is needed. A label that is missing, wrong or of the
 * future hides no id: the bytes themselves tell objects from tables, whose cells are none of our business.
 */
function headOf(
  contentType: string | undefined,
  bytes: Buffer,
  isAll: boolean,
  knownId: string | undefined,
): AnswerHead | undefined {
  const labelled = objectFormatOf(contentType)
  const format = labelled ?? guessFormat(bytes)
  if (!format) return { format: 'json' }
  const head = readHead(format, bytes, isAll, !labelled)
  if (!head || (!labelled && !head.id)) return head
  if (isAll && format === 'json') assertWhole(bytes, head)
  if (!head.id) assertWithoutId(bytes.subarray(0, LONGEST_HEAD), knownId)
  return head
}

function assertWithoutId(bytes: Buffer, knownId: string | undefined): void {
  if (knownId !== undefined && mentionsId(bytes, knownId)) throw new UnusableAnswerError(UNREADABLE_ID)
}

/** Without this check, a small body that ends too early would pass for a whole answer. */
function assertWhole(bytes: Buffer, { id }: AnswerHead): void {
  let body: unknown
  try {
    body = JSON.parse(bytes.toString())
  } catch {
    // Without a cause: the error of `JSON.parse` quotes the text, with the id in it.
    throw new UnusableAnswerError('the answer of the cluster is no JSON')
  }
  if (isObject(body) && body.id !== undefined && body.id !== id?.text) {
    throw new UnusableAnswerError(UNREADABLE_ID)
  }
}

function passedHeaders(headers: IncomingHttpHeaders): Record<string, string | readonly string[]> {
  const passed: Record<string, string | readonly string[]> = {}
  for (const name of PASSED_HEADERS) {
    const value = headers[name]
    if (value !== undefined)
      passed[name] = typeof value === 'string' ? withoutIds(value) : value.map(withoutIds)
  }
  return passed
}

/** Reads a boolean as RFC 8941 writes it. */
function readBoolean(text: string | undefined): boolean | undefined {
  return text === '?1' ? true : text === '?0' ? false : undefined
}
