import type { StoredResult, Value } from '../../core/result'
import { batchesOf, isRows } from '../../core/result'
import type { CompletedQuery } from '../../core/store'
import { cellText } from '../columns'
import { shownColumns } from '../drop-null-columns'
import type { Writer, Writing } from '../writer'
import { CELLS_PER_TURN, CHUNK_LENGTH } from '../writer'

/** Elasticsearch makes no column narrower. */
const MIN_WIDTH = 15

interface TextColumn {
  index: number
  name: string
  text: (cell: Value | undefined) => string
  /** In UTF-16 units, as Java counts. */
  width: number
}

/**
 * A table for people: names centred, cells padded to the width of their column. A first pass over
 * all rows finds the widths, a second one writes: batches are read twice.
 */
export const txtWriter: Writer = (query, { dropNullColumns }) =>
  query.isRunning ? [] : tableLines(query, dropNullColumns)

function* tableLines({ result, timeZone = 'UTC' }: CompletedQuery, drop: boolean): Writing {
  const shown = yield* shownColumns(result, drop)
  const columns = shown.map(({ index, column: { name, type } }) => {
    return { index, name, text: cellText(type, timeZone, 'null'), width: Math.max(MIN_WIDTH, name.length) }
  })
  yield* widen(columns, result.values)

  let chunk = ''
  if (result.columns.length > 0) {
    chunk += line(columns, '|', centredName)
    chunk += line(columns, '+', ({ width }) => '-'.repeat(width))
  }
  for (const batch of batchesOf(result.values)) {
    for (const row of isRows(batch) ? batch : yield batch) {
      if (chunk.length >= CHUNK_LENGTH) {
        yield chunk
        chunk = ''
      }
      chunk += line(columns, '|', ({ index, text, width }) => text(row[index]).padEnd(width))
    }
  }
  if (chunk !== '') yield chunk
}

function* widen(columns: readonly TextColumn[], values: StoredResult['values']): Writing {
  let cells = 0
  for (const batch of batchesOf(values)) {
    for (const row of isRows(batch) ? batch : yield batch) {
      for (const column of columns) {
        column.width = Math.max(column.width, column.text(row[column.index]).length)
      }
      cells += columns.length
      if (cells < CELLS_PER_TURN) continue
      cells = 0
      yield ''
    }
  }
}

/** A dropped first column still leaves its separator behind: Elasticsearch writes one before every other column. */
function line(
  columns: readonly TextColumn[],
  separator: string,
  text: (column: TextColumn) => string,
): string {
  let cells = ''
  for (const column of columns) cells += column.index > 0 ? separator + text(column) : text(column)
  return `${cells}\n`
}

function centredName({ name, width }: TextColumn): string {
  const left = Math.floor((width - name.length) / 2)
  return (' '.repeat(left) + name).padEnd(width)
}
