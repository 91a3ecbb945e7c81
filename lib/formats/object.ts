import type { ValueObject } from '../core/result'
import { CborSink } from './binary/cbor'
import { SmileSink } from './binary/smile'
import { filtered } from './document/filter-path'
import type { Chunk, TokenSink } from './document/token-sink'
import { writeTree } from './document/tree'
import { JsonSink } from './json/json-sink'
import type { Format } from './writer'
import { YamlSink } from './yaml/yaml'

/** The formats that can hold any object. */
export type ObjectFormat = Extract<Format, 'json' | 'yaml' | 'cbor' | 'smile'>

const SINKS: Readonly<Record<ObjectFormat, (options: { pretty: boolean }) => TokenSink>> = {
  json: (options) => new JsonSink(options),
  yaml: () => new YamlSink(),
  cbor: () => new CborSink(),
  smile: () => new SmileSink(),
}

/** A small body in one piece: an error, an acknowledgement. */
export function writeObject(
  format: ObjectFormat,
  value: ValueObject,
  { pretty = false, filterPath }: { pretty?: boolean; filterPath?: string | undefined } = {},
): Chunk {
  const sink = SINKS[format]({ pretty })
  writeTree(filtered(sink, filterPath), value)
  return sink.take()
}
