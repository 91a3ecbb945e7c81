import type { Column } from '../../core/result'
import { COLUMN_TYPES } from '../../core/result'
import type { TokenSink } from './token-sink'

/** Writes what `columns` and `all_columns` tell about a column. */
export function writeColumn(sink: TokenSink, column: Column): void {
  const { name, type, originalTypes, suggestedCast = castFor(originalTypes) } = column
  sink.startObject()
  sink.key('name')
  sink.string(name)
  sink.key('type')
  sink.string(type)
  if (originalTypes) {
    sink.key('original_types')
    sink.startArray()
    for (const originalType of originalTypes) sink.string(originalType)
    sink.endArray()
  }
  if (suggestedCast !== undefined) {
    sink.key('suggested_cast')
    sink.string(suggestedCast)
  }
  sink.endObject()
}

const NUMERIC_TYPES: ReadonlySet<string> = new Set([
  'byte',
  'short',
  'integer',
  'long',
  'unsigned_long',
  'half_float',
  'float',
  'scaled_float',
  'double',
])

/** The mapping types that ES|QL has a type for. It forgets all others when it looks for a cast. */
const KNOWN_TYPES: ReadonlySet<string> = new Set([...COLUMN_TYPES, ...NUMERIC_TYPES, 'object'])

/** The type that all of these mapping types can be cast to, as Elasticsearch picks it. */
function castFor(originalTypes: readonly string[] = []): string | undefined {
  const types = new Set(originalTypes.filter((type) => KNOWN_TYPES.has(type)))
  if (types.size === 0 || types.has('unsupported')) return undefined
  if (types.size === 2 && types.has('date') && types.has('date_nanos')) return 'date_nanos'
  if (types.delete('aggregate_metric_double') && [...types].every((type) => NUMERIC_TYPES.has(type))) {
    return 'aggregate_metric_double'
  }
  return 'keyword'
}
