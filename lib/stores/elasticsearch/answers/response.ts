import type { IncomingHttpHeaders } from 'node:http'
import type { Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream'
import { createBrotliDecompress, createUnzip } from 'node:zlib'
import { WITHOUT_PRODUCT } from '../../../core/errors'
import { isObject } from '../../../core/is-object'
import { objectFormatOf } from '../../../formats/formats'
import { UnusableAnswerError } from '../outage'

/** An answer of the cluster whose head has arrived. The body may still break. */
export interface UpstreamResponse {
  status: number
  /** Names in lower case. */
  headers: IncomingHttpHeaders
  body: Readable
}

/**
 * Whether Elasticsearch itself has written an answer, and not a server in between. Its own product header says so. Where
 * Elasticsearch leaves the header out, its error envelope does, with the same status. `bytes`: the body of an error.
 */
export function isOfElasticsearch({ status, headers }: UpstreamResponse, bytes?: Buffer): boolean {
  if (status >= 300 && status < 400) return false
  if (singleHeader(headers['x-elastic-product']) === 'Elasticsearch') return true
  if (!bytes || !WITHOUT_PRODUCT.includes(status)) return false
  const format = objectFormatOf(headers['content-type'])
  return format === 'json' ? isEnvelope(bytes, status) : format !== undefined && bytes.includes('root_cause')
}

/** Plain texts in `error` do not count, because common frameworks write those too. */
function isEnvelope(bytes: Buffer, status: number): boolean {
  try {
    const body: unknown = JSON.parse(bytes.toString())
    if (!isObject(body) || body.status !== status || !isObject(body.error)) return false
    return typeof body.error.type === 'string' && Array.isArray(body.error.root_cause)
  } catch {
    return false
  }
}

const DECODERS: ReadonlyMap<string, () => Transform> = new Map([
  ['gzip', createUnzip],
  ['x-gzip', createUnzip],
  ['deflate', createUnzip],
  ['br', createBrotliDecompress],
])

/** The answer with its body decompressed. The store asks for no compression, but some proxies compress all the same. */
export function decompressed(response: UpstreamResponse): UpstreamResponse {
  const { 'content-encoding': encoding = '', ...headers } = response.headers
  const decoder = DECODERS.get(encoding.trim().toLowerCase())
  if (!decoder) return response
  // An error of the body becomes one of the returned stream, and destroying that destroys the body.
  return { ...response, headers, body: pipeline(response.body, decoder(), () => {}) }
}

/** Throws for a body that is still compressed, because nobody could find an id in it. */
export function assertReadable({ headers }: UpstreamResponse): void {
  const { 'content-encoding': encoding = 'identity' } = headers
  if (encoding.trim().toLowerCase() !== 'identity') {
    throw new UnusableAnswerError('the cluster compresses its answer without being asked to')
  }
}

export function singleHeader(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value
}
