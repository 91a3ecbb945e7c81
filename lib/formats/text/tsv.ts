import type { Writer } from '../writer'
import { delimitedLines } from './delimited'

/**
 * Tab-separated text as Elasticsearch writes it: line feeds and tabs are escaped, and nothing else is, so that a
 * backslash in a value cannot be told from one that escapes. There is always a header line.
 */
export const tsvWriter: Writer = (query, { dropNullColumns }) =>
  delimitedLines(query, dropNullColumns, { delimiter: '\t', lineEnd: '\n', header: true, escapeCell })

function escapeCell(text: string): string {
  return /[\n\t]/.test(text) ? text.replaceAll('\n', '\\n').replaceAll('\t', '\\t') : text
}
