import type { Writer } from '../writer'
import { parseDelimiter } from './csv-delimiter'
import { delimitedLines } from './delimited'

/** RFC 4180 text as Elasticsearch writes it: quotes only where a reader needs them, CRLF after every line. */
export const csvWriter: Writer = (query, { dropNullColumns, delimiter: parameter, header }) => {
  const delimiter = parseDelimiter(parameter)
  return delimitedLines(query, dropNullColumns, {
    delimiter,
    lineEnd: '\r\n',
    header,
    escapeCell: quotingFor(delimiter),
  })
}

function quotingFor(delimiter: string): (text: string) => string {
  const special = new RegExp(`["\\r\\n${delimiter.replace(/[\\\]^-]/, '\\$&')}]`)
  return (text) => (special.test(text) ? `"${text.replaceAll('"', '""')}"` : text)
}
