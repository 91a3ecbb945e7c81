import { illegalArgument } from '../../core/errors'
import type { Writer } from '../writer'
import { delimitedLines } from './delimited'

/**
 * A Markdown table. It has a header line and a line below it, because no reader takes lines without those for a table.
 *
 * Nothing that a cell holds ends the cell or the row: bars and backslashes get a backslash, and a line break becomes
 * `<br>`.
 */
export const mdWriter: Writer = (query, { dropNullColumns, header }) => {
  if (!header) {
    throw illegalArgument(
      '[header=absent] is not supported for the [md] format; markdown tables require a header row',
    )
  }
  // There is no table without columns.
  if (query.isRunning) return []
  return delimitedLines(query, dropNullColumns, {
    lineStart: '| ',
    delimiter: ' | ',
    lineEnd: ' |\n',
    header,
    rule: '---',
    escapeCell,
  })
}

function escapeCell(text: string): string {
  if (!/[\\|\r\n]/.test(text)) return text
  return text.replace(/[\\|]/g, '\\$&').replace(/\r\n|\r|\n/g, '<br>')
}
