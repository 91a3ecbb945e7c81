import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Column, QueryResult, QueryStatistics, Value, ValueObject } from '../../core/result'
import { COLUMN_TYPES, isMultiValue, isValueObject } from '../../core/result'
import { fitsColumn } from '../../formats/columns'
import { ownText } from './own-text'
import { FIELDS_AT_ONCE, Weight } from './weight'

/** Bytes that are copied between two turns of the event loop: some milliseconds of work. */
const BYTES_PER_TURN = 200_000

const KNOWN_TYPES: ReadonlySet<string> = new Set(COLUMN_TYPES)

/**
 * Copies, checks and freezes a result of an executor, and estimates its size in memory. Neither the executor nor a reader can change the copy,
 * and every writer can write it. Copies a large result in turns of the event loop, and calls `assertRoom` with the size
 * so far in each: if that throws, copies no more.
 *
 * Throws a `TypeError` that says what is wrong with the result.
 */
export async function freezeResult(
  result: QueryResult,
  assertRoom: (bytes: number) => void = () => {},
): Promise<{ result: QueryResult; bytes: number }> {
  const freezer = new Freezer()
  const columns = freezeColumns(result?.columns, freezer)
  if (!Array.isArray(result.values)) throw new TypeError('`values` must be an array of rows')
  // An executor that ignores a stop may add rows between the turns.
  const values = await freezeRows([...result.values], columns, freezer, assertRoom)
  const { statistics, isPartial, profile, clusters } = result
  if (isPartial !== undefined && typeof isPartial !== 'boolean') {
    throw new TypeError('`isPartial` must be a boolean')
  }
  const frozen: QueryResult = {
    columns,
    values,
    statistics: freezeStatistics(statistics, values.length),
    ...(isPartial !== undefined && { isPartial }),
    ...(profile && { profile: freezer.freezeObject(profile) }),
    ...(clusters && { clusters: freezer.freezeObject(clusters) }),
    isFrozen: true,
  }
  return { result: Object.freeze(frozen), bytes: freezer.weight.bytes }
}

async function freezeRows(
  rows: readonly unknown[],
  columns: readonly Column[],
  freezer: Freezer,
  assertRoom: (bytes: number) => void,
): Promise<QueryResult['values']> {
  const frozen: (readonly Value[])[] = []
  const fits = columns.map(({ type }) => fitsColumn(type))
  freezer.weight.addArray(rows.length)
  let bytesAtNextTurn = BYTES_PER_TURN
  for (const row of rows) {
    if (!Array.isArray(row) || row.length !== columns.length) {
      throw new TypeError(`Row ${frozen.length} of \`values\` must be an array of ${columns.length} cells`)
    }
    for (let index = 0; index < fits.length; index += 1) {
      if (!fits[index]?.(row[index])) throw wrongCell(frozen.length, columns[index], row[index])
    }
    frozen.push(freezer.freezeArray(row))
    if (freezer.weight.bytes >= bytesAtNextTurn) {
      assertRoom(freezer.weight.bytes)
      await nextTurn()
      bytesAtNextTurn = freezer.weight.bytes + BYTES_PER_TURN
    }
  }
  // A list that has grown has room for more.
  return Object.freeze(frozen.slice())
}

function freezeColumns(columns: readonly Column[] | undefined, freezer: Freezer): readonly Column[] {
  if (!Array.isArray(columns)) throw new TypeError('`columns` must be an array of `{ name, type }`')
  freezer.weight.addArray(columns.length)
  return Object.freeze(columns.map((column: Column, index) => freezeColumn(column, index, freezer)))
}

function freezeColumn(column: Column, index: number, freezer: Freezer): Column {
  if (typeof column?.name !== 'string') throw new TypeError(`Column ${index} must have a \`name\``)
  const { name, type, originalTypes, suggestedCast } = column
  if (!KNOWN_TYPES.has(type)) {
    throw new TypeError(`Column \`${name}\` must have an ES|QL type, got \`${type}\``)
  }
  if (originalTypes !== undefined && !(Array.isArray(originalTypes) && originalTypes.every(isText))) {
    throw new TypeError(`\`originalTypes\` of column \`${name}\` must be an array of texts`)
  }
  if (suggestedCast !== undefined && !isText(suggestedCast)) {
    throw new TypeError(`\`suggestedCast\` of column \`${name}\` must be a text`)
  }
  return freezer.freezeObject({
    name,
    type,
    ...(originalTypes && { originalTypes }),
    ...(suggestedCast !== undefined && { suggestedCast }),
  })
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}

function freezeStatistics(statistics: QueryStatistics | undefined, rowsEmitted: number): QueryStatistics {
  const counters = {
    documentsFound: 0,
    valuesLoaded: 0,
    rowsEmitted,
    bytesRead: 0,
    readNanos: 0,
    cpuNanos: 0,
  }
  for (const [name, fallback] of Object.entries(counters)) {
    const count: unknown = Reflect.get(statistics ?? {}, name) ?? fallback
    if (!Number.isFinite(count)) throw new TypeError(`\`statistics.${name}\` must be a finite number`)
    Reflect.set(counters, name, count)
  }
  return Object.freeze(counters)
}

/** Names the place and the kind of the cell, not its content, which belongs in no log. */
function wrongCell(row: number, column: Column | undefined, cell: unknown): TypeError {
  const kind = Array.isArray(cell) ? 'array' : typeof cell
  return new TypeError(
    `Row ${row} of \`values\`: column \`${column?.name}\` of type \`${column?.type}\` cannot hold this ${kind}`,
  )
}

/** Copies values frozen, and sums up their estimated sizes. A copy keeps nothing alive of what it was made from. */
export class Freezer {
  readonly weight = new Weight(FIELDS_AT_ONCE)

  freeze(value: Value): Value {
    if (typeof value === 'string') return this.freezeText(value)
    if (isMultiValue(value)) return this.freezeArray(value)
    // A frozen `Date` still has setters that work.
    if (value instanceof Date) return this.freezeText(value.toISOString())
    if (isValueObject(value)) return this.freezeObject(value)
    this.weight.add(value)
    return value
  }

  freezeText(text: string): string {
    this.weight.addText(text)
    return ownText(text)
  }

  freezeArray<Item extends Value>(values: readonly Item[]): readonly Item[] {
    this.weight.addArray(values.length)
    const frozen = new Array<Value>(values.length)
    for (let index = 0; index < values.length; index += 1) frozen[index] = this.freeze(values[index] ?? null)
    return Object.freeze(frozen) as readonly Item[]
  }

  freezeObject<Fields extends ValueObject>(object: Fields): Fields {
    const frozen: [string, Value][] = []
    for (const [name, value] of Object.entries(object)) {
      if (value !== undefined) frozen.push([name, this.freeze(value)])
    }
    this.weight.addObject(frozen.map(([name]) => name))
    return Object.freeze(Object.fromEntries(frozen)) as Fields
  }
}
