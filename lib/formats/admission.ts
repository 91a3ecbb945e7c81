import { setImmediate as nextTurn } from 'node:timers/promises'
import { isObject } from '../core/is-object'
import type { Column, QueryResult, Value, ValueObject } from '../core/result'
import { COLUMN_TYPES, isValueObject } from '../core/result'
import { mapChanged, normalTree, wellFormed } from './cells/trees'
import { normalCell, takenBy } from './columns'

/** How long one result is checked before other requests get their turn, in milliseconds. */
const TURN_MS = 2

/** What came of each result that has come in. */
const ADMITTED = new WeakMap<QueryResult, QueryResult | Promise<QueryResult>>()

/**
 * Checks a result when it first comes in, and gives every cell the form that all writers expect. Once per object, and
 * in turns of the event loop. Changes nothing in the result itself.
 *
 * Rejects with a `TypeError` that says what is wrong and where, but quotes no cell: those belong in no log.
 */
export async function admitResult(result: QueryResult): Promise<QueryResult> {
  if (!isObject(result)) throw new TypeError('The store returned a finished query without a `result`')
  const known = ADMITTED.get(result)
  if (known) return known
  const admitting = admit(result)
  ADMITTED.set(result, admitting)
  return admitting
}

/** Remembers that all cells of a result have come through {@link rowAdmission}. */
export function markAdmitted(result: QueryResult): void {
  ADMITTED.set(result, result)
}

async function admit(result: QueryResult): Promise<QueryResult> {
  const columns = admitColumns(result.columns)
  const rows = rowsOf(result)
  const admitRow = rowAdmission(columns)
  let values: (readonly Value[])[] | undefined
  let turnEnds = performance.now() + TURN_MS
  for (let index = 0; index < rows.length; index += 1) {
    const row = admitRow(rows[index], index)
    if (row !== rows[index]) values ??= [...rows]
    if (values) values[index] = row
    if (performance.now() < turnEnds) continue
    await nextTurn()
    turnEnds = performance.now() + TURN_MS
  }
  return { ...result, columns, values: values ?? rows, ...admitFacts(result) }
}

export function rowsOf({ values }: QueryResult): QueryResult['values'] {
  if (!Array.isArray(values)) throw new TypeError('`values` must be an array of rows')
  return values
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
  return columns.map(admitColumn)
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

/** Checks row after row of these columns. Gives a row that needs no change as it is. */
export function rowAdmission(columns: readonly Column[]): (row: unknown, index: number) => readonly Value[] {
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
