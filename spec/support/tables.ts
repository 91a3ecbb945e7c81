import type { QueryResult, Value } from '../../lib/core/result'
import type { CompletedQuery } from '../../lib/core/store'
import { admitColumns, rowAdmission } from '../../lib/formats/admission'
import type { Presentation } from '../../lib/formats/writer'

/** The presentation for a client that asks for nothing special. */
export const plain: Presentation = { dropNullColumns: false, pretty: false, human: false, header: true }

/** A finished query with a result that has come in. */
export function completed(result: QueryResult): CompletedQuery {
  return { isRunning: false, isPartial: false, result: admitted(result) }
}

/** A result in the form that writers get. Keeps the objects of a result that is frozen: it has this form. */
export function admitted(result: QueryResult): QueryResult {
  if (result.isFrozen) return result
  const columns = admitColumns(result.columns)
  return { ...result, columns, values: result.values.map(rowAdmission(columns)) }
}

/** Rows under the keyword columns `c0`, `c1` …, as many as the first row has cells. */
export function tableOf(...values: readonly (readonly Value[])[]): QueryResult {
  const columns = (values[0] ?? []).map((_, index) => ({ name: `c${index}`, type: 'keyword' as const }))
  return { columns, values }
}

export function textOf(chunks: Iterable<string | Uint8Array>): string {
  return [...chunks].map((chunk) => (typeof chunk === 'string' ? chunk : Buffer.from(chunk))).join('')
}
