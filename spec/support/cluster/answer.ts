import { once } from 'node:events'
import type { OutgoingHttpHeaders, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { createGzip } from 'node:zlib'
import type { Fault } from './faults'
import type { RecordedRequest } from './recorded-request'

/** The answer to send. */
export interface Answer {
  status: number
  headers: OutgoingHttpHeaders
  /** A whole body has a length. Chunks have none. */
  body: string | Buffer | Iterable<string | Uint8Array>
}

/** Sends an answer, compressed on request, and applies a fault to it. */
export async function sendAnswer(
  answer: Answer,
  record: RecordedRequest,
  response: ServerResponse,
  fault?: Fault,
): Promise<void> {
  const { status } = answer
  const { body, headers } = fault?.kind === 'replace' ? replaced(answer, fault) : answer
  response.statusCode = record.status = status
  for (const [name, value] of Object.entries(headers))
    if (value !== undefined) response.setHeader(name, value)
  const isWhole = typeof body === 'string' || Buffer.isBuffer(body)
  const isCompressed = /\bgzip\b/.test(String(record.headers['accept-encoding'] ?? ''))
  if (isCompressed) response.setHeader('content-encoding', 'gzip')
  else if (isWhole) response.setHeader('content-length', Buffer.byteLength(body))
  const chunks = isWhole ? [body] : body
  const bytes = isCompressed ? Readable.from(chunks).pipe(createGzip({ level: 3 })) : chunks
  for await (const chunk of bytes) {
    if (!(await sendChunk(Buffer.from(chunk as Buffer), record, response, fault))) return
  }
  response.end()
}

function replaced(
  answer: Answer,
  { body = (served) => served, headers }: Extract<Fault, { kind: 'replace' }>,
): Pick<Answer, 'body' | 'headers'> {
  const isWhole = typeof answer.body === 'string' || Buffer.isBuffer(answer.body)
  const served = [...(isWhole ? [answer.body] : answer.body)].map((chunk) => Buffer.from(chunk as Buffer))
  const kept = Object.entries(answer.headers).map(([name, value]) => [name.toLowerCase(), value] as const)
  return {
    body: typeof body === 'function' ? body(Buffer.concat(served)) : body,
    headers: { ...Object.fromEntries(kept), ...headers },
  }
}

/** `false` if the client has left. */
async function sendChunk(
  chunk: Buffer,
  record: RecordedRequest,
  response: ServerResponse,
  fault: Fault | undefined,
): Promise<boolean> {
  const isLimited = fault?.kind === 'cut' || fault?.kind === 'stall'
  const left = isLimited ? fault.afterBytes - record.bodyBytesSent : Number.POSITIVE_INFINITY
  if (!isLimited || left < 0 || chunk.length < left) return write(chunk, record, response)
  await write(chunk.subarray(0, left), record, response)
  if (fault.kind === 'cut') {
    // Written bytes still go out. The response hands them to the socket in this turn.
    await nextTurn()
    response.socket?.destroySoon()
    return false
  }
  await Promise.race([fault.until, aborted(record.closed)])
  return write(chunk.subarray(left), record, response)
}

async function write(chunk: Buffer, record: RecordedRequest, response: ServerResponse): Promise<boolean> {
  if (record.closed.aborted) return false
  record.bodyBytesSent += chunk.length
  if (chunk.length === 0) {
    response.flushHeaders()
    return true
  }
  if (!response.write(chunk)) await once(response, 'drain', { signal: record.closed }).catch(() => {})
  return !record.closed.aborted
}

export async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort')
}
