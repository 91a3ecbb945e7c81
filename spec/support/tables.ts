import type { QueryResult, StoredResult, Value } from '../../lib/core/result'
import { isRows } from '../../lib/core/result'
import type { CompletedQuery } from '../../lib/core/store'
import { admitColumns, rowAdmission } from '../../lib/formats/admission'
import type { Chunk, Piece, Presentation } from '../../lib/formats/writer'

/** The presentation for a client that asks for nothing special. */
export const plain: Presentation = { dropNullColumns: false, pretty: false, human: false, header: true }

/** A finished query with a result that has come in. */
export function completed(result: StoredResult): CompletedQuery {
  return { isRunning: false, isPartial: false, result: admitted(result) }
}

/** A result in the form that writers get. Keeps the objects of a result that is frozen: it has this form. */
export function admitted(result: StoredResult): StoredResult {
  const { values } = result
  if (result.isFrozen || !isRows(values)) return result
  const columns = admitColumns(result.columns)
  return { ...result, columns, values: values.map(rowAdmission(columns)) }
}

/** Rows under the keyword columns `c0`, `c1` …, as many as the first row has cells. */
export function tableOf(...values: readonly (readonly Value[])[]): QueryResult {
  const columns = (values[0] ?? []).map((_, index) => ({ name: `c${index}`, type: 'keyword' as const }))
  return { columns, values }
}

/** What a writer gives for rows in memory: no promise. */
export function chunksOf(pieces: Iterable<Piece>): Chunk[] {
  return Array.from(pieces, (piece) => {
    if (piece instanceof Promise) throw new TypeError('A writer asks for a batch of rows that are in memory')
    return piece
  })
}

export function textOf(pieces: Iterable<Piece>): string {
  return chunksOf(pieces)
    .map((chunk) => (typeof chunk === 'string' ? chunk : Buffer.from(chunk)))
    .join('')
}
