import type { ValueObject } from '../core/result'
import { loadArrowWriter } from './arrow/arrow'
import { CborSink, cborWriter } from './binary/cbor'
import { SmileSink, smileWriter } from './binary/smile'
import { normalTree } from './cells/trees'
import { filtered } from './document/filter-path'
import { writeItems } from './document/items'
import type { TokenSink } from './document/token-sink'
import { writeTree } from './document/tree'
import { jsonWriter } from './json/json'
import { JsonSink } from './json/json-sink'
import { csvWriter } from './text/csv'
import { mdWriter } from './text/md'
import { tsvWriter } from './text/tsv'
import { txtWriter } from './text/txt'
import type { Chunk, Writer } from './writer'
import { YamlSink, yamlWriter } from './yaml/yaml'

/** The formats that can hold any object. Errors are written in no other. */
export const OBJECT_FORMATS = ['json', 'yaml', 'cbor', 'smile'] as const

/** The formats of text that hold a table and nothing else, in the order that Elasticsearch lists them in. */
export const TEXT_FORMATS = ['txt', 'csv', 'tsv', 'md'] as const

/** The formats an answer can be written in. */
export const FORMATS = [...OBJECT_FORMATS, ...TEXT_FORMATS, 'arrow'] as const

export type ObjectFormat = (typeof OBJECT_FORMATS)[number]

export type Format = (typeof FORMATS)[number]

interface FormatEntry<Kind extends string> {
  kind: Kind
  /**
   * What the `format` parameter calls it, in lower case, and for each such name what the headers of a request call
   * it. The first of these media types labels the answer.
   */
  mediaTypes: Readonly<Record<string, readonly [mediaType: string, ...aliases: string[]]>>
  /** The label of the answer, where that is another one. */
  label?: string
  /** The label of an answer without a header line. Left out: the format has no such answers. */
  labelWithoutHeader?: string
  /** The writer refuses to leave out the header line. Left out: such a request is not heard. */
  needsHeader?: true
  writer: () => Writer | Promise<Writer>
}

type FormatTable = Readonly<
  Record<ObjectFormat, FormatEntry<'object'> & { sink: (options: { pretty: boolean }) => TokenSink }> &
    Record<(typeof TEXT_FORMATS)[number], FormatEntry<'text'>> &
    Record<'arrow', FormatEntry<'arrow'>>
>

/** Everything that differs from format to format. */
export const FORMAT_TABLE: FormatTable = {
  json: {
    kind: 'object',
    mediaTypes: {
      json: ['application/json', 'application/x-ndjson', 'application/*'],
      vnd_json: ['application/vnd.elasticsearch+json', 'application/vnd.elasticsearch+x-ndjson'],
    },
    writer: () => jsonWriter,
    sink: (options) => new JsonSink(options),
  },
  yaml: {
    kind: 'object',
    mediaTypes: { yaml: ['application/yaml'], vnd_yaml: ['application/vnd.elasticsearch+yaml'] },
    writer: () => yamlWriter,
    sink: () => new YamlSink(),
  },
  cbor: {
    kind: 'object',
    mediaTypes: { cbor: ['application/cbor'], vnd_cbor: ['application/vnd.elasticsearch+cbor'] },
    writer: () => cborWriter,
    sink: () => new CborSink(),
  },
  smile: {
    kind: 'object',
    mediaTypes: { smile: ['application/smile'], vnd_smile: ['application/vnd.elasticsearch+smile'] },
    writer: () => smileWriter,
    sink: () => new SmileSink(),
  },
  txt: {
    kind: 'text',
    mediaTypes: { txt: ['text/plain', 'text/vnd.elasticsearch+plain'] },
    writer: () => txtWriter,
  },
  csv: {
    kind: 'text',
    mediaTypes: { csv: ['text/csv', 'text/vnd.elasticsearch+csv'] },
    label: 'text/csv; charset=utf-8; header=present',
    labelWithoutHeader: 'text/csv; charset=utf-8; header=absent',
    writer: () => csvWriter,
  },
  tsv: {
    kind: 'text',
    mediaTypes: {
      tsv: ['text/tab-separated-values', 'text/vnd.elasticsearch+tab-separated-values'],
    },
    label: 'text/tab-separated-values; charset=utf-8',
    writer: () => tsvWriter,
  },
  md: {
    kind: 'text',
    mediaTypes: { md: ['text/markdown'] },
    label: 'text/markdown; charset=utf-8',
    needsHeader: true,
    writer: () => mdWriter,
  },
  arrow: {
    kind: 'arrow',
    mediaTypes: {
      arrow: ['application/vnd.apache.arrow.stream', 'application/vnd.elasticsearch+arrow+stream'],
    },
    writer: loadArrowWriter,
  },
}

const BY_LABEL: ReadonlyMap<string, Format> = new Map(
  FORMATS.flatMap((format) =>
    Object.values(FORMAT_TABLE[format].mediaTypes).map(([label]) => [label, format] as const),
  ),
)

/** The format that the Content-Type of an answer names. */
export function formatOf(contentType: string | undefined): Format | undefined {
  const [mediaType = ''] = (contentType ?? '').toLowerCase().split(';', 1)
  return BY_LABEL.get(mediaType.trim())
}

/** The format that the Content-Type of an answer names, if it is one of objects. */
export function objectFormatOf(contentType: string | undefined): ObjectFormat | undefined {
  const format = formatOf(contentType)
  return OBJECT_FORMATS.find((name) => name === format)
}

export function writerFor(format: Format): Writer | Promise<Writer> {
  return FORMAT_TABLE[format].writer()
}

/** How to write a body that is not a query. */
export interface ObjectStyle {
  pretty?: boolean
  filterPath?: string | undefined
}

/** A small body in one piece: an error, an acknowledgement. */
export function writeObject(
  format: ObjectFormat,
  value: ValueObject,
  { pretty = false, filterPath }: ObjectStyle = {},
): Chunk {
  const sink = FORMAT_TABLE[format].sink({ pretty })
  writeTree(filtered(sink, filterPath), normalTree(value))
  return sink.take()
}

/** An object of any size, in chunks. */
export function objectChunks(
  format: ObjectFormat,
  body: ValueObject,
  { pretty = false, filterPath }: ObjectStyle,
): Iterable<Chunk> {
  return writeItems(filtered(FORMAT_TABLE[format].sink({ pretty }), filterPath), body)
}
