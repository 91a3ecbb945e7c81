import { outageOf, QueryError } from '../core/errors'
import { isObject } from '../core/is-object'
import type { Column, QueryResult, RowBatches, Rows, StoredResult, Value, ValueObject } from '../core/result'
import { COLUMN_TYPES, isRows, isValueObject } from '../core/result'
import { nextTurn } from '../core/turns'
import { cellValue, isMany } from './cells/cell'
import { mapChanged, normalTree, wellFormed } from './cells/trees'
import { normalCell, takenBy } from './columns'

/** How long one result is checked before other requests get their turn, in milliseconds. */
const TURN_MS = 2

/** What came of each result that has come in. */
const ADMITTED = new WeakMap<StoredResult, StoredResult | Promise<StoredResult>>()

/**
 * Checks a result when it first comes in, and gives every cell the form that all writers expect. Once per object, and
 * in turns of the event loop. Checks a batch each time that it is read. Changes nothing in the result itself.
 *
 * Rejects with a `TypeError` that says what is wrong and where, but quotes no cell: those belong in no log.
 */
export function admitResult(result: StoredResult): StoredResult | Promise<StoredResult> {
  if (!isObject(result)) throw new TypeError('The store returned a finished query without a `result`')
  const known = ADMITTED.get(result)
  if (known) return known
  const admitting = admit(result)
  ADMITTED.set(result, admitting)
  return admitting
}

/** Remembers that all cells of a result have come through {@link rowAdmission}. */
export function markAdmitted(result: StoredResult): void {
  ADMITTED.set(result, result)
}

async function admit(result: StoredResult): Promise<StoredResult> {
  const columns = admitColumns(result.columns)
  const values = isRowBatches(result.values)
    ? new AdmittedBatches(columns, result.values)
    : await admitRows(rowsOf(result.values), rowAdmission(columns))
  return { ...result, columns, values, ...admitFacts(result) }
}

/** Checks rows in turns of the event loop. `begin`: how many rows of the result come before them. */
async function admitRows(rows: Rows, admitRow: RowAdmission, begin = 0): Promise<Rows> {
  let values: (readonly Value[])[] | undefined
  let turnEnds = performance.now() + TURN_MS
  for (let index = 0; index < rows.length; index += 1) {
    const row = admitRow(rows[index], begin + index)
    if (row !== rows[index]) values ??= [...rows]
    if (values) values[index] = row
    if (performance.now() < turnEnds) continue
    await nextTurn()
    turnEnds = performance.now() + TURN_MS
  }
  return values ?? rows
}

export function rowsOf(values: unknown): Rows {
  if (!isRows(values)) throw new TypeError('`values` must be an array of rows')
  return values
}

function isRowBatches(values: Rows | RowBatches): values is RowBatches {
  return isObject(values) && typeof Reflect.get(values, 'batches') === 'function'
}

/** The batches of a store, each checked as it is read. */
class AdmittedBatches implements RowBatches {
  readonly rowCount: number
  readonly nullColumns?: readonly boolean[]
  readonly multiValuedColumns?: readonly boolean[]
  readonly #columns: readonly Column[]
  readonly #batches: RowBatches

  constructor(columns: readonly Column[], batches: RowBatches) {
    const { rowCount, nullColumns, multiValuedColumns } = batches
    if (!Number.isSafeInteger(rowCount) || rowCount < 0) {
      throw new TypeError('`values.rowCount` must be a number of rows')
    }
    this.rowCount = rowCount
    for (const [name, flags] of Object.entries({ nullColumns, multiValuedColumns })) {
      if (flags === undefined) continue
      if (!Array.isArray(flags) || flags.length !== columns.length) {
        throw new TypeError(`\`values.${name}\` must be an array of ${columns.length} booleans`)
      }
      Object.assign(this, { [name]: flags })
    }
    this.#columns = columns
    this.#batches = batches
  }

