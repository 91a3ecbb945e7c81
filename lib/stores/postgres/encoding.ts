import { createHash } from 'node:crypto'
import type { Owner } from '../../core/caller'
import type { ErrorCause } from '../../core/errors'
import { QueryError } from '../../core/errors'
import type { Column, StoredResult, Value } from '../../core/result'
import { batchesOf } from '../../core/result'
import type { QueryRequest } from '../../core/store'
import type { Found } from '../../formats/found'
import { WrittenRows } from '../../formats/json/written-rows'
import { CHUNK_LENGTH, packChunk, unpackChunk } from '../batches/chunk'
import { exactJson, rowsOfExactJson } from '../batches/exact-json'
import { RowEncoder } from '../batches/row-encoder'
import type { KeptChunk } from '../execution/kept-rows'
import { KeptRows } from '../execution/kept-rows'

/** A result without its rows, and what a reader of its chunks has to know. */
export type Head = Omit<StoredResult, 'values' | 'isFrozen'> & { found: Found }

/** What the tables keep of a result. */
export interface EncodedResult {
  head: Uint8Array
  chunks: readonly KeptChunk[]
}

/** UTF-16, because UTF-8 writes all halves of characters alike. */
export function digestOf(text: string): Buffer {
  return createHash('sha256').update(text, 'utf16le').digest()
}

/** What finds a query. The length in front keeps the pairs `a`, `bc` and `ab`, `c` apart. */
export function queryKey(owner: string, id: string): Buffer {
  return createHash('sha256')
    .update(`${owner.length}:`)
    .update(owner, 'utf16le')
    .update(id, 'utf16le')
    .digest()
}

export async function encodeResult({ values, isFrozen, ...facts }: StoredResult): Promise<EncodedResult> {
  const { found, chunks } = await encodeValues(values, facts.columns)
  const head: Head = { ...facts, found }
  return { head: await packChunk(`[${exactJson([head as unknown as Value])}]`), chunks }
}

export async function decodeHead(bytes: Uint8Array): Promise<Head> {
  const [[head] = []] = await unpackChunk(bytes)
  return head as unknown as Head
}

async function encodeValues(
  values: StoredResult['values'],
  columns: readonly Column[],
): Promise<{ found: Found; chunks: readonly KeptChunk[] }> {
  if (values instanceof KeptRows) return { found: foundIn(values), chunks: values.chunks }
  const chunks: Uint8Array[] = []
  if (values instanceof WrittenRows) {
    for (const json of values.texts(CHUNK_LENGTH)) chunks.push(await packChunk(`[${json}]`, true))
    return { found: foundIn(values), chunks }
  }
  const encoder = new RowEncoder(columns, (chunk) => void chunks.push(chunk))
  for (const rows of batchesOf(values)) await encoder.add(await rows)
  await encoder.flush()
  return { found: encoder.found, chunks }
}

function foundIn({ rowCount, nullColumns, multiValuedColumns }: Found): Found {
  return { rowCount, nullColumns, multiValuedColumns }
}

/** All that a client sees of a failure, and its limit, which logs name. Its cause is for the log of this process. */
export function encodeFailure(error: QueryError): Buffer {
  const { type, reason, status, metadata, headers, causedBy, limit } = error
  // An engine may put more into the metadata than their type says.
  const failure = { type, reason, status, metadata, headers, causedBy, limit } as unknown as Value
  return Buffer.from(`[${exactJson([failure])}]`)
}

interface EncodedFailure {
  type: string
  reason: string
  status: number
  metadata: QueryError['metadata']
  headers: QueryError['headers']
  causedBy?: ErrorCause
  limit?: string
}

export function decodeFailure(bytes: Buffer): QueryError {
  const [[failure] = []] = rowsOfExactJson(bytes.toString())
  const { type, reason, ...options } = failure as unknown as EncodedFailure
  return new QueryError(type, reason, options)
}

/** What the tables keep of a submit while its query runs. */
export interface KeptRequest {
  request: QueryRequest
  /** Only where another process may have to run the query. */
  owner?: Owner
}

export function encodeRequest(kept: KeptRequest): Buffer {
  return Buffer.from(`[${exactJson([kept as unknown as Value])}]`)
}

export function decodeRequest(bytes: Buffer): KeptRequest {
  const [[kept] = []] = rowsOfExactJson(bytes.toString())
  return kept as unknown as KeptRequest
}
