import { batchesOf, isRows } from '../../core/result'
import type { AsyncQuery, CompletedQuery } from '../../core/store'
import { cellText } from '../columns'
import type { ShownColumn } from '../drop-null-columns'
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
export function* delimitedLines(query: AsyncQuery, dropNullColumns: boolean, format: LineFormat): Writing {
  if (query.isRunning) {
    if (format.header) yield format.lineEnd
    return
  }
  const shown = yield* shownColumns(query.result, dropNullColumns)
  if (format.rule !== undefined && shown.length === 0) return
  const names = shown.map(({ column }) => column.name)
  yield* linesBelow(headLines(names, format), query, shown, format)
}

function headLines(
  names: readonly string[],
  { lineStart = '', delimiter, lineEnd, header, rule, escapeCell }: LineFormat,
): string {
  const lineOf = (cells: readonly string[]): string => lineStart + cells.join(delimiter) + lineEnd
  const head = header ? lineOf(names.map(escapeCell)) : ''
  return rule === undefined ? head : head + lineOf(names.map(() => rule))
}

function* linesBelow(
  head: string,
  { result, timeZone = 'UTC' }: CompletedQuery,
  shown: readonly ShownColumn[],
  { lineStart = '', delimiter, lineEnd, escapeCell }: LineFormat,
): Writing {
  const columns = shown.map(({ index, column }) => ({ index, text: cellText(column.type, timeZone, '') }))
  let chunk = head
  for (const batch of batchesOf(result.values)) {
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
