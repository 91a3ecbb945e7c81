import type * as Arrow from 'apache-arrow'
import { illegalArgument } from '../../core/errors'
import type { Column, ColumnType, Value } from '../../core/result'
import type { Scalar } from '../cells/cell'
import { cellValue, isMany, plainText } from '../cells/cell'
import type { Instant } from '../cells/dates'
import { parseInstant } from '../cells/dates'
import { wktToWkb } from '../cells/wkb'
import type { ArrowModule, ArrowVector } from './arrow-vectors'
import {
  BooleanVector,
  BytesVector,
  FixedVector,
  ListVector,
  NullVector,
  StructVector,
} from './arrow-vectors'

/** How a column goes into an Arrow stream. */
export interface ArrowColumn {
  field: Arrow.Field
  vector: ArrowVector
  /** A cell as the vector takes it. Throws a `TypeError` for a cell that its type does not allow. */
  toArrow(cell: Value | undefined): unknown
}

interface Kind {
  type: Arrow.DataType
  vector(type: Arrow.DataType): ArrowVector
  toArrow(value: Scalar): unknown
}

/** Throws `illegal_argument_exception` for a type that Elasticsearch does not write. */
export function arrowColumn(arrow: ArrowModule, { name, type }: Column, isMultiValued: boolean): ArrowColumn {
  const kind = Object.hasOwn(KINDS, type) ? KINDS[type]?.(arrow) : REFUSED
  if (!kind) throw illegalArgument(`ES|QL type [${type}] is not supported by the Arrow format`)
  const { toArrow } = kind
  const metadata = new Map([['elastic:type', type]])
  const list = new arrow.List(new arrow.Field('$data$', kind.type, false, metadata))
  const vector = kind.vector(kind.type)
  return {
    field: new arrow.Field(name, isMultiValued ? list : kind.type, true, metadata),
    vector: isMultiValued ? new ListVector(arrow, list, vector) : vector,
    toArrow: (cell) => {
      const value = cellValue(cell)
      if (value === null) return null
      if (isMany(value)) return value.map(toArrow)
      return isMultiValued ? [toArrow(value)] : toArrow(value)
    },
  }
}

type KindIn = (arrow: ArrowModule) => Kind

const NULL: KindIn = (arrow) => ({
  type: new arrow.Null(),
  vector: (type) => new NullVector(arrow, type),
  toArrow: () => null,
})
const BOOLEAN: KindIn = (arrow) => ({
  type: new arrow.Bool(),
  vector: (type) => new BooleanVector(arrow, type),
  toArrow: (value) => value,
})
const INTEGER: KindIn = (arrow) => fixed(arrow, new arrow.Int32(), 0, (value) => value)
const LONG: KindIn = (arrow) => fixed(arrow, new arrow.Int64(), 0n, toBigInt)
// Releases of Elasticsearch that flip the first bit, as it is in their memory, have a fault: readers take it as it is.
const UNSIGNED_LONG: KindIn = (arrow) => fixed(arrow, new arrow.Uint64(), 0n, toBigInt)
const DOUBLE: KindIn = (arrow) => fixed(arrow, new arrow.Float64(), 0, (value) => value)
const TEXT: KindIn = (arrow) => bytes(arrow, new arrow.Utf8(), plainText)
const IP: KindIn = (arrow) => bytes(arrow, new arrow.Binary(), (value) => ipBytes(plainText(value)))
const SHAPE: KindIn = (arrow) => bytes(arrow, new arrow.Binary(), (value) => wktToWkb(plainText(value)))
const DATE: KindIn = (arrow) => fixed(arrow, new arrow.TimestampMillisecond(), 0n, epochMs)
const DATE_NANOS: KindIn = (arrow) => fixed(arrow, new arrow.TimestampNanosecond(), 0n, epochNanos)

/** Elasticsearch does not write columns of this type. */
const REFUSED = undefined

