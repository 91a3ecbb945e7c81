import type { Writer } from '../writer'
import { delimitedLines } from './delimited'

/**
 * Tab-separated text as Elasticsearch writes it: it escapes line feeds and tabs and nothing else, so that readers
 * cannot tell a backslash in a value from one that escapes. There is always a header line.
 */
export const tsvWriter: Writer = (query, { dropNullColumns }) =>
  delimitedLines(query, dropNullColumns, { delimiter: '\t', lineEnd: '\n', header: true, escapeCell })

function escapeCell(text: string): string {
  return /[\n\t]/.test(text) ? text.replaceAll('\n', '\\n').replaceAll('\t', '\\t') : text
}
