import type { QueryResult } from '../../lib/core/result'
import { EVERY_TYPE } from '../../lib/test-kit'
import { jsonCells } from './json-family'

const METRIC = EVERY_TYPE.columns.findIndex(({ type }) => type === 'aggregate_metric_double')

/** {@link EVERY_TYPE} as a cluster gives it back: the object of a metric comes as its JSON text. */
export const EVERY_TYPE_ON_THE_WIRE: QueryResult = {
  ...EVERY_TYPE,
  values: EVERY_TYPE.values.map((row) =>
    row.map((cell, column) =>
      column === METRIC && cell !== null
        ? String(JSON.parse(jsonCells('aggregate_metric_double', [cell])))
        : cell,
    ),
  ),
}

const UNDATED = EVERY_TYPE.columns.map(({ type }) => !type.startsWith('date'))

/** The same without dates, which are written in the zone that a query asks for and so differ from query to query. */
export const UNDATED_TYPES_ON_THE_WIRE: QueryResult = {
  columns: EVERY_TYPE.columns.filter((_, column) => UNDATED[column]),
  values: EVERY_TYPE_ON_THE_WIRE.values.map((row) => row.filter((_, column) => UNDATED[column])),
}
