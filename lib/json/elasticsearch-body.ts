import { closest } from '../core/did-you-mean'
import type { ErrorCause } from '../core/errors'
import { QueryError } from '../core/errors'
import { isObject } from '../core/is-object'
import type { Column, ColumnType, QueryResult, QueryStatistics, Value, ValueObject } from '../core/result'
import { COLUMN_TYPES } from '../core/result'

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
 * Reads what Elasticsearch answered, parsed from JSON, into our words. `where` names the value that is read, for the
 * text of a fault.
 *
 * {@link STRICT} and {@link TOLERANT} differ in what a fault does. After a fault that does not throw, the reader goes
 * on with what there is.
 */
export class BodyReader {
  readonly #onFault: (fault: string) => void

  constructor(onFault: (fault: string) => void) {
    this.#onFault = onFault
  }

  /** The result of a completed query. `isColumnar`: `values` has one array per column. */
  result(body: ValueObject, where: string, isColumnar = false): QueryResult {
    const { is_partial: isPartial, approximation_applied: isApproximated, warnings } = body
    const { profile, _clusters: clusters } = body
    const statistics = readStatistics(body)
    const columns = this.array(body.columns, `${where}.columns`).map((column, index) =>
      this.#column(column, `${where}.columns[${index}]`),
    )
    return {
      columns,
      values: isColumnar
        ? transpose(this.#arrays(body.values, `${where}.values`))
        : this.rows(body.values, columns, `${where}.values`),
      ...(Object.keys(statistics).length > 0 && { statistics }),
      ...(isPartial === true && { isPartial }),
      ...(typeof isApproximated === 'boolean' && { approximationApplied: isApproximated }),
      ...(warnings !== undefined && { warnings: this.#texts(warnings, `${where}.warnings`) }),
      ...(isObject(profile) && { profile }),
      ...(isObject(clusters) && { clusters }),
    }
  }

  /** Rows with a cell for each of the columns. */
  rows(value: Value | undefined, columns: readonly Column[], where: string): readonly (readonly Value[])[] {
    const rows = this.#arrays(value, where)
    const misfit = rows.findIndex((cells) => cells.length !== columns.length)
    if (misfit >= 0) this.#onFault(`${where}[${misfit}] must have ${columns.length} cells, one per column`)
    return rows
  }

  /** The error that a body tells. `status` is that of the response, for a body that came with one. */
  error(
    { error, status: bodyStatus }: ValueObject,
    where: string,
    status = this.#errorStatus(bodyStatus, `${where}.status`),
  ): QueryError {
    const options = status === undefined ? {} : { status }
    const cause = this.#cause(error, `${where}.error`)
    // Where Elasticsearch refuses a request before it knows the operation, the error is a plain text.
    if (!cause || !isObject(error)) return new QueryError('exception', String(error), options)
    const metadata: Record<string, string | number> = {}
    for (const [name, fact] of Object.entries(error)) {
      if (!DERIVED.has(name) && (typeof fact === 'string' || typeof fact === 'number')) metadata[name] = fact
    }
    const { type, reason, causedBy } = cause
    return new QueryError(type, reason, { ...options, metadata, causedBy })
  }

  object(value: Value | undefined, where: string): ValueObject {
    if (isObject(value)) return value
    this.#onFault(`${where} must be an object`)
    return {}
  }

  array(value: Value | undefined, where: string): readonly Value[] {
    if (Array.isArray(value)) return value
    this.#onFault(`${where} must be an array`)
    return []
  }

  text(value: Value | undefined, where: string): string {
    if (typeof value !== 'string' || value === '') this.#onFault(`${where} must be a text`)
    return String(value)
  }

  #texts(value: Value, where: string): readonly string[] {
    return this.array(value, where).map((item, index) => this.text(item, `${where}[${index}]`))
  }

  #arrays(value: Value | undefined, where: string): readonly (readonly Value[])[] {
    return this.array(value, where).map((item, index) => this.array(item, `${where}[${index}]`))
  }

  #column(value: Value, where: string): Column {
    const column = this.object(value, where)
    const { name, type, original_types: originalTypes, suggested_cast: suggestedCast, _meta: meta } = column
    return {
      name: this.text(name, `${where}.name`),
      type: this.#columnType(type, `${where}.type`),
      ...(originalTypes !== undefined && {
        originalTypes: this.array(originalTypes, `${where}.original_types`).map(String),
      }),
      ...(suggestedCast !== undefined && {
        suggestedCast: this.text(suggestedCast, `${where}.suggested_cast`),
      }),
      ...(meta !== undefined && { meta: this.object(meta, `${where}._meta`) }),
    }
  }

  #columnType(value: Value | undefined, where: string): ColumnType {
    const known = COLUMN_TYPES.find((type) => type === value)
    if (known) return known
    const [suggestion] = closest(String(value), COLUMN_TYPES)
    const hint = suggestion ? `; did you mean \`${suggestion}\`?` : ''
    this.#onFault(`${where} must be an ES|QL type, got \`${String(value)}\`${hint}`)
    // A later release may add types. Whoever reads the rows gets them as the cluster wrote them.
    return String(value) as ColumnType
  }

  #cause(value: Value | undefined, where: string): ErrorCause | undefined {
    if (!isObject(value)) {
      this.#onFault(`${where} must be an object`)
      return undefined
    }
    const { type, reason, caused_by: causedBy } = value
    return {
      type: this.text(type, `${where}.type`),
      reason: this.text(reason, `${where}.reason`),
      ...(causedBy !== undefined && { causedBy: this.#cause(causedBy, `${where}.caused_by`) }),
    }
  }

  #errorStatus(value: Value | undefined, where: string): number | undefined {
    if (typeof value === 'number' && Number.isInteger(value) && value >= 400 && value <= 599) return value
    if (value !== undefined) this.#onFault(`${where} must be an HTTP status of 400 or above`)
    return undefined
  }
}

/** Refuses a body that has a fault: throws an `Error` that says what is wrong, and where. For bodies that people write. */
export const STRICT = new BodyReader((fault) => {
  throw new Error(fault)
})

/** Takes a body as it is. For answers of a cluster, of whatever release. */
export const TOLERANT = new BodyReader(() => {})

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
