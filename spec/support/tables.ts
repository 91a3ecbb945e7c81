import type { QueryResult, Value } from '../../lib/core/result'
import type { CompletedQuery } from '../../lib/core/store'
import type { Presentation } from '../../lib/formats/writer'

/** The presentation for a client that asks for nothing special. */
export const plain: Presentation = { dropNullColumns: false, pretty: false, human: false, header: true }

export function completed(result: QueryResult): CompletedQuery {
  return { isRunning: false, isPartial: false, result }
}

/** Rows under the keyword columns `c0`, `c1` …, as many as the first row has cells. */
export function tableOf(...values: readonly (readonly Value[])[]): QueryResult {
  const columns = (values[0] ?? []).map((_, index) => ({ name: `c${index}`, type: 'keyword' as const }))
  return { columns, values }
}

export function textOf(chunks: Iterable<string | Uint8Array>): string {
  return [...chunks].map((chunk) => (typeof chunk === 'string' ? chunk : Buffer.from(chunk))).join('')
}
