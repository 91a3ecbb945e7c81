import { tableFromIPC } from 'apache-arrow'
import { decode as decodeCbor } from 'cbor-x'

/** The formats that clients ask for, and how often. */
export const FORMATS = { json: 10, csv: 3, tsv: 1, cbor: 2, arrow: 2, smile: 1, yaml: 1, txt: 1 }

/**
 * What an answer says: its rows as `[mark, n]`, and `is_running`, `is_partial` and `id` if the format tells. Formats
 * without a decoder here give no rows: clients only look for marks in them.
 */
export function decode(format, body) {
  return DECODERS[format]?.(body) ?? {}
}

const DECODERS = {
  json: (body) => fromDocument(JSON.parse(body)),
  cbor: (body) => fromDocument(decodeCbor(body)),
  csv: (body) => fromLines(body, '\r\n', ','),
  tsv: (body) => fromLines(body, '\n', '\t'),
  arrow(body) {
    const table = tableFromIPC(body)
    const [marks, numbers] = [table.getChild('mark'), table.getChild('n')]
    return { rows: Array.from({ length: table.numRows }, (_, at) => [marks?.get(at), numbers?.get(at)]) }
  },
}

function fromDocument({ id, is_running: isRunning, is_partial: isPartial, values }) {
  return { id, isRunning, isPartial, rows: values.map(([mark, n]) => [mark, n]) }
}

function fromLines(body, lineEnd, delimiter) {
  const [, ...lines] = body.toString().split(lineEnd)
  return {
    rows: lines
      .filter((line) => line !== '')
      .map((line) => {
        const [mark, n] = line.split(delimiter)
        return [mark, Number(n)]
      }),
  }
}
