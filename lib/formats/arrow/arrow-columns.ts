import type * as Arrow from 'apache-arrow'
import { illegalArgument } from '../../core/errors'
import type { Column, ColumnType, Value } from '../../core/result'
import { plainText } from '../cells/cell-text'
import { parseInstant } from '../cells/instant'
import { isMultiValue, type Scalar, scalarsOf } from '../cells/multi-value'
import { ipBytes } from './ip-bytes'
import { wktToWkb } from './wkb'

export type ArrowModule = typeof Arrow

/** How a column goes into an Arrow stream. */
export interface ArrowColumn {
  /** What the schema says. */
  field: Arrow.Field
  /** The same type with 64-bit integers for timestamps: the builders take nanoseconds for milliseconds. */
  builtType: Arrow.DataType
  /** A cell as the builder takes it. Throws an `Error` for a cell that its type does not allow. */
  toArrow(cell: Value | undefined): unknown
}

interface Kind {
  type: Arrow.DataType
  builtType?: Arrow.DataType
  toArrow(value: Scalar): unknown
}

/** Throws `illegal_argument_exception` for a type that Elasticsearch does not write. */
export function arrowColumn(arrow: ArrowModule, { name, type }: Column, isMultiValued: boolean): ArrowColumn {
  const kind = kindOf(arrow, type)
  if (!kind) throw illegalArgument(`ES|QL type [${type}] is not supported by the Arrow format`)
  const { builtType = kind.type, toArrow } = kind
  const metadata = new Map([['elastic:type', type]])
  if (!isMultiValued) {
    return {
      field: new arrow.Field(name, kind.type, true, metadata),
      builtType,
      toArrow: (cell) => {
        const value = isMultiValue(cell) ? scalarsOf(cell)[0] : cell
        return value === null || value === undefined ? null : toArrow(value)
      },
    }
  }
  const list = (item: Arrow.DataType) => new arrow.List(new arrow.Field('$data$', item, false, metadata))
  return {
    field: new arrow.Field(name, list(kind.type), true, metadata),
    builtType: list(builtType),
    toArrow: (cell) => {
      if (cell === null || cell === undefined) return null
      if (!isMultiValue(cell)) return [toArrow(cell)]
      const values = scalarsOf(cell)
      return values.length === 0 ? null : values.map(toArrow)
    },
  }
}

function kindOf(arrow: ArrowModule, type: ColumnType): Kind | undefined {
  switch (type) {
    case 'null':
    case 'unsupported':
      return { type: new arrow.Null(), toArrow: () => null }
    case 'boolean':
      return { type: new arrow.Bool(), toArrow: (value) => value === true || value === 'true' }
    case 'integer':
    case 'counter_integer':
      return { type: new arrow.Int32(), toArrow: Number }
    case 'long':
    case 'counter_long':
      return { type: new arrow.Int64(), toArrow: toBigInt }
    case 'unsigned_long':
      // Elasticsearch holds the number with its first bit flipped and copies that into the stream.
      return { type: new arrow.Uint64(), toArrow: (value) => toBigInt(value) ^ (1n << 63n) }
    case 'double':
    case 'counter_double':
      return { type: new arrow.Float64(), toArrow: Number }
    case 'keyword':
    case 'text':
    case 'version':
    case '_source':
    case 'flattened':
      return { type: new arrow.Utf8(), toArrow: plainText }
    case 'date':
      return { type: new arrow.TimestampMillisecond(), builtType: new arrow.Int64(), toArrow: epochMs }
    case 'date_nanos':
      return { type: new arrow.TimestampNanosecond(), builtType: new arrow.Int64(), toArrow: epochNanos }
    case 'ip':
      return { type: new arrow.Binary(), toArrow: (value) => ipBytes(plainText(value)) }
    case 'geo_point':
    case 'cartesian_point':
    case 'geo_shape':
    case 'cartesian_shape':
      return { type: new arrow.Binary(), toArrow: (value) => wktToWkb(plainText(value)) }
    case 'date_range':
      return rangeOf(arrow, new arrow.TimestampMillisecond(), new arrow.Int64(), epochMs)
    case 'double_range':
      return rangeOf(arrow, new arrow.Float64(), new arrow.Float64(), Number)
    default:
      return undefined
  }
}

/** The text of a range is that of its ends with two dots between. */
function rangeOf(
  arrow: ArrowModule,
  type: Arrow.DataType,
  builtType: Arrow.DataType,
  toArrow: (value: string) => unknown,
): Kind {
  const struct = (end: Arrow.DataType) =>
    new arrow.Struct([new arrow.Field('from', end, true), new arrow.Field('to', end, true)])
  return {
    type: struct(type),
    builtType: struct(builtType),
    toArrow: (value) => {
      const [from = '', to = ''] = plainText(value).split('..')
      return { from: toArrow(from), to: toArrow(to) }
    },
  }
}

function toBigInt(value: Scalar): bigint {
  return typeof value === 'bigint' ? value : BigInt(plainText(value))
}

function epochMs(value: Scalar): bigint {
  if (typeof value === 'bigint') return value
  if (typeof value === 'number') return BigInt(Math.floor(value))
  return BigInt(instantOf(value).ms)
}

function epochNanos(value: Scalar): bigint {
  if (typeof value === 'bigint') return value
  if (typeof value === 'number') return BigInt(Math.floor(value))
  const { ms, nanos } = instantOf(value)
  return BigInt(ms) * 1_000_000n + BigInt(nanos)
}

function instantOf(value: Scalar): { ms: number; nanos: number } {
  if (value instanceof Date) return { ms: value.getTime(), nanos: 0 }
  const instant = parseInstant(plainText(value))
  if (!instant) throw new Error(`[${plainText(value)}] is no date`)
  return instant
}
