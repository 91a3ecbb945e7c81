import { closest } from '../core/did-you-mean'
import type { Column, ColumnType, ErrorCause, QueryResult, Value, ValueObject } from '../index'
import { COLUMN_TYPES, QueryError } from '../index'
import { isObject, readArray, readObject, readText } from './json-checks'

/** Reads the body that Elasticsearch answered with, or would answer with: a result, or an error. */
export function readResponse(value: Value | undefined, where: string): QueryResult | QueryError {
  const response = readObject(value, where)
  if (response.error !== undefined) return readError(response.error, response.status, where)
  const columns = readColumns(response.columns, `${where}.columns`)
  const { is_partial: isPartial, profile, _clusters: clusters } = response
  const { documents_found: documentsFound, values_loaded: valuesLoaded } = response
  return {
    columns,
    values: readRows(response.values, columns, `${where}.values`),
    ...(typeof isPartial === 'boolean' && { isPartial }),
    ...(isObject(profile) && { profile }),
    ...(isObject(clusters) && { clusters }),
    statistics: {
      ...(typeof documentsFound === 'number' && { documentsFound }),
      ...(typeof valuesLoaded === 'number' && { valuesLoaded }),
    },
  }
}

/** Members of an error object that are not facts of their own: they are written anew, or belong to one run. */
const DERIVED = new Set(['type', 'reason', 'caused_by', 'root_cause', 'header', 'stack_trace', 'suppressed'])

function readError(value: Value, status: Value | undefined, where: string): QueryError {
  const { type, reason, causedBy } = readCause(value, `${where}.error`)
  if (status !== undefined && !isErrorStatus(status)) {
    throw new Error(`${where}.status must be an HTTP status of 400 or above`)
  }
  const metadata: Record<string, string | number> = {}
  for (const [name, fact] of Object.entries(value as ValueObject)) {
    if (!DERIVED.has(name) && (typeof fact === 'string' || typeof fact === 'number')) metadata[name] = fact
  }
  return new QueryError(type, reason, { metadata, causedBy, ...(status !== undefined && { status }) })
}

function readCause(value: Value | undefined, where: string): ErrorCause {
  const { type, reason, caused_by: causedBy } = readObject(value, where)
  return {
    type: readText(type, `${where}.type`),
    reason: readText(reason, `${where}.reason`),
    ...(causedBy !== undefined && { causedBy: readCause(causedBy, `${where}.caused_by`) }),
  }
}

function readColumns(value: Value | undefined, where: string): Column[] {
  return readArray(value, where).map((item, index) => {
    const at = `${where}[${index}]`
    const { name, type, original_types: originalTypes, suggested_cast: suggestedCast } = readObject(item, at)
    return {
      name: readText(name, `${at}.name`),
      type: readColumnType(type, `${at}.type`),
      ...(originalTypes !== undefined && {
        originalTypes: readArray(originalTypes, `${at}.original_types`).map(String),
      }),
      ...(suggestedCast !== undefined && { suggestedCast: readText(suggestedCast, `${at}.suggested_cast`) }),
    }
  })
}

function readColumnType(value: Value | undefined, where: string): ColumnType {
  const known = COLUMN_TYPES.find((type) => type === value)
  if (known) return known
  const [suggestion] = closest(String(value), COLUMN_TYPES)
  const hint = suggestion ? `; did you mean \`${suggestion}\`?` : ''
  throw new Error(`${where} must be an ES|QL type, got \`${String(value)}\`${hint}`)
}

/** Reads rows that fit the columns. */
export function readRows(value: Value | undefined, columns: readonly Column[], where: string): Value[][] {
  return readArray(value, where).map((row, index) => {
    const cells = readArray(row, `${where}[${index}]`)
    if (cells.length !== columns.length) {
      throw new Error(`${where}[${index}] must have ${columns.length} cells, one per column`)
    }
    return [...cells]
  })
}

function isErrorStatus(value: Value): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 400 && value <= 599
}
