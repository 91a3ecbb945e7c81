import assert from 'node:assert/strict'
import { tableFromIPC } from 'apache-arrow'
import { Decoder } from 'cbor-x'
import { parse as parseCsv } from 'csv-parse/sync'
import { parse as parseSmile } from 'smile-js'
import { parse as parseYaml } from 'yaml'
import { COLUMNS } from './table.mjs'

const NAMES = COLUMNS.map(({ name }) => name)

const cbor = new Decoder({ int64AsNumber: true, mapsAsObjects: true })

/** Checks that bytes are the whole table in a format. The reader belongs to no contestant. */
export const assertWritten = {
  json: (bytes, rows) => assertDocument(JSON.parse(bytes), rows),
  yaml: (bytes, rows) => assertDocument(parseYaml(bytes.toString(), { maxAliasCount: -1 }), rows),
  cbor: (bytes, rows) => assertDocument(cbor.decode(bytes), rows),
  smile: (bytes, rows) => assertDocument(parseSmile(bytes), rows),
  csv: (bytes, rows) => assertLines(parseCsv(bytes), rows),
  tsv: (bytes, rows) => assertLines(parseEscaped(bytes.toString()), rows),
  /** TSV as CSV libraries write it. They quote what Elasticsearch escapes. */
  quotedTsv: (bytes, rows) => assertLines(parseCsv(bytes, { delimiter: '\t' }), rows),
  txt(bytes, rows) {
    const lines = bytes.toString().split('\n')
    assert.match(lines[0], /^ *@timestamp *\| *host *\|/)
    assert.ok(lines.length > rows.length + 2)
  },
  md(bytes, rows) {
    const lines = bytes.toString().trimEnd().split('\n')
    assert.match(lines[0], /^\| *@timestamp *\| *host *\|/)
    assert.equal(lines.length, rows.length + 2)
  },
  arrow(bytes, rows) {
    const table = tableFromIPC(bytes)
    assert.equal(table.numRows, rows.length)
    for (const name of ['message', 'load', 'cached']) {
      const column = table.getChild(name)
      assert.deepEqual(
        [...column],
        rows.map((row) => row[NAMES.indexOf(name)]),
      )
    }
  },
}

/** A cell as text formats show it. */
export function textOf(cell) {
  if (cell === null) return ''
  return Array.isArray(cell) ? `[${cell.join(', ')}]` : String(cell)
}

function assertDocument({ columns, values }, rows) {
  assert.deepEqual(columns, COLUMNS)
  assert.deepEqual(values, rows)
}

function assertLines(lines, rows) {
  assert.deepEqual(lines, [NAMES, ...rows.map((row) => row.map(textOf))])
}

function parseEscaped(text) {
  const unescaped = (cell) => cell.replaceAll('\\n', '\n').replaceAll('\\t', '\t')
  return text
    .trimEnd()
    .split('\n')
    .map((line) => line.split('\t').map(unescaped))
}
