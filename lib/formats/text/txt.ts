import type { CompletedQuery } from '../../core/store'
import { cellText } from '../columns'
import { shownColumns } from '../drop-null-columns'
import type { Writer } from '../writer'
import { CELLS_PER_TURN, CHUNK_LENGTH } from '../writer'

/** Elasticsearch makes no column narrower. */
const MIN_WIDTH = 15

type CellText = ReturnType<typeof cellText>

/**
 * A table for people: names centred, cells padded to the width of their column. Widths come from all rows, so
 * that rows are written in a second pass.
 */
export const txtWriter: Writer = (query, { dropNullColumns }) =>
  query.isRunning ? [] : tableLines(query, dropNullColumns)

function* tableLines({ result, timeZone = 'UTC' }: CompletedQuery, drop: boolean): Generator<string> {
  const { columns, values } = result
  const shown = yield* shownColumns(result, drop)
  const texts = columns.map(({ type }) => cellText(type, timeZone, 'null'))
  const widths = yield* columnWidths(result, shown, texts)

  let chunk = ''
  if (columns.length > 0) {
    chunk += line(shown, '|', (index) => centred(columns[index]?.name ?? '', widths[index] ?? 0))
    chunk += line(shown, '+', (index) => '-'.repeat(widths[index] ?? 0))
  }
  for (const row of values) {
    if (chunk.length >= CHUNK_LENGTH) {
      yield chunk
      chunk = ''
    }
    chunk += line(shown, '|', (index) => texts[index]?.(row[index]).padEnd(widths[index] ?? 0) ?? '')
  }
  if (chunk !== '') yield chunk
}

/** In UTF-16 units, as Java counts. */
function* columnWidths(
  { columns, values }: CompletedQuery['result'],
  shown: readonly number[],
  texts: readonly CellText[],
): Generator<'', number[]> {
  const widths = columns.map(({ name }) => Math.max(MIN_WIDTH, name.length))
  let cells = 0
  for (const row of values) {
    for (const index of shown) {
      widths[index] = Math.max(widths[index] ?? 0, texts[index]?.(row[index]).length ?? 0)
    }
    cells += shown.length
    if (cells < CELLS_PER_TURN) continue
    cells = 0
    yield ''
  }
  return widths
}

/** A dropped first column still leaves its separator behind: Elasticsearch writes one before every other column. */
function line(shown: readonly number[], separator: string, text: (index: number) => string): string {
  let cells = ''
  for (const index of shown) cells += index > 0 ? separator + text(index) : text(index)
  return `${cells}\n`
}

function centred(name: string, width: number): string {
  const left = Math.floor((width - name.length) / 2)
  return (' '.repeat(left) + name).padEnd(width)
}
