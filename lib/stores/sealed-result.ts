import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Column, QueryResult, Value, ValueObject } from '../result'
import { COLUMN_TYPES } from '../result'

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
 * change it later. A large result is worked through in turns of the event loop.
 *
 * Throws a `TypeError` that says what is wrong with the result.
 */
export async function sealResult(result: QueryResult): Promise<SealedResult> {
  const columns = sealColumns(result?.columns)
  if (!Array.isArray(result.values)) throw new TypeError('`values` must be an array of rows')
  const scales = new Scales()
  const values: (readonly Value[])[] = []
  let bytesAtNextTurn = BYTES_PER_TURN
  // An executor that was told to stop may go on adding rows between the turns.
  for (const row of [...result.values]) {
    if (!Array.isArray(row) || row.length !== columns.length) {
      throw new TypeError(`Row ${values.length} of \`values\` must be an array of ${columns.length} cells`)
    }
    values.push(scales.sealArray(row))
    if (scales.bytes >= bytesAtNextTurn) {
      await nextTurn()
      bytesAtNextTurn = scales.bytes + BYTES_PER_TURN
    }
  }
  const { statistics, isPartial, profile, clusters } = result
  const sealed: QueryResult = {
    columns,
    values: Object.freeze(values),
    statistics: Object.freeze({
      documentsFound: 0,
      valuesLoaded: 0,
      rowsEmitted: values.length,
      bytesRead: 0,
      readNanos: 0,
      cpuNanos: 0,
      ...statistics,
    }),
    ...(isPartial !== undefined && { isPartial }),
    ...(profile && { profile: scales.sealObject(profile) }),
    ...(clusters && { clusters: scales.sealObject(clusters) }),
  }
  return { result: Object.freeze(sealed), bytes: scales.bytes }
}

function sealColumns(columns: readonly Column[] | undefined): readonly Column[] {
  if (!Array.isArray(columns)) throw new TypeError('`columns` must be an array of `{ name, type }`')
  return Object.freeze(
    columns.map((column: Column, index) => {
      if (typeof column?.name !== 'string') throw new TypeError(`Column ${index} must have a \`name\``)
      if (!KNOWN_TYPES.has(column.type)) {
        throw new TypeError(`Column \`${column.name}\` must have an ES|QL type, got \`${column.type}\``)
      }
      const { originalTypes } = column
      return Object.freeze({
        ...column,
        ...(originalTypes && { originalTypes: Object.freeze([...originalTypes]) }),
      })
    }),
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
        if (isArray(value)) return this.sealArray(value)
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

/** `Array.isArray`, which does not narrow a readonly array away from an object. */
function isArray(value: object): value is readonly Value[] {
  return Array.isArray(value)
}
