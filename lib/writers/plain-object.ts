import type { ValueObject } from '../result'
import { CborSink } from './cbor'
import { JsonSink } from './json-sink'
import { SmileSink } from './smile'
import type { Chunk, TokenSink } from './token-sink'
import { writeTree } from './tree'
import type { Format } from './writer'
import { YamlSink } from './yaml'

/** The formats that can hold any object. */
export type ObjectFormat = Extract<Format, 'json' | 'yaml' | 'cbor' | 'smile'>

const SINKS: Readonly<Record<ObjectFormat, (options: { pretty: boolean }) => TokenSink>> = {
  json: (options) => new JsonSink(options),
  yaml: () => new YamlSink(),
  cbor: () => new CborSink(),
  smile: () => new SmileSink(),
}

/** A small body in one piece: an error, an acknowledgement. */
export function writeObject(format: ObjectFormat, value: ValueObject, { pretty = false } = {}): Chunk {
  const sink = SINKS[format]({ pretty })
  writeTree(sink, value)
  return sink.take()
}
