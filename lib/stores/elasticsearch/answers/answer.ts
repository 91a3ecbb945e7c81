import type { IncomingHttpHeaders } from 'node:http'
import type { Readable } from 'node:stream'
import { readHead, replaceId } from './answer-head'
import type { ObjectFormat } from './body-format'
import { objectFormatOf } from './body-format'
import { peek } from './peek'

/** An answer of the cluster, as far as it has come. The body may still break. */
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
  /** With the id that the client knows. */
  body: Readable | Buffer
  /** What the answer calls the query, in its headers or its body. */
  upstreamId: string | undefined
  /** `undefined` where nothing says so: a text format of a release that has no header for it. */
  isRunning: boolean | undefined
}

/** The header that Elasticsearch names the query in. */
export const ID_HEADER = 'x-elasticsearch-async-id'
const IS_RUNNING_HEADER = 'x-elasticsearch-async-is-running'

/** What of an answer's head means something to a client. The id goes another way. */
const PASSED_HEADERS = ['content-type', 'warning', 'took-nanos', 'x-elasticsearch-async-is-partial'] as const

/**
 * Reads as much of an answer as its id and its state take up, and puts `idOf` the cluster's id in its place. The rest
 * of the body stays where it is.
 */
export async function readAnswer(
  { status, headers, body }: UpstreamResponse,
  idOf: (upstreamId: string) => string,
): Promise<QueryAnswer> {
  const { 'content-encoding': encoding = 'identity' } = headers
  if (encoding !== 'identity') throw new Error('the cluster compresses its answer without being asked to')
  if (singleHeader(headers['x-elastic-product']) !== 'Elasticsearch') {
    throw new Error(`what answers ${status} is not Elasticsearch`)
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
    return replaceId(format, bytes, head, idOf(head.id.text))
  })
  return { ...answer, body: edited }
}

/** A small body that ends too early would pass for an answer, since nothing more of it is read here. */
function assertWhole(format: ObjectFormat, bytes: Buffer): void {
  if (bytes.length === 0) throw new Error('the answer of the cluster is empty')
  if (format === 'json' && !isJson(bytes.toString())) throw new Error('the answer of the cluster is no JSON')
}

/** What is thrown otherwise quotes the text, with the id in it. */
function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
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

/** As RFC 8941 writes it. */
function readBoolean(text: string | undefined): boolean | undefined {
  return text === '?1' ? true : text === '?0' ? false : undefined
}