const KINDS: Readonly<Record<ColumnType, KindIn | typeof REFUSED>> = {
  null: NULL,
  boolean: BOOLEAN,
  integer: INTEGER,
  long: LONG,
  unsigned_long: UNSIGNED_LONG,
  double: DOUBLE,
  counter_integer: INTEGER,
  counter_long: LONG,
  counter_double: DOUBLE,
  keyword: TEXT,
  text: TEXT,
  date: DATE,
  date_nanos: DATE_NANOS,
  ip: IP,
  version: TEXT,
  geo_point: SHAPE,
  cartesian_point: SHAPE,
  geo_shape: SHAPE,
  cartesian_shape: SHAPE,
  geohash: REFUSED,
  geotile: REFUSED,
  geohex: REFUSED,
  _source: TEXT,
  _tsid: REFUSED,
  aggregate_metric_double: REFUSED,
  dense_vector: REFUSED,
  exponential_histogram: REFUSED,
  tdigest: REFUSED,
  histogram: REFUSED,
  date_range: (arrow) => rangeOf(arrow, DATE(arrow), epochMs),
  double_range: (arrow) => rangeOf(arrow, DOUBLE(arrow), Number),
  flattened: TEXT,
  unsupported: NULL,
}

function fixed(
  arrow: ArrowModule,
  type: Arrow.DataType,
  zero: number | bigint,
  toArrow: Kind['toArrow'],
): Kind {
  return { type, vector: (itsType) => new FixedVector(arrow, itsType, zero), toArrow }
}

function bytes(arrow: ArrowModule, type: Arrow.DataType, toArrow: Kind['toArrow']): Kind {
  return { type, vector: (itsType) => new BytesVector(arrow, itsType), toArrow }
}

/** The text of a range is that of its ends with two dots between. An end that is open is null. */
function rangeOf(arrow: ArrowModule, { type, vector }: Kind, toEnd: (end: string) => unknown): Kind {
  return {
    type: new arrow.Struct([new arrow.Field('from', type, true), new arrow.Field('to', type, true)]),
    vector: (itsType) => new StructVector(arrow, itsType, [vector(type), vector(type)]),
    toArrow: (value) =>
      plainText(value)
        .split('..')
        .map((end) => (end === '' ? null : toEnd(end))),
  }
}

function toBigInt(value: Scalar): bigint {
  return BigInt(value as number | bigint)
}

function epochMs(value: Scalar): bigint {
  return BigInt(instantOf(value).ms)
}

function epochNanos(value: Scalar): bigint {
  const { ms, nanos } = instantOf(value)
  return BigInt(ms) * 1_000_000n + BigInt(nanos)
}

function instantOf(value: Scalar): Instant {
  const instant = parseInstant(plainText(value))
  if (!instant) throw new TypeError(`[${plainText(value)}] is no date`)
  return instant
}

/** The bytes of an address in the form that Elasticsearch prints: four for IPv4, and sixteen for IPv6. */
export function ipBytes(text: string): Uint8Array {
  if (!text.includes(':')) return ipv4Bytes(text)
  const [first = [], last = []] = text.split('::').map((half) => (half === '' ? [] : half.split(':')))
  const zeros = Array.from({ length: 8 - first.length - last.length }, () => '0')
  const groups = [...first, ...zeros, ...last]
  return Buffer.from(groups.map((group) => group.padStart(4, '0')).join(''), 'hex')
}

const CODE_OF_DOT = 0x2e
const CODE_OF_ZERO = 0x30

/** Digit by digit, which takes a fraction of the time that texts and numbers of the parts do. */
function ipv4Bytes(text: string): Uint8Array {
  const bytes = new Uint8Array(4)
  let part = 0
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (code === CODE_OF_DOT) part++
    else bytes[part] = (bytes[part] ?? 0) * 10 + code - CODE_OF_ZERO
  }
  return bytes
}
