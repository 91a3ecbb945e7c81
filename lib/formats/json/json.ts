import { writeDocument } from '../document/document'
import { filtered } from '../document/filter-path'
import type { Writer } from '../writer'
import { JsonSink } from './json-sink'
import { writeJsonValues } from './json-values'

/** JSON as Elasticsearch writes it. */
export const jsonWriter: Writer = (query, presentation) => {
  const { pretty, filterPath } = presentation
  const json = new JsonSink({ pretty })
  const sink = filtered(json, filterPath)
  // A batch of cells can be neither indented nor filtered.
  if (pretty || sink !== json) return writeDocument(query, presentation, sink)
  return writeDocument(query, presentation, json, (_, table) => writeJsonValues(json, table))
}
