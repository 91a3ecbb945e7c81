import { illegalArgument } from '../../core/errors'
import type { Writer } from '../writer'
import { delimitedLines } from './delimited'

/**
 * RFC 4180 text as Elasticsearch writes it: quotes only where a reader needs them, CRLF after every line. Written by
 * hand, because csv-stringify, papaparse and fast-csv take twice as long.
 */
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

const RESERVED: ReadonlySet<string> = new Set(['"', '\n', '\r'])

/**
 * The delimiter that the `delimiter` parameter names. Elasticsearch decodes the parameter once more than the
 * request line demands, so that `%2B` means a blank and `%252B` a plus.
 *
 * Throws `illegal_argument_exception` for what is not one character, or not one that can be used.
 */
function parseDelimiter(parameter: string | undefined): string {
  if (parameter === undefined) return ','
  const delimiter = urlDecoded(parameter)
  if (delimiter.length !== 1) {
    const kind = delimiter === '' ? 'empty' : 'multi-character'
    throw illegalArgument(`invalid ${kind} delimiter [${delimiter}]`)
  }
  if (RESERVED.has(delimiter)) {
    throw illegalArgument(`illegal reserved character specified as delimiter [${delimiter}]`)
  }
  if (delimiter === '\t') {
    throw illegalArgument(
      'illegal delimiter [TAB] specified as delimiter for the [csv] format; choose the [tsv] format instead',
    )
  }
  return delimiter
}

/** What Java's `URLDecoder` makes of a text, its errors included. */
function urlDecoded(text: string): string {
  return text.replaceAll('+', ' ').replace(/(?:%[0-9a-f]{2})+|%.{0,2}/gis, (escapes) => {
    if (!/^%[0-9a-f]{2}/i.test(escapes)) throw illegalArgument(decodingFault(escapes))
    // `Buffer` replaces what is no UTF-8, as Java does. `decodeURIComponent` would throw.
    return Buffer.from(escapes.replaceAll('%', ''), 'hex').toString('utf8')
  })
}

function decodingFault(escaped: string): string {
  if (escaped.length < 3) return 'URLDecoder: Incomplete trailing escape (%) pattern'
  const index = /^%[0-9a-f]/i.test(escaped) ? 1 : 0
  return `URLDecoder: Illegal hex characters in escape (%) pattern - Error at index ${index} in: "${escaped.slice(1)}"`
}
