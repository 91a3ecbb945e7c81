import { JsonText } from '../../lib/core/json-text'
import type { ColumnType, QueryResult, Value } from '../../lib/core/result'
import { isValueObject } from '../../lib/core/result'
import { EVERY_TYPE } from '../../lib/test-kit'
import { jsonCells } from './json-family'

const METRIC = EVERY_TYPE.columns.findIndex(({ type }) => type === 'aggregate_metric_double')

/** An object has a spelling on the wire. */
function spelled(cell: Value, type: ColumnType): Value {
  return isValueObject(cell) ? new JsonText(jsonCells(type, [cell])) : cell
}

/** {@link EVERY_TYPE} as a cluster returns it: the object of a metric is its JSON text, and other objects have a spelling. */
export const EVERY_TYPE_ON_THE_WIRE: QueryResult = {
  ...EVERY_TYPE,
  values: EVERY_TYPE.values.map((row) =>
    row.map((cell, column) =>
      column === METRIC && cell !== null
        ? String(JSON.parse(jsonCells('aggregate_metric_double', [cell])))
        : spelled(cell, EVERY_TYPE.columns[column]?.type ?? 'null'),
    ),
  ),
}

const UNDATED = EVERY_TYPE.columns.map(({ type }) => !type.startsWith('date'))

/** The same without dates, because their text depends on the time zone of the query. */
export const UNDATED_TYPES_ON_THE_WIRE: QueryResult = {
  columns: EVERY_TYPE.columns.filter((_, column) => UNDATED[column]),
  values: EVERY_TYPE_ON_THE_WIRE.values.map((row) => row.filter((_, column) => UNDATED[column])),
}
