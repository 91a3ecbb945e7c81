import { batchesOf, isRows } from '../../core/result'
import type { AsyncQuery } from '../../core/store'
import { cellText } from '../columns'
import { shownColumns } from '../drop-null-columns'
import type { Writing } from '../writer'
import { CHUNK_LENGTH } from '../writer'

export interface LineFormat {
  lineStart?: string
  delimiter: string
  lineEnd: string
  header: boolean
  /** The cell of a line below the header. Left out: there is no such line, and a table may have no columns. */
  rule?: string
  /** Quotes or escapes a name or a cell where a line needs it. */
  escapeCell: (text: string) => string
}

/** One line per row, in chunks. A running query has no columns: all it can show is the end of the header line. */
export function* delimitedLines(
  query: AsyncQuery,
  dropNullColumns: boolean,
  { lineStart = '', delimiter, lineEnd, header, rule, escapeCell }: LineFormat,
): Writing {
  if (query.isRunning) {
    if (header) yield lineEnd
    return
  }
  const shown = yield* shownColumns(query.result, dropNullColumns)
  const columns = shown.map(({ index, column }) => {
    return { index, text: cellText(column.type, query.timeZone ?? 'UTC', '') }
  })
  if (rule !== undefined && shown.length === 0) return
  const lineOf = (cells: readonly string[]): string => lineStart + cells.join(delimiter) + lineEnd
  let chunk = header ? lineOf(shown.map(({ column }) => escapeCell(column.name))) : ''
  if (rule !== undefined) chunk += lineOf(shown.map(() => rule))
  for (const batch of batchesOf(query.result.values)) {
    for (const row of isRows(batch) ? batch : yield batch) {
      if (chunk.length >= CHUNK_LENGTH) {
        yield chunk
        chunk = ''
      }
      let separator = lineStart
      for (const { index, text } of columns) {
        chunk += separator
        chunk += escapeCell(text(row[index]))
        separator = delimiter
      }
      chunk += lineEnd
    }
  }
  if (chunk !== '') yield chunk
}
