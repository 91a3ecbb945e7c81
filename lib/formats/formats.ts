import { loadArrowWriter } from './arrow/arrow'
import { cborWriter } from './binary/cbor'
import { smileWriter } from './binary/smile'
import { jsonWriter } from './json/json'
import { csvWriter } from './text/csv'
import { tsvWriter } from './text/tsv'
import { txtWriter } from './text/txt'
import type { Format, Writer } from './writer'
import { yamlWriter } from './yaml/yaml'

export { writeObject } from './object'

const WRITERS: Readonly<Record<Format, () => Writer | Promise<Writer>>> = {
  json: () => jsonWriter,
  yaml: () => yamlWriter,
  cbor: () => cborWriter,
  smile: () => smileWriter,
  csv: () => csvWriter,
  tsv: () => tsvWriter,
  txt: () => txtWriter,
  arrow: loadArrowWriter,
}

/** The writer of a format. */
export function writerFor(format: Format): Writer | Promise<Writer> {
  return WRITERS[format]()
}
