import { readFileSync } from 'node:fs'
import path from 'node:path'
import { parseCatalogue } from './catalogue'
import { MANY_ROWS } from './many'
import { ROW_OF_PARAMS } from './params'
import type { SampleQuery } from './sample-query'

/** The same from `lib/` and from the compiled package. */
const FILE = path.join(__dirname, '..', '..', 'sample-queries.json')

/** The sample queries of this package: those of its file, and two whose answers depend on the request. */
export function readDefaultCatalogue(): SampleQuery[] {
  return [...parseCatalogue(readFileSync(FILE, 'utf8')), MANY_ROWS, ROW_OF_PARAMS]
}
