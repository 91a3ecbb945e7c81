import type { ErrorCause } from '../core/errors'
import { QueryError, UPSTREAM } from '../core/errors'
import { isObject } from '../core/is-object'
import type { Column, ColumnType, QueryResult, QueryStatistics, Value, ValueObject } from '../core/result'

/** What the fields before the columns say about a query. */
export interface BodyState {
  id?: Value
  isRunning: boolean
  startTimeMs?: number
  expirationTimeMs?: number
  tookNanos?: number
}

export function readState(body: ValueObject): BodyState {
  const { id, is_running: isRunning, took } = body
  return {
    ...(id !== undefined && { id }),
    isRunning: isRunning === true,
    ...numberOf(body, 'start_time_in_millis', 'startTimeMs'),
    ...numberOf(body, 'expiration_time_in_millis', 'expirationTimeMs'),
    ...(typeof took === 'number' && { tookNanos: took * 1e6 }),
  }
}

/** Members of an error object that are not facts of their own: Elasticsearch derives them, or they belong to one run. */
const DERIVED = new Set(['type', 'reason', 'caused_by', 'root_cause', 'header', 'stack_trace', 'suppressed'])

/**
 * The result of a completed query. Takes a body as it is, of whatever release: what is wrong or missing becomes empty.
 * `isColumnar`: `values` has one array per column.
 */
export function readResult(body: ValueObject, isColumnar = false): QueryResult {
  const { is_partial: isPartial, approximation_applied: isApproximated, warnings } = body
  const { profile, _clusters: clusters } = body
  const statistics = readStatistics(body)
  const values = listOf(body.values).map(listOf)
  return {
    columns: listOf(body.columns).map(readColumn),
    values: isColumnar ? transpose(values) : values,
    ...(Object.keys(statistics).length > 0 && { statistics }),
    ...(isPartial === true && { isPartial }),
    ...(typeof isApproximated === 'boolean' && { approximationApplied: isApproximated }),
    ...(warnings !== undefined && { warnings: listOf(warnings).map(String) }),
    ...(isObject(profile) && { profile }),
    ...(isObject(clusters) && { clusters }),
  }
}

/** The error that a body tells. `status` is that of the response, for a body that came with one. */
export function readError(
  { error, status: bodyStatus }: ValueObject,
  status = typeof bodyStatus === 'number' ? bodyStatus : undefined,
): QueryError {
  const options = { ...(status !== undefined && { status }), ...(status === 429 && { limit: UPSTREAM }) }
  const cause = readCause(error)
  // Where Elasticsearch refuses a request before it knows the operation, the error is a plain text.
  if (!cause || !isObject(error)) return new QueryError('exception', String(error), options)
  const metadata: Record<string, string | number> = {}
  for (const [name, fact] of Object.entries(error)) {
    if (!DERIVED.has(name) && (typeof fact === 'string' || typeof fact === 'number')) metadata[name] = fact
  }
  const { type, reason, causedBy } = cause
  return new QueryError(type, reason, { ...options, metadata, causedBy })
}

function readCause(value: Value | undefined): ErrorCause | undefined {
  if (!isObject(value)) return undefined
  const { type, reason, caused_by: causedBy } = value as ValueObject
  return {
    type: String(type),
    reason: String(reason),
    ...(causedBy !== undefined && { causedBy: readCause(causedBy) }),
  }
}

function readColumn(value: Value): Column {
  const column = isObject(value) ? (value as ValueObject) : {}
  const { name, type, original_types: originalTypes, suggested_cast: suggestedCast, _meta: meta } = column
  return {
    name: String(name),
    // A later release may add types. Whoever reads the rows gets them as the cluster wrote them.
    type: String(type) as ColumnType,
    ...(originalTypes !== undefined && { originalTypes: listOf(originalTypes).map(String) }),
    ...(suggestedCast !== undefined && { suggestedCast: String(suggestedCast) }),
    ...(isObject(meta) && { meta: meta as ValueObject }),
  }
}

function listOf(value: Value | undefined): readonly Value[] {
  return Array.isArray(value) ? value : []
}

function readStatistics(body: ValueObject): QueryStatistics {
  return {
    ...numberOf(body, 'documents_found', 'documentsFound'),
    ...numberOf(body, 'values_loaded', 'valuesLoaded'),
    ...numberOf(body, 'rows_emitted', 'rowsEmitted'),
    ...numberOf(body, 'bytes_read', 'bytesRead'),
    ...numberOf(body, 'read_nanos', 'readNanos'),
    ...numberOf(body, 'cpu_nanos', 'cpuNanos'),
  }
}

function numberOf<Name extends string>(
  body: ValueObject,
  field: string,
  name: Name,
): { [Key in Name]?: number } {
  const value = body[field]
  const isNumber = typeof value === 'number' || typeof value === 'bigint'
  return (isNumber ? { [name]: Number(value) } : {}) as { [Key in Name]?: number }
}

function transpose(columns: readonly (readonly Value[])[]): Value[][] {
  const [first = []] = columns
  return first.map((_, row) => columns.map((column) => column[row] ?? null))
}
