import type { AsyncQuery } from '../../core/store'
import { cellText } from '../columns'
import { shownColumns } from '../drop-null-columns'
import { CHUNK_LENGTH } from '../writer'

export interface LineFormat {
  /** Between the cells of a line. */
  delimiter: string
  lineEnd: string
  /** Whether the first line names the columns. */
  header: boolean
  /** A name or a cell as a line can hold it. */
  escapeCell: (text: string) => string
}

/** One line per row, in chunks. A running query has no columns: all it can show is the end of the header line. */
export function* delimitedLines(
  query: AsyncQuery,
  dropNullColumns: boolean,
  { delimiter, lineEnd, header, escapeCell }: LineFormat,
): Generator<string> {
  if (query.isRunning) {
    if (header) yield lineEnd
    return
  }
  const { columns, values } = query.result
  const shown = yield* shownColumns(query.result, dropNullColumns)
  const texts = columns.map(({ type }) => cellText(type, query.timeZone ?? 'UTC', ''))

  let chunk = header
    ? shown.map((index) => escapeCell(columns[index]?.name ?? '')).join(delimiter) + lineEnd
    : ''
  for (const row of values) {
    if (chunk.length >= CHUNK_LENGTH) {
      yield chunk
      chunk = ''
    }
    let separator = ''
    for (const index of shown) {
      chunk += separator
      chunk += escapeCell(texts[index]?.(row[index]) ?? '')
      separator = delimiter
    }
    chunk += lineEnd
  }
  if (chunk !== '') yield chunk
}
