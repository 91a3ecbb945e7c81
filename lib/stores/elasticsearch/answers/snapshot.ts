import type { ErrorCause } from '../../../core/errors'
import { QueryError } from '../../../core/errors'
import type {
  Column,
  ColumnType,
  QueryResult,
  QueryStatistics,
  Value,
  ValueObject,
} from '../../../core/result'
import type { AsyncQuery } from '../../../core/store'
import { parseJson } from '../../../json/parse'
import type { SealedContent } from '../ids/sealed-content'

type Told = Pick<SealedContent, 'columnar' | 'timeZone'>

/** An answer of the cluster in our words. Its id, where it has one, is put as `id`. */
export function readSnapshot(bytes: Buffer, id: string | undefined, told: Told): AsyncQuery {
  const body = readObject(bytes)
  const times = {
    ...numberOf(body, 'start_time_in_millis', 'startTimeMs'),
    ...numberOf(body, 'expiration_time_in_millis', 'expirationTimeMs'),
  }
  if (body.is_running === true) {
    if (id === undefined) throw new TypeError('a running query has no id')
    return { isRunning: true, id, ...times }
  }
  const { took } = body
  return {
    isRunning: false,
    ...(body.id !== undefined && id !== undefined && { id }),
    ...times,
    ...(typeof took === 'number' && { tookNanos: took * 1e6 }),
    isPartial: body.is_partial === true,
    ...(told.columnar && { columnar: true }),
    ...(told.timeZone !== undefined && { timeZone: told.timeZone }),
    result: readResult(body, told.columnar ?? false),
  }
}

/** What is asked for about a query when its rows are not wanted. */
export interface StateFields {
  isRunning: boolean
  expirationTimeMs?: number
}

export function readState(bytes: Buffer): StateFields {
  const body = readObject(bytes)
  return {
    isRunning: body.is_running === true,
    ...numberOf(body, 'expiration_time_in_millis', 'expirationTimeMs'),
  }
}

/** An error of the cluster, in JSON, as one of ours. */
export function readQueryError(bytes: Buffer, status: number): QueryError {
  const { error } = readObject(bytes)
  if (!isObject(error)) return new QueryError('exception', String(error), { status })
  const { type, reason } = causeOf(error)
  const causedBy = isObject(error.caused_by) ? causeOf(error.caused_by) : undefined
  return new QueryError(type, reason, { status, metadata: metadataOf(error), causedBy })
}

function causeOf({ type, reason, caused_by: causedBy }: ValueObject): ErrorCause {
  return {
    type: String(type),
    reason: String(reason),
    ...(isObject(causedBy) && { causedBy: causeOf(causedBy) }),
  }
}

const NO_METADATA = ['type', 'reason', 'stack_trace']

function metadataOf(error: ValueObject): Record<string, string | number> {
  const metadata: Record<string, string | number> = {}
  for (const [name, value] of Object.entries(error)) {
    if (NO_METADATA.includes(name)) continue
    if (typeof value === 'string' || typeof value === 'number') metadata[name] = value
  }
  return metadata
}

function readResult(body: ValueObject, isColumnar: boolean): QueryResult {
  const columns = listOf(body.columns).map(readColumn)
  const values = listOf(body.values).map(listOf)
  return {
    columns,
    values: isColumnar ? transpose(values) : values,
    ...(body.documents_found !== undefined && { statistics: readStatistics(body) }),
    ...(body.is_partial === true && { isPartial: true }),
    ...(isObject(body.profile) && { profile: body.profile }),
    ...(isObject(body._clusters) && { clusters: body._clusters }),
  }
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

function readColumn(value: Value): Column {
  const {
    name,
    type,
    original_types: originalTypes,
    suggested_cast: suggestedCast,
  } = isObject(value) ? value : {}
  return {
    name: String(name),
    // One that a later release has added is written as the cluster wrote it, by whoever reads the rows.
    type: String(type) as ColumnType,
    ...(Array.isArray(originalTypes) && { originalTypes: originalTypes.map(String) }),
    ...(typeof suggestedCast === 'string' && { suggestedCast }),
  }
}

function transpose(columns: readonly (readonly Value[])[]): Value[][] {
  const [first = []] = columns
  return first.map((_, row) => columns.map((column) => column[row] ?? null))
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

function listOf(value: Value | undefined): readonly Value[] {
  return Array.isArray(value) ? value : []
}

function isObject(value: Value | undefined): value is ValueObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date)
}

function readObject(bytes: Buffer): ValueObject {
  const value = parse(bytes.toString())
  if (!isObject(value)) throw new TypeError('the answer of the cluster is not an object')
  return value
}

/** Of what cannot be parsed, nothing. The parser's own error would blame the client. */
function parse(text: string): Value | undefined {
  try {
    return parseJson(text)?.value
  } catch {
    return undefined
  }
}
