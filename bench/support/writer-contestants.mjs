import {
  Bool,
  Field,
  Float64,
  Int32,
  Int64,
  List,
  Table,
  tableToIPC,
  Utf8,
  vectorFromArray,
} from 'apache-arrow'
import { encode } from 'cbor-x'
import { stringify as csvStringify } from 'csv-stringify/sync'
import { writeToBuffer as fastCsv } from 'fast-csv'
import Papa from 'papaparse'
import { stringify as yamlStringify } from 'yaml'
import { writerFor } from '../../dist/formats/formats.js'
import { COLUMNS } from './table.mjs'
import { textOf } from './written.mjs'

const NAMES = COLUMNS.map(({ name }) => name)

/** The `yaml` library would take minutes for the whole table. */
const YAML_ROWS = 1_000

/**
 * Who writes the table in each format. `prepare` gives the libraries the rows as they like them best, and no clock
 * runs then. `write` gives the pieces to send.
 */
export const WRITERS = {
  json: [
    ours('json'),
    { name: 'JSON.stringify', prepare: documentOf, write: (document) => [JSON.stringify(document)] },
  ],
  csv: [
    ours('csv'),
    csvLibrary('csv-stringify', (rows) => csvStringify(rows, { record_delimiter: 'windows', cast: BOOLEAN })),
    csvLibrary('papaparse', (rows) => Papa.unparse(rows)),
    csvLibrary('fast-csv', (rows) => fastCsv(rows, { rowDelimiter: '\r\n' })),
  ],
  tsv: [
    ours('tsv'),
    tsvLibrary('csv-stringify', (rows) => csvStringify(rows, { delimiter: '\t', cast: BOOLEAN })),
    tsvLibrary('papaparse', (rows) => Papa.unparse(rows, { delimiter: '\t', newline: '\n' })),
    tsvLibrary('fast-csv', (rows) => fastCsv(rows, { delimiter: '\t' })),
  ],
  yaml: [
    ours('yaml'),
    { name: 'yaml', rows: YAML_ROWS, prepare: documentOf, write: (document) => [yamlStringify(document)] },
  ],
  cbor: [ours('cbor'), { name: 'cbor-x', prepare: documentOf, write: (document) => [encode(document)] }],
  // No library writes SMILE.
  smile: [ours('smile'), { ...ours('cbor', 'our CBOR'), format: 'cbor' }],
  txt: [ours('txt')],
  arrow: [ours('arrow'), { name: 'apache-arrow', prepare: (rows) => rows, write: arrowTable }],
}

const BOOLEAN = { boolean: String }

export function ours(format, name = 'this package', find = writerFor) {
  return {
    name,
    prepare: async (rows) => ({ write: await find(format), query: completedQuery(rows) }),
    write: ({ write, query }) => write(query, PRESENTATION),
  }
}

const PRESENTATION = { dropNullColumns: false, pretty: false, human: false, header: true }

function completedQuery(values) {
  return {
    isRunning: false,
    id: 'FkpHOHIyWkdSUjJ1SzlRcGdVSHRQZ2cbdDlfQ0RfLVhRMi1EbFVWVGJrTE1QQTo0Mg==',
    startTimeMs: 1_700_000_000_000,
    expirationTimeMs: 1_700_432_000_000,
    tookNanos: 42_000_000,
    isPartial: false,
    result: { columns: COLUMNS, values },
  }
}

function documentOf(values) {
  return { is_running: false, took: 42, is_partial: false, columns: COLUMNS, values }
}

function csvLibrary(name, write) {
  return { name, prepare: withHeader, write: async (rows) => [await write(rows)] }
}

function tsvLibrary(name, write) {
  return { ...csvLibrary(name, write), format: 'quotedTsv' }
}

/** Libraries know no multi-values, so they get these as texts, for free. */
function withHeader(rows) {
  return [NAMES, ...rows.map((row) => row.map((cell) => (Array.isArray(cell) ? textOf(cell) : cell)))]
}

const ARROW_TYPES = {
  integer: new Int32(),
  long: new Int64(),
  double: new Float64(),
  boolean: new Bool(),
  tags: new List(new Field('item', new Utf8())),
}

function arrowTable(rows) {
  const vectors = COLUMNS.map(({ name, type }, index) => {
    const cells = rows.map((row) => arrowCell(name, type, row[index]))
    return [name, vectorFromArray(cells, ARROW_TYPES[name] ?? ARROW_TYPES[type] ?? new Utf8())]
  })
  return [tableToIPC(new Table(Object.fromEntries(vectors)), 'stream')]
}

function arrowCell(name, type, cell) {
  if (type === 'long') return BigInt(cell)
  return name === 'tags' && !Array.isArray(cell) ? [cell] : cell
}
