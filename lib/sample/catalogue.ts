import path from 'node:path'
import type { CatalogueEntry } from '../catalogue/entry'
import { play } from '../catalogue/play'
import { readCatalogue } from '../catalogue/read-catalogue'
import { MANY_ROWS, ROW_OF_PARAMS } from './computed-queries'
import { cutQueries } from './cut-queries'
import type { SampleQuery } from './engine'

/** The same from `lib/` and from the compiled package. */
const DEFAULT_FILE = path.join(__dirname, '..', '..', 'sample-queries.json')

/** The queries of a server, and the files that they stand in. */
export interface SampleCatalogue {
  readonly queries: readonly SampleQuery[]
  readonly files: readonly string[]
}

/** The sample queries of this package: those of its file, and some whose answers depend on the request. */
export function readDefaultCatalogue(): SampleQuery[] {
  const samples = [...readSampleCatalogue(DEFAULT_FILE).queries, MANY_ROWS, ROW_OF_PARAMS]
  return [...samples, cutQueries(samples)]
}

/** Reads the file of a catalogue. Throws an error that names the file, the place, and what is wrong there. */
export function readSampleCatalogue(file: string): SampleCatalogue {
  const { entries, files } = readCatalogue(file)
  return { queries: entries.map(toSampleQuery), files }
}

export function toSampleQuery(entry: CatalogueEntry): SampleQuery {
  const { usage, shows, matcher, keepAliveMs } = entry
  let times = -1
  return {
    usage,
    shows,
    params: matcher.params === 'any' || matcher.params.written === '[]' ? undefined : matcher.params.written,
    matcher,
    keepAliveMs,
    answer(_, run) {
      times += 1
      return play(entry, times, run)
    },
  }
}
