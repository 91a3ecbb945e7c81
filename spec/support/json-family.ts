import { decode as decodeCbor } from 'cbor-x'
import { parse as parseSmile } from 'smile-js'
import { parse as parseYaml } from 'yaml'
import type { ColumnType, Value } from '../../lib/core/result'
import { cborWriter } from '../../lib/formats/binary/cbor'
import { smileWriter } from '../../lib/formats/binary/smile'
import type { ObjectFormat } from '../../lib/formats/formats'
import { OBJECT_FORMATS } from '../../lib/formats/formats'
import { jsonWriter } from '../../lib/formats/json/json'
import type { Piece, Presentation, Writer } from '../../lib/formats/writer'
import { yamlWriter } from '../../lib/formats/yaml/yaml'
import { chunksOf, completed, plain, textOf } from './tables'

export function bytesOf(pieces: Iterable<Piece>): Buffer {
  return Buffer.concat(chunksOf(pieces).map((chunk) => Buffer.from(chunk)))
}

type WriterAndDecoder = readonly [writer: Writer, decode: (bytes: Buffer) => unknown]

/** With independent decoders that keep every digit of an integer. */
const FAMILY: Readonly<Record<ObjectFormat, WriterAndDecoder>> = {
  json: [jsonWriter, (bytes) => parseJson(bytes.toString())],
  yaml: [yamlWriter, (bytes) => parseYaml(bytes.toString(), { intAsBigInt: true })],
  cbor: [cborWriter, decodeCbor],
  smile: [smileWriter, parseSmile],
}

/** Independent decoders, with numbers in place of bigint. */
export const decoders: Readonly<Record<ObjectFormat, (bytes: Buffer) => unknown>> = {
  json: (bytes) => JSON.parse(bytes.toString()),
  yaml: (bytes) => parseYaml(bytes.toString()),
  cbor: (bytes) => JSON.parse(JSON.stringify(decodeCbor(bytes), numbers)),
  smile: (bytes) => JSON.parse(JSON.stringify(parseSmile(bytes), numbers)),
}

function numbers(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? Number(value) : value
}

/** The formats of the JSON family, each with its writer and an independent decoder. */
export const family = OBJECT_FORMATS.map((format) => [format, ...FAMILY[format]] as const)

/** The values of one column, written as JSON. */
export function jsonCells(
  type: ColumnType,
  cells: readonly Value[],
  { timeZone, ...presentation }: Partial<Presentation> & { timeZone?: string } = {},
): string {
  const query = {
    ...completed({ columns: [{ name: 'c', type }], values: cells.map((cell) => [cell]) }),
    ...(timeZone !== undefined && { timeZone }),
    columnar: true,
  }
  return textOf(jsonWriter(query, { ...plain, filterPath: 'values', ...presentation }))
    .replace(/^\{.*"values":\[\[/s, '')
    .replace(/\]\]\}$/, '')
}

/**
 * What decoders do not agree on: integers are bigints only where they have to be, and what is no number in text
 * is a word everywhere.
 */
export function normalized(value: unknown): unknown {
  if (typeof value === 'bigint') {
    return BigInt(Number(value)) === value && Number.isSafeInteger(Number(value)) ? Number(value) : value
  }
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value)
  if (Array.isArray(value)) return value.map(normalized)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, normalized(member)]))
}

/** Objects as lists of their entries, for comparisons in which the order of keys matters. */
export function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder)
  if (typeof value !== 'object' || value === null) return value
  return { entries: Object.entries(value).map(([key, member]) => [key, inOrder(member)]) }
}

function parseJson(text: string): unknown {
  const marked = text.replace(/"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g, (token) =>
    /^-?\d{16,}$/.test(token) ? `{"bigint":"${token}"}` : token,
  )
  return JSON.parse(marked, (_, value) => (typeof value?.bigint === 'string' ? BigInt(value.bigint) : value))
}
