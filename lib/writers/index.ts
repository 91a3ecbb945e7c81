import { loadArrowWriter } from './arrow'
import { cborWriter } from './cbor'
import { csvWriter } from './csv'
import { jsonWriter } from './json'
import { smileWriter } from './smile'
import { tsvWriter } from './tsv'
import { txtWriter } from './txt'
import type { Format, Writer } from './writer'
import { yamlWriter } from './yaml'

export { writeObject } from './plain-object'

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