  *batches(): Generator<Promise<Rows>> {
    const admitRow = admissionAsTold(this.#columns, this)
    let rowCount = 0
    const admitBatch = async (batch: Rows | Promise<Rows>): Promise<Rows> => {
      const rows = await batch
      try {
        const admitted = await admitRows(rowsOf(rows), admitRow, rowCount)
        rowCount += rows.length
        return admitted
      } catch (cause) {
        throw wrongBatches(cause)
      }
    }
    try {
      for (const batch of this.#batches.batches()) yield admitBatch(batch)
    } catch (fault) {
      throw outageOf(fault)
    }
    // A body that lacks rows must not look whole.
    if (rowCount !== this.rowCount) {
      throw wrongBatches(
        new TypeError(`The batches of \`values\` have ${rowCount} rows, not ${this.rowCount}`),
      )
    }
  }
}

/** Refuses cells that the store denies: formats leave out a column without any, or make it one of single values. */
function admissionAsTold(
  columns: readonly Column[],
  { nullColumns, multiValuedColumns }: RowBatches,
): RowAdmission {
  const admitRow = rowAdmission(columns)
  if (!nullColumns && !multiValuedColumns) return admitRow
  return (row, rowIndex) => {
    const admitted = admitRow(row, rowIndex)
    for (const [index, { name }] of columns.entries()) {
      const value = cellValue(admitted[index])
      if (value === null) continue
      const isDenied = nullColumns?.[index] === true
      if (!isDenied && (multiValuedColumns?.[index] !== false || !isMany(value))) continue
      const what = isDenied
        ? 'a value, which `values.nullColumns`'
        : 'several values, which `values.multiValuedColumns`'
      throw new TypeError(`Row ${rowIndex} of \`values\`: column \`${name}\` has ${what} denies`)
    }
    return admitted
  }
}

/** A fault of the store, not an outage. */
function wrongBatches(cause: unknown): QueryError {
  return new QueryError('exception', 'internal error', { cause })
}

/** What a result says beside its table, where it is there. */
type Facts = Pick<QueryResult, 'profile' | 'clusters' | 'warnings' | 'approximationApplied'>

/** Checks what a result says beside its table, and gives it the form that is written. */
export function admitFacts({ profile, clusters, warnings, approximationApplied }: Facts): Facts {
  if (warnings !== undefined && !(Array.isArray(warnings) && warnings.every(isText))) {
    throw new TypeError('`warnings` must be an array of texts')
  }
  if (approximationApplied !== undefined && typeof approximationApplied !== 'boolean') {
    throw new TypeError('`approximationApplied` must be a boolean')
  }
  return {
    ...(warnings && { warnings: warnings.map(wellFormed) }),
    ...(approximationApplied !== undefined && { approximationApplied }),
    ...(profile && { profile: admitObject(profile, '`profile`') }),
    ...(clusters && { clusters: admitObject(clusters, '`clusters`') }),
  }
}

function admitObject(object: ValueObject, name: string): ValueObject {
  let cause: unknown
  try {
    const normal = normalTree(object)
    if (isValueObject(normal)) return normal
  } catch (fault) {
    cause = fault
  }
  throw new TypeError(`${name} must be an object as JSON can carry it`, { cause })
}

export function admitColumns(columns: readonly Column[] | undefined): readonly Column[] {
  if (!Array.isArray(columns)) throw new TypeError('`columns` must be an array of `{ name, type }`')
  // Not `map`, which leaves out the holes of a list.
  return Array.from(columns as readonly Column[], admitColumn)
}

const TYPES: ReadonlySet<string> = new Set(COLUMN_TYPES)

function admitColumn(column: Column, index: number): Column {
  if (typeof column?.name !== 'string') throw new TypeError(`Column ${index} must have a \`name\``)
  const { name, type, originalTypes, suggestedCast, meta } = column
  if (!TYPES.has(type)) {
    throw new TypeError(`Column \`${name}\` must have an ES|QL type, got \`${String(type)}\``)
  }
  if (originalTypes !== undefined && !(Array.isArray(originalTypes) && originalTypes.every(isText))) {
    throw new TypeError(`\`originalTypes\` of column \`${name}\` must be an array of texts`)
  }
  if (suggestedCast !== undefined && !isText(suggestedCast)) {
    throw new TypeError(`\`suggestedCast\` of column \`${name}\` must be a text`)
  }
  // Most columns have no more.
  if (!originalTypes && suggestedCast === undefined && !meta) return { name: wellFormed(name), type }
  return {
    name: wellFormed(name),
    type,
    ...(originalTypes && { originalTypes: originalTypes.map(wellFormed) }),
    ...(suggestedCast !== undefined && { suggestedCast: wellFormed(suggestedCast) }),
    ...(meta && { meta: admitObject(meta, `\`meta\` of column \`${name}\``) }),
  }
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}

export type RowAdmission = (row: unknown, index: number) => readonly Value[]

/** Checks row after row of these columns. Gives a row that needs no change as it is. */
export function rowAdmission(columns: readonly Column[]): RowAdmission {
  const cells = columns.map(({ type }) => normalCell(type))
  let rowIndex = 0
  const admitCell = (cell: Value, index: number): Value => {
    let normal: Value | undefined
    let cause: unknown
    try {
      normal = cells[index]?.(cell)
    } catch (fault) {
      cause = fault
    }
    if (normal === undefined) throw wrongCell(rowIndex, columns[index], cell, cause)
    return normal
  }
  return (row, index) => {
    if (!Array.isArray(row) || row.length !== columns.length) {
      const hint = isObject(row) ? '; `rowsToResult` makes a result of objects' : ''
      throw new TypeError(`Row ${index} of \`values\` must be an array of ${columns.length} cells${hint}`)
    }
    rowIndex = index
    return mapChanged<Value>(row, admitCell)
  }
}

/** Names the place and the kind of the cell, not its content, which belongs in no log. */
function wrongCell(row: number, column: Column | undefined, cell: unknown, cause: unknown): TypeError {
  const { name, type = 'null' } = column ?? {}
  const kind = Array.isArray(cell) ? 'array' : typeof cell
  return new TypeError(
    `Row ${row} of \`values\`: column \`${name}\` of type \`${type}\` cannot hold this ${kind}, it takes ${takenBy(type)}`,
    cause === undefined ? {} : { cause },
  )
}
