import { parseCatalogue } from '../../lib/catalogue/read-catalogue'
import { toSampleQuery } from '../../lib/sample/catalogue'
import type { SampleQuery } from '../../lib/sample/engine'

/** The queries of the text of a catalogue, or of its content. */
export function samplesOf(content: string | object): SampleQuery[] {
  return parseCatalogue(typeof content === 'string' ? content : JSON.stringify(content)).map(toSampleQuery)
}
