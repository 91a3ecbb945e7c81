import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Column, QueryResult, QueryStatistics, Value, ValueObject } from '../../core/result'
import { COLUMN_TYPES, isMultiValue } from '../../core/result'
import { fitsColumn } from '../../formats/columns'

/** A result that nobody can change any more, and what it weighs. */
export interface SealedResult {
  result: QueryResult
  /** Estimated size in memory. */
  bytes: number
}

/** Bytes weighed between two turns of the event loop: some milliseconds of work. */
const BYTES_PER_TURN = 200_000

const KNOWN_TYPES: ReadonlySet<string> = new Set(COLUMN_TYPES)

/**
 * Copies, checks, weighs and freezes what an executor returned, so that neither the executor nor a reader can
 * change it later, and every writer can write it. A large result is worked through in turns of the event loop, and
 * `assertRoom` is told on the way what it weighs so far: where that throws, the rest is not copied.
 *
 * Throws a `TypeError` that says what is wrong with the result.
 */
export async function sealResult(
  result: QueryResult,
  assertRoom: (bytes: number) => void = () => {},
): Promise<SealedResult> {
  const scales = new Scales()
  const columns = sealColumns(result?.columns, scales)
  if (!Array.isArray(result.values)) throw new TypeError('`values` must be an array of rows')
  const values: (readonly Value[])[] = []
  const fits = columns.map(({ type }) => fitsColumn(type))
  let bytesAtNextTurn = BYTES_PER_TURN
  // An executor that was told to stop may go on adding rows between the turns.
  for (const row of [...result.values]) {
    if (!Array.isArray(row) || row.length !== columns.length) {
      throw new TypeError(`Row ${values.length} of \`values\` must be an array of ${columns.length} cells`)
    }
    for (let index = 0; index < fits.length; index += 1) {
      if (!fits[index]?.(row[index])) throw wrongCell(values.length, columns[index], row[index])
    }
    values.push(scales.sealArray(row))
    if (scales.bytes >= bytesAtNextTurn) {
      assertRoom(scales.bytes)
      await nextTurn()
      bytesAtNextTurn = scales.bytes + BYTES_PER_TURN
    }
  }
  const { statistics, isPartial, profile, clusters } = result
  if (isPartial !== undefined && typeof isPartial !== 'boolean') {
    throw new TypeError('`isPartial` must be a boolean')
  }
  const sealed: QueryResult = {
    columns,
    values: Object.freeze(values),
    statistics: sealStatistics(statistics, values.length),
    ...(isPartial !== undefined && { isPartial }),
    ...(profile && { profile: scales.sealObject(profile) }),
    ...(clusters && { clusters: scales.sealObject(clusters) }),
    isFrozen: true,
  }
  return { result: Object.freeze(sealed), bytes: scales.bytes }
}

function sealColumns(columns: readonly Column[] | undefined, scales: Scales): readonly Column[] {
  if (!Array.isArray(columns)) throw new TypeError('`columns` must be an array of `{ name, type }`')
  return Object.freeze(columns.map((column: Column, index) => sealColumn(column, index, scales)))
}

function sealColumn(column: Column, index: number, scales: Scales): Column {
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
  const sealed: Column = {
    name,
    type,
    ...(originalTypes && { originalTypes: Object.freeze([...originalTypes]) }),
    ...(suggestedCast !== undefined && { suggestedCast }),
  }
  scales.seal({ ...sealed })
  return Object.freeze(sealed)
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}

function sealStatistics(statistics: QueryStatistics | undefined, rowsEmitted: number): QueryStatistics {
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

/** Tells where the cell is and what it is, not what it says: that belongs in no log. */
function wrongCell(row: number, column: Column | undefined, cell: unknown): TypeError {
  const kind = Array.isArray(cell) ? 'array' : typeof cell
  return new TypeError(
    `Row ${row} of \`values\`: column \`${column?.name}\` of type \`${column?.type}\` cannot hold this ${kind}`,
  )
}

/** What a value weighs, as a rough estimate of what V8 uses for it. */
export function weigh(value: unknown): number {
  const scales = new Scales()
  scales.seal(value as Value)
  return scales.bytes
}

class Scales {
  bytes = 0

  seal(value: Value): Value {
    switch (typeof value) {
      case 'string':
        this.bytes += 24 + value.length
        return value
      case 'object':
        if (value === null) break
        if (isMultiValue(value)) return this.sealArray(value)
        // A frozen Date can still be set.
        if (value instanceof Date) return this.seal(value.toISOString())
        return this.sealObject(value)
      case 'number':
      case 'boolean':
        break
      case 'bigint':
        this.bytes += 24
        break
      default:
        throw new TypeError(`A cell cannot be a value of type ${typeof value}`)
    }
    this.bytes += 8
    return value
  }

  sealArray(values: readonly Value[]): readonly Value[] {
    this.bytes += 32
    const sealed = new Array<Value>(values.length)
    for (let index = 0; index < values.length; index += 1) sealed[index] = this.seal(values[index] ?? null)
    return Object.freeze(sealed)
  }

  sealObject(object: ValueObject): ValueObject {
    this.bytes += 32
    const sealed: [string, Value][] = []
    for (const [key, value] of Object.entries(object)) {
      if (value === undefined) continue
      this.bytes += 24 + key.length
      sealed.push([key, this.seal(value)])
    }
    return Object.freeze(Object.fromEntries(sealed))
  }
}
